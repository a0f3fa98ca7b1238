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
  readonly priceAgeMs: number | null;
  readonly minQty: number;
  readonly minNotional: number;
  readonly openOrders: number;
  readonly openNotional: number;
  /** Quantity that the attempt may still trade in this direction: a child never exceeds its parent. */
  readonly parentRemainingQty: number;
  /** Same bot, leg, side and attempt: when it was last sent; null = never. */
  readonly sameSentAtMs: number | null;
  readonly sentInLastSecond: number;
  readonly lossSoFar: number;
  readonly permitOpen: boolean;
  readonly killed: boolean;
  readonly nowMs: number;
}

export interface RiskRefusal {
  readonly reason: RiskReason;
  readonly value: number | null;
  readonly limit: number | null;
}

type Check = (order: OrderCheck, limits: RiskLimits) => RiskRefusal | null;

const refuse = (reason: RiskReason, value: number | null, limit: number | null): RiskRefusal => ({
  reason,
  value,
  limit,
});
const notional = (order: OrderCheck) => order.qty * (order.price ?? order.midPx ?? Number.NaN);

/** Every check, by its reason code, in the order in which they are asked. */
export const RISK_CHECKS = {
  killed: (order) => (order.killed ? refuse('killed', null, null) : null),
  permit: (order) => (order.effect === 'opening' && !order.permitOpen ? refuse('permit', null, null) : null),
  quantity: (order) =>
    Number.isFinite(order.qty) && order.qty > 0
      ? null
      : refuse('quantity', Number.isFinite(order.qty) ? order.qty : null, 0),
  min_quantity: (order) => (order.qty < order.minQty ? refuse('min_quantity', order.qty, order.minQty) : null),
  min_notional: (order) =>
    order.price !== null && notional(order) < order.minNotional
      ? refuse('min_notional', notional(order), order.minNotional)
      : null,
  no_price: (order) => (order.midPx === null || order.priceAgeMs === null ? refuse('no_price', null, null) : null),
  price_age: (order, limits) =>
    (order.priceAgeMs ?? 0) > limits.maxPriceAgeMs ? refuse('price_age', order.priceAgeMs, limits.maxPriceAgeMs) : null,
  order_notional: (order, limits) =>
    notional(order) > limits.maxOrderNotional
      ? refuse('order_notional', notional(order), limits.maxOrderNotional)
      : null,
  open_notional: (order, limits) =>
    order.openNotional + notional(order) > limits.maxOpenNotional
      ? refuse('open_notional', order.openNotional + notional(order), limits.maxOpenNotional)
      : null,
  open_orders: (order, limits) =>
    order.openOrders >= limits.maxOpenOrders ? refuse('open_orders', order.openOrders, limits.maxOpenOrders) : null,
  price_collar: (order, limits) => {
    if (order.price === null || order.midPx === null) return null;
    const awayBps = (Math.abs(order.price - order.midPx) / order.midPx) * 1e4;
    return awayBps > limits.priceCollarBps ? refuse('price_collar', awayBps, limits.priceCollarBps) : null;
  },
  parent_exceeded: (order) =>
    order.qty > order.parentRemainingQty * (1 + 1e-9)
      ? refuse('parent_exceeded', order.qty, order.parentRemainingQty)
      : null,
  duplicate: (order, limits) =>
    order.sameSentAtMs !== null && order.nowMs - order.sameSentAtMs < limits.duplicateWindowMs
      ? refuse('duplicate', order.nowMs - order.sameSentAtMs, limits.duplicateWindowMs)
      : null,
  order_rate: (order, limits) =>
    order.sentInLastSecond >= limits.maxOrdersPerSecond
      ? refuse('order_rate', order.sentInLastSecond, limits.maxOrdersPerSecond)
      : null,
  // A loss stops new risk only: what is open must still be able to close.
  max_loss: (order, limits) =>
    order.effect === 'opening' && order.lossSoFar > limits.maxLoss
      ? refuse('max_loss', order.lossSoFar, limits.maxLoss)
      : null,
} as const satisfies Record<string, Check>;

export type RiskReason =
  | 'killed'
  | 'permit'
  | 'quantity'
  | 'min_quantity'
  | 'min_notional'
  | 'no_price'
  | 'price_age'
  | 'order_notional'
  | 'open_notional'
  | 'open_orders'
  | 'price_collar'
  | 'parent_exceeded'
  | 'duplicate'
  | 'order_rate'
  | 'max_loss';

/** The first check that refuses, or null: the order may go to the journal. */
export function checkOrder(order: OrderCheck, limits: RiskLimits): RiskRefusal | null {
  for (const check of Object.values(RISK_CHECKS) as Check[]) {
    const refusal = check(order, limits);
    if (refusal !== null) return refusal;
  }
  return null;
}
