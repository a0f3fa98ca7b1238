import type { OrderEffect, Side } from '../domain/orders.ts';
import type { RiskLimits } from './limits.ts';

/** One order about to be decided, with what the gate must know of the world around it. Notionals in reportCcy. */
export interface OrderCheck {
  readonly side: Side;
  readonly effect: OrderEffect;
  readonly qty: number;
  /** Limit price, quote per base; null for market orders and swaps (their own bound is the quote). */
  readonly price: number | null;
  readonly midPx: number | null;
  /** Last trade of the pair that is known and recent; null = none: then the mid alone bounds the price. */
  readonly lastTradePx: number | null;
  readonly priceAgeMs: number | null;
  /** Bid at or above ask on one venue: no price of that book means anything. */
  readonly bookCrossed: boolean;
  readonly minQty: number;
  readonly minNotional: number;
  /** Own orders that are open, on the wire or unknown. */
  readonly openOrders: number;
  readonly openNotional: number;
  /** Net base that fills have made of what this order works on; bought minus sold. */
  readonly positionQty: number;
  /** Base still to come from own living orders of the same attempt on this side: they count as filled. */
  readonly inFlightQty: number;
  /** Quantity that the attempt may still trade in this direction: a child never exceeds its parent. */
  readonly parentRemainingQty: number;
  /** Same bot, leg, side and attempt: when it was last sent; null = never. */
  readonly sameSentAtMs: number | null;
  readonly sentInLastSecond: number;
  /** Best price of an own resting order on the other side at this venue; null = none. */
  readonly oppositeRestingPx: number | null;
  /** Loss since midnight UTC and fall from the highest point, both at least 0. */
  readonly dayLoss: number;
  readonly drawdown: number;
  /** Fingerprint of the venue's rules that sized this order, and as recorded at start; null where there are none. */
  readonly rulesHash: string | null;
  readonly rulesHashAtStart: string | null;
  readonly sessionOpen: boolean;
  /** The venue contradicted itself about this symbol; an operator has to look. */
  readonly symbolPaused: boolean;
  readonly permitOpen: boolean;
  readonly killed: boolean;
  readonly nowMs: number;
}

export interface RiskRefusal {
  readonly reason: RiskReason;
  readonly value: number | null;
  readonly limit: number | null;
}

type Figures = readonly [value: number | null, limit: number | null];
/** @returns what was found and what is allowed, or null when the order passes */
type Check = (order: OrderCheck, limits: RiskLimits) => Figures | null;

const NO_FIGURES: Figures = [null, null];
const opening = (order: OrderCheck) => order.effect === 'opening';
const sign = (order: OrderCheck) => (order.side === 'buy' ? 1 : -1);
const notional = (order: OrderCheck) => order.qty * (order.price ?? order.midPx ?? Number.NaN);
/** Written so that NaN is over every limit. */
const over = (value: number, limit: number): Figures | null =>
  value <= limit ? null : [Number.isFinite(value) ? value : null, limit];
const collar = (price: number | null, reference: number | null, limitBps: number): Figures | null =>
  price === null || reference === null ? null : over((Math.abs(price - reference) / reference) * 1e4, limitBps);

/** What a closing order may still sell or buy before the position is flat, orders in flight counted as filled. */
export const reducibleQty = (order: Pick<OrderCheck, 'side' | 'positionQty' | 'inFlightQty'>): number =>
  (order.side === 'sell' ? order.positionQty : -order.positionQty) - order.inFlightQty;

/** Every check, by its reason code, in the order in which they are asked. What stops new risk only names `opening`: what is open must still be able to close. */
export const RISK_CHECKS = {
  killed: (order) => (order.killed ? NO_FIGURES : null),
  permit: (order) => (opening(order) && !order.permitOpen ? NO_FIGURES : null),
  symbol_paused: (order) => (opening(order) && order.symbolPaused ? NO_FIGURES : null),
  session: (order) => (opening(order) && !order.sessionOpen ? NO_FIGURES : null),
  metadata_changed: (order) => (order.rulesHash !== order.rulesHashAtStart ? NO_FIGURES : null),
  quantity: (order) =>
    Number.isFinite(order.qty) && order.qty > 0 ? null : [Number.isFinite(order.qty) ? order.qty : null, 0],
  max_quantity: (order, limits) => over(order.qty, limits.maxOrderQty),
  min_quantity: (order) => (order.qty < order.minQty ? [order.qty, order.minQty] : null),
  min_notional: (order) =>
    order.price !== null && notional(order) < order.minNotional ? [notional(order), order.minNotional] : null,
  no_price: (order) => (order.midPx === null || order.priceAgeMs === null ? NO_FIGURES : null),
  price_age: (order, limits) => over(order.priceAgeMs ?? 0, limits.maxPriceAgeMs),
  book_crossed: (order) => (order.bookCrossed ? NO_FIGURES : null),
  order_notional: (order, limits) => over(notional(order), limits.maxOrderNotional),
  open_notional: (order, limits) => over(order.openNotional + notional(order), limits.maxOpenNotional),
  open_orders: (order, limits) =>
    order.openOrders >= limits.maxOpenOrders ? [order.openOrders, limits.maxOpenOrders] : null,
  position_limit: (order, limits) => {
    if (!opening(order)) return null;
    const ifAllFillsQty = order.positionQty + sign(order) * (order.inFlightQty + order.qty);
    return over(Math.abs(ifAllFillsQty) * (order.price ?? order.midPx ?? Number.NaN), limits.maxPositionNotional);
  },
  price_collar: (order, limits) => collar(order.price, order.midPx, limits.priceCollarBps),
  trade_collar: (order, limits) => collar(order.price, order.lastTradePx, limits.tradeCollarBps),
  parent_exceeded: (order) =>
    order.qty > order.parentRemainingQty * (1 + 1e-9) ? [order.qty, order.parentRemainingQty] : null,
  // Less than the venue's smallest order may lie beyond flat: nobody can trade it, so it opens nothing.
  reduce_only: (order) => {
    if (opening(order)) return null;
    const reducible = reducibleQty(order);
    const beyondFlat = order.qty - reducible;
    const reduces = reducible > 0 && beyondFlat < Math.max(order.minQty * (1 - 1e-6), reducible * 1e-9);
    return reduces ? null : [order.qty, Math.max(0, reducible)];
  },
  duplicate: (order, limits) => {
    const sinceMs = order.sameSentAtMs === null ? Number.POSITIVE_INFINITY : order.nowMs - order.sameSentAtMs;
    return sinceMs < limits.duplicateWindowMs ? [sinceMs, limits.duplicateWindowMs] : null;
  },
  self_cross: (order) => {
    const { oppositeRestingPx: resting, price } = order;
    if (resting === null) return null;
    const crosses = price === null || (order.side === 'buy' ? price >= resting : price <= resting);
    return crosses ? [price, resting] : null;
  },
  order_rate: (order, limits) =>
    order.sentInLastSecond >= limits.maxOrdersPerSecond ? [order.sentInLastSecond, limits.maxOrdersPerSecond] : null,
  loss_limit: (order, limits) => (opening(order) ? over(order.dayLoss, limits.maxDailyLoss) : null),
  drawdown: (order, limits) => (opening(order) ? over(order.drawdown, limits.maxDrawdown) : null),
} as const satisfies Record<string, Check>;

/** `cancel_rate` belongs to cancels, the rest to orders. */
export type RiskReason = keyof typeof RISK_CHECKS | 'cancel_rate';

const checks = Object.entries(RISK_CHECKS) as [RiskReason, Check][];

/** The first check that refuses, or null: the order may go to the journal. Pure. */
export function checkOrder(order: OrderCheck, limits: RiskLimits): RiskRefusal | null {
  for (const [reason, check] of checks) {
    const figures = check(order, limits);
    if (figures !== null) return { reason, value: figures[0], limit: figures[1] };
  }
  return null;
}

/** A cancel reduces risk and passes every latch; only a storm of them, which gets the account banned, is held back. */
export function checkCancel(cancelsInLastSecond: number, limits: RiskLimits): RiskRefusal | null {
  if (cancelsInLastSecond < limits.maxCancelsPerSecond) return null;
  return { reason: 'cancel_rate', value: cancelsInLastSecond, limit: limits.maxCancelsPerSecond };
}
