import { CLOSE_OBJECT } from './jsonBytes.ts';

/**
 * A trade's id as one number, so that duplicates are found without keeping texts: the id itself where it is a whole
 * number of at most 15 digits, a negative 53-bit hash of longer ones (Bybit's UUIDs); NaN for an empty or odd one.
 */
export function tradeKeyOfText(text: string): number {
  if (text.length === 0) return Number.NaN;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  let low = FNV_OFFSET;
  let high = HIGH_OFFSET;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, FNV_PRIME);
    high = Math.imul(high ^ code, HIGH_PRIME);
  }
  return joined(low, high);
}

/** The same of `bytes[from, to)`, ASCII; NaN when a byte is not: the caller then leaves the frame to the slow reader. */
export function tradeKeyOfBytes(bytes: Uint8Array, from: number, to: number): number {
  let isNumber = to - from <= 15;
  let value = 0;
  let low = FNV_OFFSET;
  let high = HIGH_OFFSET;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at]!;
    if (byte > CLOSE_OBJECT + 1) return Number.NaN;
    const digit = byte - 48;
    if (digit < 0 || digit > 9) isNumber = false;
    value = value * 10 + digit;
    low = Math.imul(low ^ byte, FNV_PRIME);
    high = Math.imul(high ^ byte, HIGH_PRIME);
  }
  if (to === from) return Number.NaN;
  return isNumber ? value : joined(low, high);
}

// FNV-1a, and the same with another prime for the bits above its 32.
const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
const HIGH_OFFSET = 0x2b992ddf;
const HIGH_PRIME = 0x5bd1e995;

const joined = (low: number, high: number) => -((high & 0x1fffff) * 0x1_0000_0000 + (low >>> 0) + 1);
