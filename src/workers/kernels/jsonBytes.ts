/**
 * Steps over compact JSON in bytes, as the venue decoders do. Every function takes the position where its value begins
 * and answers the position behind it, or `SLOW` for anything that is not plain (whitespace, escapes, exponents): the
 * caller then leaves the frame to `JSON.parse`. Callers have checked that the frame ends in `}`, which no scan runs past.
 */
export const SLOW = -1;

export const QUOTE = 34;
export const COMMA = 44;
export const MINUS = 45;
export const DOT = 46;
export const COLON = 58;
export const OPEN_LIST = 91;
export const BACKSLASH = 92;
export const CLOSE_LIST = 93;
export const OPEN_OBJECT = 123;
export const CLOSE_OBJECT = 125;

/** @param from behind the opening quote. @returns the index of the closing quote */
export function endOfString(bytes: Uint8Array, from: number): number {
  const length = bytes.length;
  for (let at = from; at < length; at += 1) {
    const byte = bytes[at]!;
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH || byte < 32) return SLOW;
  }
  return SLOW;
}

/**
 * Reads digits into `cell[0]`, exact up to 15 of them: nine as one 32-bit integer, the rest as another, joined once.
 * A fraction or exponent behind them is left to the caller.
 */
export function readDigits(bytes: Uint8Array, from: number, cell: Float64Array): number {
  let high = 0;
  let at = from;
  let digit = bytes[at]! - 48;
  const firstEnd = from + 9;
  while (digit >= 0 && digit <= 9 && at < firstEnd) {
    high = (Math.imul(high, 10) + digit) | 0;
    at += 1;
    digit = bytes[at]! - 48;
  }
  if (at === from || (bytes[from] === 48 && at - from > 1)) return SLOW;
  if (at < firstEnd) {
    cell[0] = high;
    return at;
  }
  let low = 0;
  let scale = 1;
  while (digit >= 0 && digit <= 9) {
    low = (Math.imul(low, 10) + digit) | 0;
    scale = Math.imul(scale, 10);
    at += 1;
    digit = bytes[at]! - 48;
  }
  if (at - from > 15) return SLOW;
  cell[0] = high * scale + low;
  return at;
}

/** Reads `"123"` or `123`, as the venues write times and ids. */
export function readDigitsOrQuoted(bytes: Uint8Array, from: number, cell: Float64Array): number {
  if (bytes[from] !== QUOTE) return endOfNumber(bytes, readDigits(bytes, from, cell));
  const end = readDigits(bytes, from + 1, cell);
  return end !== SLOW && bytes[end] === QUOTE ? end + 1 : SLOW;
}

function endOfNumber(bytes: Uint8Array, at: number): number {
  if (at === SLOW) return SLOW;
  const byte = bytes[at];
  return byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_LIST ? at : SLOW;
}

/**
 * The number in `bytes[from, to)`, equal to `Number(text)`; NaN for what is not plain digits with at most one dot, or
 * has more than 15 digits.
 */
export function readPlainDecimal(bytes: Uint8Array, from: number, to: number): number {
  let mantissa = 0;
  let dotAt = -1;
  for (let at = from; at < to; at += 1) {
    const digit = bytes[at]! - 48;
    if (digit >= 0 && digit <= 9) mantissa = mantissa * 10 + digit;
    else if (digit === DOT - 48 && dotAt < 0 && at > from) dotAt = at;
    else return Number.NaN;
  }
  const digits = to - from - (dotAt < 0 ? 0 : 1);
  if (digits < 1 || digits > 15 || dotAt === to - 1) return Number.NaN;
  return dotAt < 0 ? mantissa : mantissa / 10 ** (to - dotAt - 1);
}

/** Nested deeper than any venue's message: left to `JSON.parse`, which needs no stack for it. */
const MAX_NESTING = 32;

/** Steps over any value, nested ones included. */
export function skipValue(bytes: Uint8Array, from: number, depth = 0): number {
  const first = bytes[from];
  if (first === QUOTE) {
    const end = endOfString(bytes, from + 1);
    return end === SLOW ? SLOW : end + 1;
  }
  if (first === OPEN_LIST || first === OPEN_OBJECT) return skipNested(bytes, from, depth + 1);
  return skipWord(bytes, from);
}

/** A bare word ends at a comma or bracket; only numbers, true, false and null are plain enough. */
function skipWord(bytes: Uint8Array, from: number): number {
  const first = bytes[from]!;
  if (first === 116) return isWord(bytes, from, 't', 'r', 'u', 'e') ? from + 4 : SLOW;
  if (first === 110) return isWord(bytes, from, 'n', 'u', 'l', 'l') ? from + 4 : SLOW;
  if (first === 102) return isWord(bytes, from + 1, 'a', 'l', 's', 'e') ? from + 5 : SLOW;
  let at = first === MINUS ? from + 1 : from;
  const digitsFrom = at;
  while (bytes[at]! >= 48 && bytes[at]! <= 57) at += 1;
  if (at === digitsFrom || (bytes[digitsFrom] === 48 && at > digitsFrom + 1)) return SLOW;
  if (bytes[at] === DOT) {
    const fractionFrom = at + 1;
    at = fractionFrom;
    while (bytes[at]! >= 48 && bytes[at]! <= 57) at += 1;
    if (at === fractionFrom) return SLOW;
  }
  return endOfNumber(bytes, at);
}

function isWord(bytes: Uint8Array, at: number, a: string, b: string, c: string, d: string): boolean {
  return (
    bytes[at] === a.charCodeAt(0) &&
    bytes[at + 1] === b.charCodeAt(0) &&
    bytes[at + 2] === c.charCodeAt(0) &&
    bytes[at + 3] === d.charCodeAt(0)
  );
}

function skipNested(bytes: Uint8Array, from: number, depth: number): number {
  if (depth > MAX_NESTING) return SLOW;
  const isObject = bytes[from] === OPEN_OBJECT;
  const close = isObject ? CLOSE_OBJECT : CLOSE_LIST;
  let at = from + 1;
  if (bytes[at] === close) return at + 1;
  for (;;) {
    if (isObject) {
      if (bytes[at] !== QUOTE) return SLOW;
      at = endOfString(bytes, at + 1);
      if (at === SLOW || bytes[at + 1] !== COLON) return SLOW;
      at += 2;
    }
    at = skipValue(bytes, at, depth);
    if (at === SLOW) return SLOW;
    if (bytes[at] === close) return at + 1;
    if (bytes[at] !== COMMA) return SLOW;
    at += 1;
  }
}

/** Whether `bytes[from, to)` is `text` (ASCII). */
export function isText(bytes: Uint8Array, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false;
  for (let i = 0; i < text.length; i += 1) if (bytes[from + i] !== text.charCodeAt(i)) return false;
  return true;
}
