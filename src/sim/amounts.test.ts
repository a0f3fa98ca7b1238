import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feeE12, formatE12, fromE12, parseIncrements, toE12 } from './amounts.ts';

describe('amounts', () => {
  it('keep twelve decimals in and out of text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }), (amount) => {
        const text = formatE12(amount, 2);
        const [whole, fraction = ''] = text.replace('-', '').split('.');
        const back = BigInt(whole!) * 10n ** 12n + BigInt(fraction.padEnd(12, '0'));
        expect(text.startsWith('-') ? -back : back).toBe(amount);
      }),
    );
    expect(toE12(0.00000001)).toBe(10_000n);
    expect(fromE12(toE12(123.456))).toBe(123.456);
  });

  it('round fees up, in the venue’s favour', () => {
    expect(feeE12(10_000n, 10)).toBe(10n);
    expect(feeE12(10_001n, 10)).toBe(11n);
    expect(feeE12(10_001n, 0)).toBe(0n);
  });

  it.each([
    ['1.23', 0.01, 123],
    ['1.234', 0.01, null],
    ['0.00001234', 0.00000001, 1234],
    ['1e3', 1, null],
    ['-1', 1, null],
    ['', 1, null],
    ['150.01', 0.01, 15001],
    ['99999.99', 0.01, 9_999_999],
    ['9999999.999999', 0.000001, 9_999_999_999_999],
  ])('read %j in increments of %d as %j', (text, increment, count) => {
    expect(parseIncrements(text, increment)).toBe(count);
  });
});
