import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addE8, fromE8, toE8, ZERO_E8 } from './money.ts';

const amounts = fc.double({ min: -1e6, max: 1e6, noNaN: true });

describe('fixed-point money', () => {
  it('comes back within half of its smallest unit', () => {
    fc.assert(
      fc.property(amounts, (amount) => {
        expect(Math.abs(fromE8(toE8(amount)) - amount)).toBeLessThanOrEqual(0.5000001e-8);
      }),
    );
  });

  it('adds up the same in every order, which floats do not', () => {
    fc.assert(
      fc.property(fc.array(amounts, { maxLength: 20 }), (list) => {
        const money = list.map(toE8);
        expect(addE8(...money)).toBe(addE8(...money.toReversed()));
      }),
    );
    expect(addE8(toE8(0.1), toE8(0.2))).toBe(toE8(0.3));
    expect(0.1 + 0.2).not.toBe(0.3);
  });

  it('rounds a loss like a gain, away from zero', () => {
    fc.assert(
      fc.property(amounts, (amount) => {
        expect(toE8(-amount)).toBe(-toE8(amount));
      }),
    );
    expect(toE8(0.000000005)).toBe(1n);
  });

  it('sums nothing to zero', () => {
    expect(addE8()).toBe(ZERO_E8);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %d', (amount) => {
    expect(() => toE8(amount)).toThrow(RangeError);
  });
});
