import { NightjarError } from '../domain/errors.ts';
import type { DecimalScale, ExactDecimal } from '../workers/kernels/decimalScale.ts';
import { countIncrements, readDecimal } from '../workers/kernels/decimalScale.ts';
import type { LevelBuffer } from '../workers/kernels/levelScanner.ts';
import { growLevels } from '../workers/kernels/levelScanner.ts';
import { tradeKeyOfText } from '../workers/kernels/tradeKey.ts';
import type { DecodedFrame } from './decodedFrame.ts';

/** Reading fields out of parsed JSON, for the frames that the byte scanners leave alone. Slow and exact. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function badFrame(field: string, value: unknown, wanted: string): NightjarError {
  return new NightjarError('venue.bad-frame', `${field} is ${shown(value)}, not ${wanted}`, { field });
}

/** A value for a message: never deep, since a frame may be nested deeper than any stack. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return isObject(value) ? `an object with ${keysOf(value)}` : String(value);
}

/** The first keys of an object, for a message. */
export function keysOf(value: JsonObject): string {
  const keys = Object.keys(value);
  return keys.length === 0 ? 'no keys' : `the keys ${keys.slice(0, 12).join(', ').slice(0, 100)}`;
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

/** As `decimalOf`, of either sign: funding rates. */
export function signedDecimalOf(value: unknown, field: string): number {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || readDecimal(text) === null) throw badFrame(field, value, 'a decimal');
  return Number(text);
}

/** NaN for what is absent; the venues also write `""` for "none". */
export const optionalDecimal = (value: unknown, field: string): number =>
  value === undefined || value === '' ? Number.NaN : decimalOf(value, field);

export const optionalSigned = (value: unknown, field: string): number =>
  value === undefined || value === '' ? Number.NaN : signedDecimalOf(value, field);

export const optionalTime = (value: unknown, field: string): number =>
  value === undefined || value === '' ? Number.NaN : wholeOf(value, field);

/** A trade's id as one number, NaN where there is none to speak of. */
export function tradeKeyOf(id: unknown): number {
  if (typeof id === 'string') return tradeKeyOfText(id);
  return Number.isSafeInteger(id) && (id as number) >= 0 ? (id as number) : Number.NaN;
}

/** The only item of a list in which the venue sends exactly one. */
export function onlyItemOf(data: readonly unknown[], what: string): JsonObject {
  if (data.length !== 1) throw badFrame('data', data, `a list with one ${what}`);
  return objectOf(data[0], 'data[0]');
}

/** @returns false when a level lies between two increments of the frame's grid. @throws NightjarError venue.bad-frame */
export function readLevels(value: unknown, field: string, out: LevelBuffer, frame: DecodedFrame): boolean {
  const list = listOf(value, field);
  while (list.length > out.ticks.length) {
    if (!growLevels(out)) throw badFrame(field, list.length, 'a count of levels that any venue sends');
  }
  if (frame.gridValues !== null) return collectLevels(list, field, frame.gridValues);
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
  if (decimal === null || (text as string).startsWith('-')) throw badFrame(field, value, 'a decimal of at least 0');
  return decimal;
}

/** Exact prices and sizes of a frame's levels, from which a finer grid is made. */
export interface GridValues {
  readonly prices: ExactDecimal[];
  readonly sizes: ExactDecimal[];
}

function collectLevels(list: readonly unknown[], field: string, into: GridValues): true {
  for (let i = 0; i < list.length; i += 1) {
    const level = listOf(list[i], `${field}[${i}]`);
    into.prices.push(exactOf(level[0], `${field}[${i}] price`));
    into.sizes.push(exactOf(level[1], `${field}[${i}] size`));
  }
  return true;
}
