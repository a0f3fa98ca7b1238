import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ceilToTicks,
  decimalsOf,
  floorToLots,
  floorToTicks,
  formatIncrements,
  qtyFromNotional,
} from './instruments.ts';

const increments = fc.constantFrom(1e-8, 1e-6, 0.0001, 0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 10);

describe('qtyFromNotional', () => {
  const cases = fc.record({
    price: fc.double({ min: 1e-4, max: 1e5, noNaN: true }),
    notional: fc.double({ min: 0, max: 1e4, noNaN: true }),
    minNotional: fc.constantFrom(0, 1, 5, 10),
    minQty: fc.constantFrom(0, 0.001, 0.1, 1, 10),
    stepSize: fc.constantFrom(1e-6, 0.001, 0.01, 0.1, 1),
  });

  it('covers the notional, the minimum notional and the minimum quantity, in whole steps, and is never zero', () => {
    fc.assert(
      fc.property(cases, ({ price, notional, ...rules }) => {
        const qty = qtyFromNotional(price, notional, rules);
        expect(qty).toBeGreaterThan(0);
        expect(qty * price).toBeGreaterThanOrEqual(rules.minNotional);
        expect(qty).toBeGreaterThanOrEqual(rules.minQty);
        // One part in 1e9 of a step is float noise, not a missing step.
        expect(qty * price).toBeGreaterThanOrEqual(notional - 1e-8 * rules.stepSize * price - 1e-9);
        const steps = qty / rules.stepSize;
        expect(Math.abs(steps - Math.round(steps))).toBeLessThan(1e-6 * Math.max(1, steps));
      }),
    );
  });

  it('adds at most one step to what the largest of the three rules demands', () => {
    fc.assert(
      fc.property(cases, ({ price, notional, ...rules }) => {
        const demanded = Math.max(notional / price, rules.minNotional / price, rules.minQty, rules.stepSize);
        expect(qtyFromNotional(price, notional, rules)).toBeLessThanOrEqual(demanded + rules.stepSize * (1 + 1e-6));
      }),
    );
  });

  it('rounds $10 of SOL at 150 up to the step', () => {
    expect(qtyFromNotional(150, 10, { minNotional: 5, minQty: 0.001, stepSize: 0.001 })).toBe(0.067);
  });
});

describe('rounding to ticks and lots', () => {
  it('is the identity on a price that lies on the grid, however it was computed', () => {
    fc.assert(
      fc.property(increments, fc.integer({ min: 1, max: 1_000_000 }), (tick, count) => {
        expect(floorToTicks(count * tick, tick)).toBe(count);
        expect(ceilToTicks(count * tick, tick)).toBe(count);
        expect(floorToLots(count * tick, tick)).toBe(count);
      }),
    );
  });

  it('brackets every price between neighbours', () => {
    fc.assert(
      fc.property(increments, fc.double({ min: 0.001, max: 1e5, noNaN: true }), (tick, price) => {
        expect(floorToTicks(price, tick)).toBeLessThanOrEqual(ceilToTicks(price, tick));
        expect(ceilToTicks(price, tick) - floorToTicks(price, tick)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('decimal text', () => {
  it.each([
    [0.001, 3],
    [0.5, 1],
    [1e-8, 8],
    [10, 0],
    [1, 0],
    [0.25, 2],
  ])('an increment of %d has %d decimals', (increment, decimals) => {
    expect(decimalsOf(increment)).toBe(decimals);
  });

  it('has no exponent and no trailing garbage', () => {
    fc.assert(
      fc.property(increments, fc.integer({ min: 1, max: 1_000_000 }), (increment, count) => {
        const text = formatIncrements(count, increment);
        expect(text).toMatch(/^\d+(\.\d+)?$/);
        expect(Math.round(Number(text) / increment)).toBe(count);
      }),
    );
  });

  it('refuses an increment with more decimals than any venue has', () => {
    expect(() => decimalsOf(1e-13)).toThrow('more than 12 decimals');
  });
});
