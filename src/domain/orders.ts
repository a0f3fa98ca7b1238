import type { MarketRules, Pair, Venue } from './instruments.ts';

export type Side = 'buy' | 'sell';

/** `opening` needs an open permit; `closing` is refused only by a kill; a cancel passes every latch. */
export type OrderEffect = 'opening' | 'closing';

export type OrderType = 'ioc' | 'postOnly' | 'market' | 'swap';

/** Raw integer units of two tokens: what a DEX swap trades. */
export interface SwapTerms {
  readonly inputMint: string;
  readonly outputMint: string;
  readonly inAmountRaw: number;
  /** `otherAmountThreshold`: the swap fails on chain if it would deliver less. */
  readonly minOutAmountRaw: number;
  readonly slippageBps: number;
  readonly contextSlot: number;
}

/** What the core decided to send. Journalled before it leaves; carried unchanged to the gateway. */
export interface OrderIntent {
  /** Unique for ever: `makeClientOrderId`. At most 32 letters and digits. */
  readonly clientOrderId: string;
  readonly bot: string;
  /** Index of the bot's word in the permit latch. */
  readonly botSlot: number;
  /** The bot's epoch: its incarnation when it decided. */
  readonly epoch: number;
  /** Number of the attempt (firing) this order belongs to, per bot and run. */
  readonly attempt: number;
  readonly leg: 'dex' | 'cex' | 'unwind';
  readonly venue: Venue;
  readonly account: string;
  readonly pair: Pair;
  readonly side: Side;
  readonly type: OrderType;
  readonly effect: OrderEffect;
  /** Decimal text in base currency, a whole number of steps. For a swap: the expected base quantity, for the record. */
  readonly qty: string;
  /** Decimal text, on the tick; absent for market orders and swaps. */
  readonly price?: string;
  readonly swap?: SwapTerms;
  readonly decidedAtMs: number;
}

export interface OrderRef {
  readonly clientOrderId: string;
  readonly venue: Venue;
  readonly account: string;
  readonly pair: Pair;
  readonly type: OrderType;
}

export interface Fill {
  /** The venue's own trade id: the key under which a fill is applied exactly once. */
  readonly tradeId: string;
  readonly clientOrderId: string;
  readonly venue: Venue;
  readonly pair: Pair;
  readonly side: Side;
  /** Quote per base; for a swap: quote token out (or in) per base token. */
  readonly price: number;
  /** Base quantity. */
  readonly qty: number;
  /** Cost in `feeCurrency`; negative = rebate. */
  readonly fee: number;
  readonly feeCurrency: string;
  readonly venueTimeMs: number;
}

export type OrderStatus = 'open' | 'filled' | 'cancelled' | 'expired' | 'rejected';

/** What a venue says about one order. `filled` with partial quantity does not exist: part-filled and gone is `cancelled` or `expired` with `filledQty` > 0. */
export interface OrderReport {
  readonly clientOrderId: string;
  readonly venueOrderId: string;
  readonly status: OrderStatus;
  readonly filledQty: number;
  /** Mean fill price, quote per base; null without a fill. */
  readonly avgPrice: number | null;
  readonly fills: readonly Fill[];
  /** SOL paid by a swap that landed and failed: a cost without a fill. */
  readonly failedChainFee?: number;
  readonly venueTimeMs: number;
  /** In lists of open orders: what a cancel of it needs. */
  readonly ref?: OrderRef;
}

/** The three values of any command to a venue. `unknown` is never resent: it is resolved by query. */
export type PlaceOutcome =
  | { readonly outcome: 'confirmed'; readonly report: OrderReport; readonly raw: unknown }
  | { readonly outcome: 'rejected'; readonly code: string; readonly reason: string; readonly raw: unknown }
  | { readonly outcome: 'unknown'; readonly code: string; readonly reason: string; readonly raw: unknown };

export type CancelOutcome =
  | { readonly outcome: 'confirmed'; readonly raw: unknown }
  | { readonly outcome: 'rejected'; readonly code: string; readonly reason: string; readonly raw: unknown }
  | { readonly outcome: 'unknown'; readonly code: string; readonly reason: string; readonly raw: unknown };

export type LookupOutcome =
  | { readonly found: 'yes'; readonly report: OrderReport; readonly raw: unknown }
  /** The venue itself said that it has no such order; a network error never counts. */
  | { readonly found: 'no'; readonly raw: unknown }
  | { readonly found: 'unknown'; readonly code: string; readonly reason: string };

export interface Balance {
  readonly venue: Venue;
  readonly asset: string;
  readonly free: number;
  readonly locked: number;
}

/**
 * The gateway's contract with one account of one venue, CEX or DEX. Commands and lookups never reject: trouble is an outcome.
 * `outcome` (the order's final fate) is shared code over `lookup`: `resolveOutcome` in `src/venues/tradePort.ts`.
 */
export interface TradePort {
  readonly venue: Venue;
  readonly account: string;
  /**
   * So long after `place` the venue refuses the order if it has not arrived by then, ms: before that a "no such order"
   * proves nothing. Absent where a request has no end of life.
   */
  readonly orderGoneMs?: number;
  /** Loads what placing needs (markets, keys). Rejects with a NightjarError when the venue refuses. */
  open(): Promise<void>;
  /**
   * @param refusedNow  asked once more as the last thing before the first byte leaves (`HttpRequest.refusedNow`): a text is
   *   why it must not be sent any more; the port then answers `rejected`
   */
  place(intent: OrderIntent, refusedNow?: () => string | null): Promise<PlaceOutcome>;
  cancel(ref: OrderRef): Promise<CancelOutcome>;
  lookup(ref: OrderRef): Promise<LookupOutcome>;
  /** Our own open orders (client ids with our prefix), over all pairs we trade. This and `balances` reject with a NightjarError when the venue gives no whole answer: half a list is no truth. */
  openOrders(): Promise<readonly OrderReport[]>;
  balances(): Promise<readonly Balance[]>;
  /** The rules of the markets as the venue states them now; absent where a venue has none (a swap door). Rejects like `balances`. */
  markets?(): Promise<readonly MarketRules[]>;
  close(): Promise<void>;
}
