import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { probeLimits, soundOrder, VIOLATIONS } from './limitProbes.ts';
import { defaultRiskLimits } from './limits.ts';
import { checkCancel, checkOrder, type OrderCheck, RISK_CHECKS } from './preTradeGate.ts';

const limits = defaultRiskLimits;
const sound = soundOrder(limits);
const check = (change: Partial<OrderCheck>) => checkOrder({ ...sound, ...change }, limits)?.reason ?? null;

describe('the pre-trade gate', () => {
  it('lets a sound order pass', () => {
    expect(checkOrder(sound, limits)).toBeNull();
  });

  it.each(Object.entries(VIOLATIONS))('refuses with its own reason: %s', (reason, violate) => {
    expect(check(violate(sound, limits))).toBe(reason);
  });

  it('has a violating order for every check', () => {
    expect(Object.keys(VIOLATIONS)).toEqual(Object.keys(RISK_CHECKS));
  });

  it.each(['permit', 'symbol_paused', 'session', 'position_limit', 'loss_limit', 'drawdown'] as const)(
    'never keeps a closing order back for %s',
    (reason) => {
      const change = VIOLATIONS[reason](sound, limits);
      const positionQty = change.positionQty ?? sound.qty;
      expect(check({ ...change, side: positionQty < 0 ? 'buy' : 'sell', positionQty, effect: 'closing' })).toBeNull();
    },
  );

  it.each([
    ['at the largest notional', { qty: limits.maxOrderNotional / 150, parentRemainingQty: 10 }],
    ['at the oldest price', { priceAgeMs: limits.maxPriceAgeMs }],
    ['at the end of the duplicate window', { sameSentAtMs: sound.nowMs - limits.duplicateWindowMs }],
    ['one short of the rate', { sentInLastSecond: limits.maxOrdersPerSecond - 1 }],
    ['one short of the open orders', { openOrders: limits.maxOpenOrders - 1 }],
    ['at the loss limit', { dayLoss: limits.maxDailyLoss, drawdown: limits.maxDrawdown }],
    ['beside an own order that it does not meet', { oppositeRestingPx: 149.99 }],
    ['without a known trade', { lastTradePx: null }],
  ] as const)('lets an order pass %s', (_, change) => {
    expect(check(change)).toBeNull();
  });

  it.each([
    ['the far side of the mid', { price: 150.1 * 0.96 }, 'price_collar'],
    ['a market order into an own resting one', { price: null, oppositeRestingPx: 100 }, 'self_cross'],
    ['a quantity that is no number', { qty: Number.NaN }, 'quantity'],
    ['a loss that is no number', { dayLoss: Number.NaN }, 'loss_limit'],
    ['a swap without a mid', { price: null, midPx: null }, 'no_price'],
    ['what is in flight and this order together', { inFlightQty: 13.3 }, 'position_limit'],
    ['a closing order without a position', { effect: 'closing' }, 'reduce_only'],
    ['a closing order on the side of the position', { effect: 'closing', positionQty: -1 }, 'reduce_only'],
  ] as const)('refuses %s', (_, change, reason) => {
    expect(check(change)).toBe(reason);
  });

  it('holds back a storm of cancels, and nothing less', () => {
    expect(checkCancel(limits.maxCancelsPerSecond - 1, limits)).toBeNull();
    expect(checkCancel(limits.maxCancelsPerSecond, limits)).toMatchObject({ reason: 'cancel_rate' });
  });

  it('never lets a closing order leave a tradable position on the other side', () => {
    const qty = fc.integer({ min: -2000, max: 2000 }).map((lots) => lots / 100);
    fc.assert(
      fc.property(qty, qty, qty, fc.boolean(), (position, inFlight, size, sells) => {
        const side = sells ? 'sell' : 'buy';
        const order = { ...sound, minQty: 0.01, minNotional: 0, side, effect: 'closing', qty: Math.abs(size) } as const;
        const living = { positionQty: position, inFlightQty: Math.abs(inFlight), parentRemainingQty: 1e6 };
        if (checkOrder({ ...order, ...living }, { ...limits, maxOrderNotional: 1e9, maxOpenNotional: 1e9 }) !== null)
          return;
        const after = position + (sells ? -1 : 1) * (order.qty + living.inFlightQty);
        expect(Math.sign(position) * after).toBeGreaterThan(-0.01);
        expect(Math.abs(after)).toBeLessThan(Math.abs(position) + 1e-9);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the probes of the limits', () => {
  it('finds every rule at work, under the defaults and under other limits', () => {
    const tight = { ...limits, maxOrderQty: 0.5, maxOrderNotional: 40, maxOpenNotional: 60, maxPositionNotional: 60 };
    for (const some of [limits, tight]) {
      const { soundPasses, probes } = probeLimits(some);
      expect(soundPasses).toBe(true);
      expect(probes.filter(({ ok }) => !ok)).toEqual([]);
      expect(probes.map(({ rule }) => rule)).toEqual([...Object.keys(RISK_CHECKS), 'cancel_rate']);
    }
  });

  it('notices a limit that stops nothing', () => {
    const { probes } = probeLimits({ ...limits, maxOpenNotional: Number.POSITIVE_INFINITY });
    expect(probes.filter(({ ok }) => !ok).map(({ rule }) => rule)).toEqual(['open_notional']);
  });
});
