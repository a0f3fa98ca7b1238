import type { MessagePort } from 'node:worker_threads';
import type { PlainError } from '../domain/errors.ts';
import type { MarketRules } from '../domain/instruments.ts';
import type { Balance, LookupOutcome, OrderIntent, OrderRef, OrderReport, PlaceOutcome } from '../domain/orders.ts';
import type { VenueEndpoints } from '../domain/ports.ts';
import type { Dimensions } from '../telemetry/slab.ts';
import type { RateShare } from './venueBans.ts';

export interface GatewayKeys {
  readonly binance: { readonly apiKey: string; readonly secret: string };
  readonly okx: { readonly apiKey: string; readonly secret: string; readonly password: string };
  readonly bybit: { readonly apiKey: string; readonly secret: string };
  /** The wallet's secret key, 64 bytes in base64; only where swaps are signed. */
  readonly solana?: { readonly secret: string };
}

/** Every value of a key that no output may show: the key itself too, since it names the account. */
export const secretsOf = (keys: GatewayKeys | undefined): readonly string[] =>
  Object.values(keys ?? {}).flatMap((one) => Object.values(one) as string[]);

/** Boot data of the gateway thread. The latch is shared memory: word 0 all, word 1 + slot one bot; see `latchWords.ts`. */
export interface GatewayBoot {
  readonly incarnation: number;
  readonly endpoints: VenueEndpoints;
  /** Only `canary` and `live` may send; in any other the thread refuses to open. */
  readonly mode: 'replay' | 'paper' | 'shadow' | 'canary' | 'live';
  readonly env: 'sim' | 'testnet' | 'mainnet';
  readonly pairs: readonly string[];
  readonly latch: SharedArrayBuffer;
  readonly slab: SharedArrayBuffer;
  /** With these the thread counts into `slab` as `gateway`; without, it counts nothing. */
  readonly dimensions?: Dimensions;
  /** `threadPulse.ts`; without it nobody watches over the thread. */
  readonly pulse?: SharedArrayBuffer;
  /** Only in the modes canary and live: elsewhere no signer exists in the process. */
  readonly keys?: GatewayKeys;
  /** Risks of a key that the operator has named and takes (`keys.acceptRisks`); absent = none. */
  readonly acceptKeyRisks?: readonly string[];
  /** The venues' request budget, shared with the lanes; without it the thread counts for itself. */
  readonly rate?: RateShare;
  /** File of the signed swaps; needed where swaps are signed. */
  readonly signedSwapsPath?: string;
}

/** From the journal thread (committed orders) and, for cancels and queries, from the core. */
export type ToGateway =
  | { readonly type: 'place'; readonly intent: OrderIntent }
  | { readonly type: 'cancel'; readonly ref: OrderRef }
  | { readonly type: 'resolve'; readonly ref: OrderRef; readonly deadlineMs: number }
  | { readonly type: 'reconcile' }
  /** Asks every venue for the rules of its markets. */
  | { readonly type: 'markets' }
  /** From the core: the port over which the journal thread hands over committed intents. */
  | { readonly type: 'journalPort'; readonly port: MessagePort }
  | { readonly type: 'stop' };

export type FromGateway =
  | { readonly type: 'ready' }
  /** It cannot open (a venue refuses, no keys): the thread ends after this. */
  | { readonly type: 'failed'; readonly error: PlainError }
  | { readonly type: 'placed'; readonly clientOrderId: string; readonly answer: PlaceOutcome }
  /** Refused by the latch, right before the socket write: nothing was sent. */
  | { readonly type: 'refused'; readonly clientOrderId: string; readonly reason: string }
  | { readonly type: 'resolved'; readonly clientOrderId: string; readonly answer: LookupOutcome }
  | {
      readonly type: 'reconciled';
      readonly balances: readonly Balance[];
      readonly openOrders: readonly OrderReport[];
      readonly failures: readonly string[];
    }
  | { readonly type: 'markets'; readonly markets: readonly MarketRules[]; readonly failures: readonly string[] }
  /** A person must see this; it is about no order. */
  | { readonly type: 'alarm'; readonly message: string }
  | { readonly type: 'stopped' };
