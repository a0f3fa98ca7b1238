import type { MoneyE8 } from '../domain/money.ts';

/** Whole units of 1e-18: a price or a quantity as it enters an exact sum of products. */
export type FixedE18 = bigint & { readonly unit: 'e18' };
/** Whole units of 1e-36: a price times a quantity, without any rounding. */
export type AmountE36 = bigint & { readonly unit: 'e36' };

const E18 = 10n ** 18n;
const E36_PER_E8 = 10n ** 28n;

/**
 * The number as its shortest decimal says it, so that 100.1 is 100.1 and not the binary fraction beside it: quantities
 * that a venue states in decimals cancel exactly. Cut to 18 decimals.
 *
 * @throws RangeError on a value that is not finite
 */
export function toE18(value: number): FixedE18 {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (parts === null) throw new RangeError(`${value} is not finite`);
  const [, minus, whole, fraction = '', exponent = '0'] = parts;
  const digits = BigInt(whole + fraction);
  const zeros = 18 - fraction.length + Number(exponent);
  const scaled = zeros >= 0 ? digits * 10n ** BigInt(zeros) : digits / 10n ** BigInt(-zeros);
  return (minus === '-' ? -scaled : scaled) as FixedE18;
}

export function fromE18(value: bigint): number {
  return Number(value) / 1e18;
}

export function productE36(price: bigint, qty: bigint): AmountE36 {
  return (price * qty) as AmountE36;
}

/** An amount in whole currency units, on the same scale as the products. */
export function amountE36(amount: number): AmountE36 {
  return (toE18(amount) * E18) as AmountE36;
}

/** Rounds half away from zero: the only rounding between the fills and a report. */
export function roundToE8(amount: bigint): MoneyE8 {
  const half = amount < 0n ? -E36_PER_E8 / 2n : E36_PER_E8 / 2n;
  return ((amount + half) / E36_PER_E8) as MoneyE8;
}
