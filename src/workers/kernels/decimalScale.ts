import { decimalsOf } from '../../domain/instruments.ts';

/**
 * The grid on which prices (or sizes) of one book are whole numbers: one increment is `step` units of 10^-decimals.
 * 0.01 is {decimals 2, step 1}, 0.5 is {decimals 1, step 5}, 20 is {decimals 0, step 20}.
 */
export interface DecimalScale {
  readonly decimals: number;
  readonly step: number;
  /** 10^decimals. */
  readonly unitsPerOne: number;
  /** Longest whole part that stays exact in a double on this grid (and in 32 bits while it is summed). */
  readonly maxWholeDigits: number;
}

/** Powers of ten that are exact in a double. */
export const POW10 = Float64Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

const MAX_DECIMALS = 14;

/** @throws RangeError when the grid is finer than 1e-14 or its step no whole number */
export function createScale(decimals: number, step: number): DecimalScale {
  if (!Number.isSafeInteger(step) || step <= 0) throw new RangeError(`step ${step} is not a positive whole number`);
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > MAX_DECIMALS) {
    throw new RangeError(`${decimals} decimals are not within 0 to ${MAX_DECIMALS}`);
  }
  return { decimals, step, unitsPerOne: POW10[decimals]!, maxWholeDigits: Math.min(9, 15 - decimals) };
}

/** The grid of an instrument's increment such as 0.001. @throws NightjarError order.invalid beyond 12 decimals */
export function scaleOfIncrement(increment: number): DecimalScale {
  const decimals = decimalsOf(increment);
  return createScale(decimals, Math.round(increment * 10 ** decimals));
}

/** `count` increments as the nearest double, which is what `Number(text)` of the venue's text gives. */
export function toNumber(count: number, scale: DecimalScale): number {
  return (count * scale.step) / scale.unitsPerOne;
}

/** Shortest decimal text of `count` ≥ 0 increments: no exponent, no trailing zeros. Exact below 2^53 units. */
export function toDecimalText(count: number, scale: DecimalScale): string {
  const units = (BigInt(count) * BigInt(scale.step)).toString().padStart(scale.decimals + 1, '0');
  const whole = units.slice(0, units.length - scale.decimals);
  const fraction = units.slice(units.length - scale.decimals).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** An exact decimal: units × 10^-decimals. */
export interface ExactDecimal {
  readonly units: bigint;
  readonly decimals: number;
}

/** Reads `-?123.45e-6` exactly; null when the text is no number or absurdly long (over 40 digits either way). */
export function readDecimal(text: string): ExactDecimal | null {
  const match = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,2}))?$/.exec(text);
  if (match === null) return null;
  const fraction = match[3] ?? '';
  let units = BigInt(match[2]! + fraction);
  let decimals = fraction.length - Number(match[4] ?? 0);
  if (units === 0n) return { units: 0n, decimals: 0 };
  while (units % 10n === 0n && decimals > 0) {
    units /= 10n;
    decimals -= 1;
  }
  if (decimals < 0) {
    units *= 10n ** BigInt(-decimals);
    decimals = 0;
  }
  return { units: match[1] === '-' ? -units : units, decimals };
}

/** Increments in `value`; NaN when it lies between two of them, is negative, or is too large to be exact. */
export function countIncrements(value: ExactDecimal, scale: DecimalScale): number {
  if (value.units < 0n || value.decimals > scale.decimals) return Number.NaN;
  const units = value.units * 10n ** BigInt(scale.decimals - value.decimals);
  const step = BigInt(scale.step);
  if (units % step !== 0n || units > BigInt(Number.MAX_SAFE_INTEGER)) return Number.NaN;
  return Number(units / step);
}

/**
 * The coarsest grid that holds the old grid (null = none yet) and all `values`; zeros do not matter.
 * @returns null when no value is above zero and there is no old grid
 * @throws RangeError when the result would be finer than 1e-14
 */
export function refineScale(scale: DecimalScale | null, values: Iterable<ExactDecimal>): DecimalScale | null {
  let decimals = scale?.decimals ?? 0;
  let step = scale === null ? 0n : BigInt(scale.step);
  for (const value of values) {
    if (value.units === 0n) continue;
    if (value.decimals > decimals) {
      step *= 10n ** BigInt(value.decimals - decimals);
      decimals = value.decimals;
    }
    step = greatestCommonDivisor(step, value.units * 10n ** BigInt(decimals - value.decimals));
  }
  if (step === 0n) return null;
  while (decimals > 0 && step % 10n === 0n) {
    step /= 10n;
    decimals -= 1;
  }
  return createScale(decimals, Number(step));
}

/** How many increments of `fine` make one of `coarse`. Whole whenever `fine` came from `refineScale(coarse, …)`. */
export function incrementsPer(coarse: DecimalScale, fine: DecimalScale): number {
  const decimals = Math.max(coarse.decimals, fine.decimals);
  return (coarse.step * 10 ** (decimals - coarse.decimals)) / (fine.step * 10 ** (decimals - fine.decimals));
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}
