import type { CexVenue } from '../domain/instruments.ts';
import type { OrderIntent, OrderReport, OrderStatus, Side } from '../domain/orders.ts';

/** One implicit ccxt method (`privateGetOrder`) with its parameters: signed and sent as they stand. */
export interface RawCall {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** One order as a venue lists it, read but not yet joined with its fills. */
export interface OrderReading {
  readonly venueOrderId: string;
  readonly clientOrderId: string;
  readonly venueSymbol: string;
  readonly side: Side;
  /** null: a state that this code does not know, which is never taken for an end. */
  readonly status: OrderStatus | null;
  readonly filledQty: number;
  readonly avgPrice: number | null;
  readonly venueTimeMs: number;
}

export interface FillReading {
  readonly tradeId: string;
  readonly price: number;
  readonly qty: number;
  /** Cost in `feeCurrency`; negative = rebate. */
  readonly fee: number;
  readonly feeCurrency: string;
  readonly venueTimeMs: number;
}

export interface BalanceReading {
  readonly asset: string;
  readonly free: number;
  readonly locked: number;
}

/** The name of one order at one venue, in the venue's own spelling. */
export interface VenueOrderName {
  readonly clientOrderId: string;
  readonly venueSymbol: string;
}

/**
 * How one venue is asked about orders and how its answers are read. Pure: `createCexTrade` does the asking. Every reader
 * throws on a body that is not the documented one, which makes the outcome `unknown`.
 */
export interface CexDialect {
  readonly venue: CexVenue;
  /** Parameters for ccxt's `createOrder` beside type, side, amount and price. */
  createParams(intent: OrderIntent): Readonly<Record<string, unknown>>;
  /** The request that can create an order, by path: what came before it (account type, time) moved nothing. */
  readonly createPath: RegExp;
  /** @throws Error when the answer is not about this order */
  readPlaced(body: unknown, intent: OrderIntent): OrderReport;

  cancel(name: VenueOrderName): RawCall;
  byClientId(name: VenueOrderName): RawCall;
  /** null: the venue answered, and lists no such order. */
  readOne(body: unknown): OrderReading | null;
  /** Where else an order may be listed: open orders, then closed ones. Asked before a "not found" counts. */
  elsewhere(name: VenueOrderName): readonly RawCall[];
  allOpen(): RawCall;
  readMany(body: unknown): readonly OrderReading[];
  fillsOf(order: OrderReading): RawCall;
  /** Fills of `order` only. */
  readFills(body: unknown, order: OrderReading): readonly FillReading[];
  balances(): RawCall;
  readBalances(body: unknown): readonly BalanceReading[];
}

export type Fields = Readonly<Record<string, unknown>>;

/** @throws Error naming `what` when the value is no object */
export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${what} is no object`);
  return value as Fields;
}

/** @throws Error naming `what` when the value is no list of objects */
export function listOf(value: unknown, what: string): readonly Fields[] {
  if (!Array.isArray(value)) throw new Error(`${what} is no list`);
  return value.map((entry) => fieldsOf(entry, `an entry of ${what}`));
}

/** Text that must be there. @throws Error */
export function textIn(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number') return String(value);
  throw new Error(`${key} is missing`);
}

/** A number, as JSON number or decimal text; the empty text counts as 0, as the venues mean it. @throws Error */
export function numberIn(fields: Fields, key: string): number {
  const value = fields[key];
  const number = typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN;
  if (!Number.isFinite(number)) throw new Error(`${key} "${String(value)}" is no number`);
  return number;
}

/** @throws Error */
export function sideIn(fields: Fields, key: string): Side {
  const text = String(fields[key]).toLowerCase();
  if (text !== 'buy' && text !== 'sell') throw new Error(`${key} "${String(fields[key])}" is no side`);
  return text;
}

/** The report of an order that was taken and about which nothing else is known yet. */
export function acknowledged(clientOrderId: string, venueOrderId: string, venueTimeMs: number): OrderReport {
  return { clientOrderId, venueOrderId, status: 'open', filledQty: 0, avgPrice: null, fills: [], venueTimeMs };
}
