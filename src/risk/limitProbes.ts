import type { RiskLimits } from './limits.ts';
import {
  checkCancel,
  checkOrder,
  type OrderCheck,
  type RISK_CHECKS,
  type RiskReason,
  type RiskRefusal,
} from './preTradeGate.ts';

type OrderRule = keyof typeof RISK_CHECKS;

const NOW_MS = 1_000_000;

/** An order that passes every check under any limits worth having: 1 % of the smallest bound on its notional, at a price of 150. */
export function soundOrder(limits: RiskLimits): OrderCheck {
  const notional = Math.min(limits.maxOrderNotional, limits.maxOpenNotional, limits.maxPositionNotional) / 100;
  const qty = Math.min(notional / 150, limits.maxOrderQty / 100);
  const within = (limitBps: number, bps: number) => 150 * (1 + Math.min(limitBps / 2, bps) / 1e4);
  return {
    side: 'sell',
    effect: 'opening',
    qty,
    price: 150,
    midPx: within(limits.priceCollarBps, 7),
    lastTradePx: within(limits.tradeCollarBps, 13),
    priceAgeMs: Math.min(20, limits.maxPriceAgeMs),
    bookCrossed: false,
    minQty: qty / 10,
    minNotional: qty * 15,
    openOrders: 0,
    openNotional: 0,
    positionQty: 0,
    inFlightQty: 0,
    parentRemainingQty: qty,
    sameSentAtMs: null,
    sentInLastSecond: 0,
    oppositeRestingPx: null,
    dayLoss: 0,
    drawdown: 0,
    rulesHash: 'SOLUSDT 0.01/0.01',
    rulesHashAtStart: 'SOLUSDT 0.01/0.01',
    sessionOpen: true,
    symbolPaused: false,
    permitOpen: true,
    killed: false,
    nowMs: NOW_MS,
  };
}

/** How the sound order becomes one that breaks exactly this rule. */
export const VIOLATIONS: Readonly<Record<OrderRule, (sound: OrderCheck, limits: RiskLimits) => Partial<OrderCheck>>> = {
  killed: () => ({ killed: true }),
  permit: () => ({ permitOpen: false }),
  symbol_paused: () => ({ symbolPaused: true }),
  session: () => ({ sessionOpen: false }),
  metadata_changed: () => ({ rulesHash: 'SOLUSDT 0.1/0.1' }),
  quantity: () => ({ qty: 0 }),
  max_quantity: (_, limits) => ({ qty: limits.maxOrderQty * 1.01 }),
  min_quantity: ({ minQty }) => ({ qty: minQty * 0.9 }),
  min_notional: ({ qty, price }) => ({ minNotional: qty * price! * 1.01 }),
  no_price: () => ({ midPx: null }),
  price_age: (_, limits) => ({ priceAgeMs: limits.maxPriceAgeMs + 1 }),
  book_crossed: () => ({ bookCrossed: true }),
  // By its price: the same notional made of quantity might meet the bound on that first.
  order_notional: ({ qty }, limits) => {
    const price = (limits.maxOrderNotional / qty) * 1.01;
    return { price, midPx: price, lastTradePx: price };
  },
  open_notional: (_, limits) => ({ openNotional: limits.maxOpenNotional }),
  open_orders: (_, limits) => ({ openOrders: limits.maxOpenOrders }),
  position_limit: ({ price }, limits) => ({ positionQty: -limits.maxPositionNotional / price! }),
  price_collar: ({ midPx }, limits) => {
    const price = midPx! * (1 + (limits.priceCollarBps + 1) / 1e4);
    return { price, lastTradePx: price };
  },
  trade_collar: ({ price }, limits) => ({ lastTradePx: price! / (1 + (limits.tradeCollarBps + 1) / 1e4) }),
  parent_exceeded: ({ qty }) => ({ parentRemainingQty: qty * 0.99 }),
  // Sells what was bought, twice: the second would flip the position.
  reduce_only: ({ qty }) => ({ effect: 'closing', positionQty: qty, inFlightQty: qty }),
  duplicate: (_, limits) => ({ sameSentAtMs: NOW_MS - limits.duplicateWindowMs / 2 }),
  self_cross: ({ price }) => ({ oppositeRestingPx: price }),
  order_rate: (_, limits) => ({ sentInLastSecond: limits.maxOrdersPerSecond }),
  loss_limit: (_, limits) => ({ dayLoss: limits.maxDailyLoss + 0.01 }),
  drawdown: (_, limits) => ({ drawdown: limits.maxDrawdown + 0.01 }),
};

export interface ProbeResult {
  readonly rule: RiskReason;
  /** The order in words, with what about it breaks the rule. */
  readonly order: string;
  /** What the gate said; null = it let the order pass. */
  readonly refusal: RiskRefusal | null;
  /** Refused, and for this very rule. */
  readonly ok: boolean;
}

/** Fires one violating order per rule at the real gate, and one sound order, which must pass. */
export function probeLimits(limits: RiskLimits): {
  readonly soundPasses: boolean;
  readonly probes: readonly ProbeResult[];
} {
  const sound = soundOrder(limits);
  const orders = Object.entries(VIOLATIONS).map(([rule, violate]): ProbeResult => {
    const change = violate(sound, limits);
    const refusal = checkOrder({ ...sound, ...change }, limits);
    return {
      rule: rule as OrderRule,
      order: textOf({ ...sound, ...change }, change),
      refusal,
      ok: refusal?.reason === rule,
    };
  });
  const cancels = limits.maxCancelsPerSecond;
  const refusal = checkCancel(cancels, limits);
  const cancelProbe: ProbeResult = {
    rule: 'cancel_rate',
    order: `cancel number ${cancels + 1} of a second`,
    refusal,
    ok: refusal?.reason === 'cancel_rate',
  };
  return { soundPasses: checkOrder(sound, limits) === null, probes: [...orders, cancelProbe] };
}

function textOf(order: OrderCheck, change: Partial<OrderCheck>): string {
  const text = (value: unknown) => (typeof value === 'number' ? String(Number(value.toFixed(4))) : String(value));
  const breaks = Object.entries(change).map(([name, value]) => `${name} ${text(value)}`);
  return `${order.effect} ${order.side} ${text(order.qty)} at ${text(order.price)}: ${breaks.join(', ')}`;
}
