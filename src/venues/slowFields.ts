import { NightjarError } from '../domain/errors.ts';
import type { DecimalScale, ExactDecimal } from '../workers/kernels/decimalScale.ts';
import { countIncrements, readDecimal } from '../workers/kernels/decimalScale.ts';
import type { LevelBuffer } from '../workers/kernels/levelScanner.ts';
import { growLevels } from '../workers/kernels/levelScanner.ts';
import type { DecodedFrame } from './decodedFrame.ts';

/** Reading fields out of parsed JSON, for the frames that the byte scanners leave alone. Slow and exact. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function badFrame(field: string, value: unknown, wanted: string): NightjarError {
  const shown = JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
  return new NightjarError('venue.bad-frame', `${field} is ${shown}, not ${wanted}`, { field });
}

export function unknownMessage(what: string): NightjarError {
  return new NightjarError('venue.unknown-message', `no message of this venue: ${what.slice(0, 120)}`);
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function objectOf(value: unknown, field: string): JsonObject {
  if (!isObject(value)) throw badFrame(field, value, 'an object');
  return value;
}

export function listOf(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value)) throw badFrame(field, value, 'a list');
  return value;
}

export function textOf(value: unknown, field: string): string {
  if (typeof value !== 'string') throw badFrame(field, value, 'a text');
  return value;
}

/** Whole number, also written as text; `-1` (OKX's "no previous id") included. */
export function wholeOf(value: unknown, field: string): number {
  const number = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  if (!Number.isSafeInteger(number)) throw badFrame(field, value, 'a whole number below 2^53');
  return number as number;
}

export const optionalWhole = (value: unknown, field: string): number =>
  value === undefined ? Number.NaN : wholeOf(value, field);

/** Price or quantity as a number. */
export function decimalOf(value: unknown, field: string): number {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || readDecimal(text) === null || text.startsWith('-')) {
    throw badFrame(field, value, 'a decimal of at least 0');
  }
  return Number(text);
}

/** @returns false when a level lies between two increments of the frame's grid. @throws NightjarError venue.bad-frame */
export function readLevels(value: unknown, field: string, out: LevelBuffer, frame: DecodedFrame): boolean {
  const list = listOf(value, field);
  while (list.length > out.ticks.length) {
    if (!growLevels(out)) throw badFrame(field, list.length, 'a count of levels that any venue sends');
  }
  for (let i = 0; i < list.length; i += 1) {
    const level = listOf(list[i], `${field}[${i}]`);
    const ticks = incrementsOf(level[0], `${field}[${i}] price`, frame.price);
    const lots = incrementsOf(level[1], `${field}[${i}] size`, frame.size);
    if (Number.isNaN(ticks) || Number.isNaN(lots)) return false;
    out.ticks[i] = ticks;
    out.lots[i] = lots;
  }
  out.count = list.length;
  return true;
}

function incrementsOf(value: unknown, field: string, scale: DecimalScale): number {
  return countIncrements(exactOf(value, field), scale);
}

function exactOf(value: unknown, field: string): ExactDecimal {
  const text = typeof value === 'number' ? String(value) : value;
  const decimal = typeof text === 'string' ? readDecimal(text) : null;
  if (decimal === null || decimal.units < 0n) throw badFrame(field, value, 'a decimal of at least 0');
  return decimal;
}

const LEVEL_KEYS = new Set(['b', 'a', 'bids', 'asks']);

/** All prices and sizes of the level lists in a message, wherever they sit. */
export function levelDecimals(message: unknown): { prices: ExactDecimal[]; sizes: ExactDecimal[] } {
  const found = { prices: [] as ExactDecimal[], sizes: [] as ExactDecimal[] };
  const visit = (value: unknown) => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (isObject(value)) {
      for (const [key, inner] of Object.entries(value)) {
        if (!LEVEL_KEYS.has(key) || !Array.isArray(inner)) visit(inner);
        else
          for (const level of inner) {
            found.prices.push(exactOf(level?.[0], key));
            found.sizes.push(exactOf(level?.[1], key));
          }
      }
    }
  };
  visit(message);
  return found;
}
