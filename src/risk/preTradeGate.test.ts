import { describe, expect, it } from 'vitest';
import { defaultRiskLimits } from './limits.ts';
import { checkOrder, type OrderCheck, RISK_CHECKS } from './preTradeGate.ts';

const soundOrder: OrderCheck = {
  side: 'sell',
  effect: 'opening',
  qty: 0.07,
  price: 150,
  midPx: 150.1,
  priceAgeMs: 20,
  minQty: 0.01,
  minNotional: 10,
  openOrders: 0,
  openNotional: 0,
  parentRemainingQty: 0.07,
  sameSentAtMs: null,
  sentInLastSecond: 0,
  lossSoFar: 0,
  permitOpen: true,
  killed: false,
  nowMs: 1_000_000,
};

const violations: Record<keyof typeof RISK_CHECKS, Partial<OrderCheck>> = {
  killed: { killed: true },
  permit: { permitOpen: false },
  quantity: { qty: 0 },
  min_quantity: { qty: 0.001 },
  min_notional: { qty: 0.05 },
  no_price: { midPx: null },
  price_age: { priceAgeMs: 3001 },
  order_notional: { qty: 7, parentRemainingQty: 7 },
  open_notional: { openNotional: 1995 },
  open_orders: { openOrders: 8 },
  price_collar: { price: 155 },
  parent_exceeded: { parentRemainingQty: 0.069 },
  duplicate: { sameSentAtMs: 999_900 },
  order_rate: { sentInLastSecond: 10 },
  max_loss: { lossSoFar: 50.01 },
};

describe('the pre-trade gate', () => {
  it('lets a sound order pass', () => {
    expect(checkOrder(soundOrder, defaultRiskLimits)).toBeNull();
  });

  it.each(Object.entries(violations))('refuses with its own reason: %s', (reason, change) => {
    expect(checkOrder({ ...soundOrder, ...change }, defaultRiskLimits)?.reason).toBe(reason);
  });

  it('has a violating order for every check', () => {
    expect(Object.keys(violations)).toEqual(Object.keys(RISK_CHECKS));
  });

  it.each(['permit', 'max_loss'] as const)('never keeps a closing order back for %s', (reason) => {
    const closing = { ...soundOrder, ...violations[reason], effect: 'closing' as const };
    expect(checkOrder(closing, defaultRiskLimits)).toBeNull();
  });
});
