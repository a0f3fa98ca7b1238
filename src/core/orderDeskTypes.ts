import type { Instrument } from '../domain/instruments.ts';
import type { Fill, LookupOutcome, OrderIntent, OrderReport, PlaceOutcome } from '../domain/orders.ts';
import type { OrderState } from '../machines/orderTable.ts';
import type { RiskLimits } from '../risk/limits.ts';
import type { LossState } from '../risk/lossWatch.ts';
import type { RiskRefusal } from '../risk/preTradeGate.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import type { OtherCommand } from './commands.ts';
import type { Permits } from './permits.ts';
import type { BookedTrade } from './recovery/tradesFold.ts';
import type { RowWriter } from './rowWriter.ts';
import type { Stock } from './stock.ts';

export type OrderDraft = Omit<OrderIntent, 'clientOrderId' | 'decidedAtMs' | 'account'>;

/** What the gate must know beyond the draft: prices, the venue's rules, the caller's position. */
export interface DraftContext {
  readonly price: number | null;
  readonly midPx: number | null;
  readonly priceAgeMs: number | null;
  readonly bookCrossed: boolean;
  /** The market whose rules sized the order; null for a swap. */
  readonly instrument: Instrument | null;
  readonly minQty: number;
  readonly minNotional: number;
  /** What the leg's plan has left by fills; the desk subtracts what is in flight. */
  readonly parentRemainingQty: number;
  /** Net base that the attempt's fills have made. */
  readonly positionQty: number;
  readonly sessionOpen: boolean;
}

export type OrderFate = 'filled' | 'nothing' | 'permit';

export interface DeskOrder {
  readonly intent: OrderIntent;
  /** Where it stands in its chart, `orderTable.ts`. */
  state: OrderState;
  /** Its owner has been told its end. */
  done: boolean;
  /** Sum of its fills. */
  filledQty: number;
  /** The venue has shown it: a word that it never was there is not believed any more. */
  acknowledged: boolean;
  /** Newest venue time and highest cumulative quantity of its reports. */
  venueTimeMs: number;
  reportedQty: number;
  unknownSinceMs: number | null;
  cancelsAsked: number;
  /** Its limit, or the mid when it was decided: values what may still fill, reportCcy. */
  readonly referencePx: number;
}

export interface OrderOwner {
  onFill(order: DeskOrder, fill: Fill): void;
  /** A failed swap was charged all the same. */
  onChainFee(order: DeskOrder, feeSol: number): void;
  /** Exactly once per order, after its last fill. A fill that comes later still is booked, and flagged, by the desk. */
  onDone(order: DeskOrder, fate: OrderFate, detail: string): void;
}

export interface OrderDesk {
  register(bot: string, owner: OrderOwner): void;
  submit(
    draft: OrderDraft,
    context: DraftContext,
  ): { readonly clientOrderId: string } | { readonly refused: RiskRefusal };
  /** Asks for the end of a living order; again while it is under way does nothing. */
  cancel(clientOrderId: string): 'asked' | 'under way' | 'not alive' | { readonly refused: RiskRefusal };
  /** Asks for the end of every living order that can be cancelled; @returns which. */
  cancelAll(): readonly string[];
  placed(clientOrderId: string, answer: PlaceOutcome): void;
  refused(clientOrderId: string, reason: string): void;
  resolved(clientOrderId: string, answer: LookupOutcome): void;
  /** Orders of a dead core whose fate is open: they are asked after, never sent again, and their fills count once. */
  adopt(orders: readonly { readonly intent: OrderIntent; readonly fills: readonly Fill[] }[]): readonly DeskOrder[];
  /** Orders of a dead core that their venue denied: ended, and remembered for `recheck` and for late news. */
  rememberDenied(intents: readonly OrderIntent[]): void;
  /** Trades that a dead core booked; after `adopt`, which counts those of its orders. */
  rememberTrades(trades: readonly BookedTrade[]): void;
  unresolved(bot: string): readonly DeskOrder[];
  openOrderCount(): number;
  /**
   * A venue lists this order as open. One that was thought never to have lived is judged by it.
   *
   * @returns false when nobody here knows the order
   */
  listed(report: OrderReport): boolean;
  /** Rises with everything that changes what we own or have at a venue. */
  activity(): number;
  /** Asks after every order whose fate is open. */
  followAll(): void;
  /** Asks again after orders that ended at this venue lately: a fill may have come after their end. */
  recheck(venue: string, sinceMs: number): void;
  /** What a bot has made since its start, reportCcy: closes its permit, once, when a loss limit breaks. */
  noteNet(bot: string, net: number): void;
  /** Where a dead core's loss limits stood; before the first `noteNet`. */
  restoreLosses(bot: string, state: LossState): void;
  /** Opens nothing more on the pair and closes the bot's permit, until an operator opens it. */
  pause(pair: string, bot: string, reason: string): void;
  permitsChanged(): void;
}

export interface OrderDeskDeps {
  readonly runTag: string;
  readonly coreIncarnation: number;
  nowMs(): number;
  readonly rows: RowWriter;
  readonly permits: Permits;
  readonly stock: Stock;
  readonly metrics: MetricSink;
  readonly limits?: RiskLimits;
  /** As they are at start: an order sized by other rules is refused. */
  readonly instruments: readonly Instrument[];
  command(command: OtherCommand): void;
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  /** Something that a person must see. */
  alarm?(message: string, fields: Readonly<Record<string, unknown>>): void;
  requestReconcile?(): void;
}
