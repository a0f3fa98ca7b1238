import { formatIncrements, type Instrument } from '../domain/instruments.ts';
import type { Side } from '../domain/orders.ts';
import { type AmountE12, E12, formatE12, toE12 } from './amounts.ts';
import type { RestingOrder } from './limitBook.ts';

export type SimOrderType = 'ioc' | 'postOnly' | 'market' | 'limit';

export interface OrderRequest {
  readonly clientOrderId: string;
  readonly venueSymbol: string;
  readonly side: Side;
  readonly type: SimOrderType;
  /** Decimal text, base. */
  readonly qty: string;
  /** Decimal text; ignored for market orders. */
  readonly price?: string;
}

/** Why a venue takes no order; each dialect has its own words for it (`rejections.ts`). */
export type RejectKind =
  | 'symbol'
  | 'price'
  | 'quantity'
  | 'minQty'
  | 'minNotional'
  | 'balance'
  | 'duplicate'
  | 'postOnlyWouldTake'
  | 'clientId'
  /** The request came after the end of life that it states. */
  | 'expired';

export interface SimFill {
  readonly tradeId: string;
  readonly tick: number;
  readonly lots: number;
  readonly maker: boolean;
  /** Notional, quote. */
  readonly quote: AmountE12;
  readonly fee: AmountE12;
  readonly feeAsset: string;
  readonly timeMs: number;
}

export interface SimOrder extends RestingOrder {
  readonly instrument: Instrument;
  readonly request: OrderRequest;
  readonly venueOrderId: string;
  readonly lots: number;
  status: 'open' | 'filled' | 'cancelled' | 'expired';
  filledLots: number;
  /** Quote received or paid before fees. */
  filledQuote: AmountE12;
  /** Of the balance, while the order rests. */
  locked: AmountE12;
  readonly fills: SimFill[];
  /** Why the venue ended it, in our words; empty while it lives or when it filled. */
  endReason: '' | 'user' | 'iocRemainder' | 'postOnlyWouldTake' | 'balance';
  readonly createdMs: number;
  updatedMs: number;
}

/** Decimal text of the order's limit; 0 for market orders. */
export function priceText(order: SimOrder): string {
  return order.request.type === 'market' ? '0' : formatIncrements(order.tick, order.instrument.tickSize);
}

/** Mean fill price, quote per base, as decimal text. The order has a fill. */
export function averagePrice(order: SimOrder): string {
  return formatE12((order.filledQuote * E12) / qtyE12(order.instrument, order.filledLots), 2);
}

/** Quantity of `lots`, base. */
export function qtyE12(instrument: Instrument, lots: number): AmountE12 {
  return BigInt(lots) * toE12(instrument.stepSize);
}

/** Notional of `lots` at `tick`, quote; exact. */
export function quoteE12(instrument: Instrument, lots: number, tick: number): AmountE12 {
  return (BigInt(lots) * BigInt(tick) * toE12(instrument.stepSize) * toE12(instrument.tickSize)) / E12;
}
