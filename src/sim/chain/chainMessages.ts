import type { LiquidationAttempt } from './chainLiquidations.ts';

/** Between the simulator and its chain process, over the channel of the fork. */
export interface ChainBoot {
  readonly seed: number;
  readonly firstSlot: number;
  /** Length of a slot; 400 ms on the real chain. */
  readonly slotMs: number;
  readonly dropShare: number;
  /** Whole units in our wallet. */
  readonly balances: Readonly<Record<'SOL' | 'RAY' | 'USDC', number>>;
  readonly rates: ChainRates;
}

/** Whole rate by account name (`SOL buy`), u64: output per input of that direction, on a scale of its own. */
export type ChainRates = Readonly<Record<string, number>>;

export interface ChainBlock {
  readonly slot: number;
  readonly blockhash: string;
  readonly lastValidBlockHeight: number;
}

/** What is not given stays as it is. */
export interface ChainFaultPlan {
  /** Share of the transactions that are accepted and never land. */
  readonly dropShare?: number;
  /** Notifications are swallowed. */
  readonly muteNotifications?: boolean;
  /** Nothing lands while this is on; slots go on. */
  readonly holdLanding?: boolean;
}

export type ToChain =
  | { readonly type: 'boot'; readonly boot: ChainBoot }
  | { readonly type: 'rates'; readonly rates: ChainRates }
  | ({ readonly type: 'faults' } & ChainFaultPlan)
  /** Somebody else's liquidation, as a drill. */
  | ({ readonly type: 'liquidate' } & LiquidationAttempt)
  /** Which native add-ons the process has loaded. */
  | { readonly type: 'addons' };

export type FromChain =
  | { readonly type: 'ready'; readonly rest: string; readonly ws: string; readonly block: ChainBlock }
  | { readonly type: 'unavailable'; readonly reason: string }
  | { readonly type: 'block'; readonly block: ChainBlock }
  | {
      readonly type: 'landed';
      readonly signature: string;
      readonly slot: number;
      /** SHA-256 of the message, hex: how the builder of a swap knows it again, whoever signed it. */
      readonly messageHash: string;
      readonly err: unknown;
    }
  /** Raw units of our wallet, by symbol. */
  | { readonly type: 'wallet'; readonly raw: Readonly<Record<string, number>> }
  | { readonly type: 'addons'; readonly files: readonly string[] };
