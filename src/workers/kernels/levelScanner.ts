import type { DecimalScale } from './decimalScale.ts';
import { POW10 } from './decimalScale.ts';
import { CLOSE_OBJECT, SLOW } from './jsonBytes.ts';

/** A value lies between two increments of its grid: the caller refines the grid and scans again. */
export const OFF_GRID = -2;
/** More levels than the buffer holds: the caller grows it and scans again. */
export const FULL = -3;

/** Levels of one side as they came: whole ticks and whole lots; lots 0 removes the price. */
export interface LevelBuffer {
  ticks: Float64Array;
  lots: Float64Array;
  count: number;
}

export const createLevelBuffer = (capacity: number): LevelBuffer => ({
  ticks: new Float64Array(capacity),
  lots: new Float64Array(capacity),
  count: 0,
});

/** A frame with more levels a side than this is refused; the deepest venue snapshot has 5000. */
export const MAX_LEVELS = 65_536;

/** Doubles the capacity; false at `MAX_LEVELS`. */
export function growLevels(buffer: LevelBuffer): boolean {
  const capacity = buffer.ticks.length * 2;
  if (capacity > MAX_LEVELS) return false;
  buffer.ticks = new Float64Array(capacity);
  buffer.lots = new Float64Array(capacity);
  buffer.count = 0;
  return true;
}

/**
 * Reads `[["61837.63","3.788"],…]` into ticks and lots in one walk over the bytes, with nothing allocated. Whole part and
 * fraction are summed as 32-bit integers (faster than a double sum in V8, `docs/PERFORMANCE.md`) and joined once.
 * What follows the size inside a level (OKX: two more strings) is stepped over. Price and size are read by the same lines
 * twice: as a function of their own they would have to hand back two numbers, and that costs an eighth of the speed.
 *
 * @param from   position of the outer `[`
 * @returns      position behind the outer `]`, or SLOW (not plain: minus, exponent, over 9 digits a part, spaces),
 *               OFF_GRID, FULL; the buffer's content is then meaningless
 */
export function scanLevels(
  bytes: Uint8Array,
  from: number,
  out: LevelBuffer,
  price: DecimalScale,
  size: DecimalScale,
): number {
  const { ticks, lots } = out;
  const capacity = ticks.length;
  const priceDecimals = price.decimals;
  const priceUnits = price.unitsPerOne;
  const priceStep = price.step;
  const priceWhole = price.maxWholeDigits;
  const sizeDecimals = size.decimals;
  const sizeUnits = size.unitsPerOne;
  const sizeStep = size.step;
  const sizeWhole = size.maxWholeDigits;
  let count = 0;
  let at = from + 1;
  // No digit loop below can run past a closing brace; without one it would read undefined as 0 for ever.
  if (bytes[bytes.length - 1] !== CLOSE_OBJECT) return SLOW;
  if (bytes[at] === 93) {
    out.count = 0;
    return at + 1;
  }
  for (;;) {
    if (bytes[at] !== 91 || bytes[at + 1] !== 34) return SLOW;
    at += 2;
    let start = at;
    let whole = 0;
    let digit = bytes[at]! - 48;
    while (digit >>> 0 <= 9) {
      whole = (Math.imul(whole, 10) + digit) | 0;
      at += 1;
      digit = bytes[at]! - 48;
    }
    if (at === start || at - start > priceWhole) return SLOW;
    let units = whole * priceUnits;
    if (digit === -2) {
      at += 1;
      start = at;
      let fraction = 0;
      digit = bytes[at]! - 48;
      while (digit >>> 0 <= 9) {
        fraction = (Math.imul(fraction, 10) + digit) | 0;
        at += 1;
        digit = bytes[at]! - 48;
      }
      const length = at - start;
      if (length === 0 || length > 9) return SLOW;
      if (length === priceDecimals) units += fraction;
      else if (length < priceDecimals) units += fraction * POW10[priceDecimals - length]!;
      else {
        const part = fraction / POW10[length - priceDecimals]!;
        if (part !== Math.floor(part)) return OFF_GRID;
        units += part;
      }
    }
    if (digit !== -14 || bytes[at + 1] !== 44 || bytes[at + 2] !== 34) return SLOW;
    if (priceStep !== 1) {
      units /= priceStep;
      if (units !== Math.floor(units)) return OFF_GRID;
    }
    if (count === capacity) return FULL;
    ticks[count] = units;

    at += 3;
    start = at;
    whole = 0;
    digit = bytes[at]! - 48;
    while (digit >>> 0 <= 9) {
      whole = (Math.imul(whole, 10) + digit) | 0;
      at += 1;
      digit = bytes[at]! - 48;
    }
    if (at === start || at - start > sizeWhole) return SLOW;
    units = whole * sizeUnits;
    if (digit === -2) {
      at += 1;
      start = at;
      let fraction = 0;
      digit = bytes[at]! - 48;
      while (digit >>> 0 <= 9) {
        fraction = (Math.imul(fraction, 10) + digit) | 0;
        at += 1;
        digit = bytes[at]! - 48;
      }
      const length = at - start;
      if (length === 0 || length > 9) return SLOW;
      if (length === sizeDecimals) units += fraction;
      else if (length < sizeDecimals) units += fraction * POW10[sizeDecimals - length]!;
      else {
        const part = fraction / POW10[length - sizeDecimals]!;
        if (part !== Math.floor(part)) return OFF_GRID;
        units += part;
      }
    }
    if (digit !== -14) return SLOW;
    if (sizeStep !== 1) {
      units /= sizeStep;
      if (units !== Math.floor(units)) return OFF_GRID;
    }
    lots[count] = units;
    count += 1;

    at += 1;
    if (bytes[at] !== 93) {
      at = skipExtras(bytes, at);
      if (at < 0) return SLOW;
    }
    at += 1;
    const next = bytes[at];
    at += 1;
    if (next === 44) continue;
    if (next !== 93) return SLOW;
    out.count = count;
    return at;
  }
}

/** Steps over `,"0","13"` up to the level's `]`. */
function skipExtras(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 44) {
    if (bytes[at + 1] !== 34) return SLOW;
    at += 2;
    let byte = bytes[at]!;
    while (byte >= 46 && byte <= 57) {
      at += 1;
      byte = bytes[at]!;
    }
    if (byte !== 34) return SLOW;
    at += 1;
  }
  return bytes[at] === 93 ? at : SLOW;
}
