/**
 * Fixed-point money: whole units of 1e-8 of the currency, as bigint, where amounts are added up.
 * Floats serve prices and scores; a sum that a report prints comes from here.
 */
export type MoneyE8 = bigint & { readonly unit: 'e8' };

const SCALE = 100_000_000;

export const ZERO_E8 = 0n as MoneyE8;

/** Rounds half away from zero to 1e-8. @throws RangeError on a value that is not finite. */
export function toE8(amount: number): MoneyE8 {
  if (!Number.isFinite(amount)) throw new RangeError(`amount ${amount} is not finite`);
  const scaled = Math.abs(amount) * SCALE;
  // Number.EPSILON-sized representation errors (0.1 + 0.2) must not decide the last digit.
  const rounded = BigInt(Math.round(scaled));
  return (amount < 0 ? -rounded : rounded) as MoneyE8;
}

export function addE8(...amounts: readonly MoneyE8[]): MoneyE8 {
  let sum = 0n;
  for (const amount of amounts) sum += amount;
  return sum as MoneyE8;
}

/** As a number of whole currency units, exact to 1e-8 for |amount| < 90 million. */
export function fromE8(amount: MoneyE8): number {
  return Number(amount) / SCALE;
}
