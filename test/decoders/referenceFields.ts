import type { Outcome } from './outcome.ts';

/** Reading venue messages the plainest way: parsed JSON, numbers by `Number`. Shares nothing with the decoders but the rules. */

export class Refused extends Error {
  readonly kind: 'badFrame' | 'unknownMessage';

  constructor(kind: 'badFrame' | 'unknownMessage') {
    super(kind);
    this.kind = kind;
  }
}

export const bad = (): never => {
  throw new Refused('badFrame');
};
export const unknown = (): never => {
  throw new Refused('unknownMessage');
};

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON of a stranger is walked as it comes
export type Json = any;

export const isObject = (value: Json): boolean => value !== null && typeof value === 'object' && !Array.isArray(value);
export const object = (value: Json): Json => (isObject(value) ? value : bad());
export const list = (value: Json): Json[] => (Array.isArray(value) ? value : bad());
export const text = (value: Json): string => (typeof value === 'string' ? value : bad());
export const only = (value: Json): Json => (list(value).length === 1 ? object(value[0]) : bad());
export const some = (value: Json): Json[] => (list(value).length > 0 ? value : bad());

export function whole(value: Json): number {
  const number = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) ? number : bad();
}
const DECIMAL = /^\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,2})?$/;
export function signed(value: Json): number {
  const written = typeof value === 'number' ? String(value) : value;
  return typeof written === 'string' && DECIMAL.test(written.replace(/^-/, '')) ? Number(written) : bad();
}
export function decimal(value: Json): number {
  const isNegative = typeof value === 'string' ? value.startsWith('-') : typeof value === 'number' && value < 0;
  return isNegative ? bad() : signed(value);
}
const absent = (value: Json) => value === undefined || value === '';
export const maybeWhole = (value: Json) => (value === undefined ? Number.NaN : whole(value));
export const maybeTime = (value: Json) => (absent(value) ? Number.NaN : whole(value));
export const maybe = (value: Json) => (absent(value) ? Number.NaN : decimal(value));
export const maybeSigned = (value: Json) => (absent(value) ? Number.NaN : signed(value));

/** Both sides of a book; refused when they share no grid on which every number is exact. */
export function book(bids: Json, asks: Json): { bids: number[][]; asks: number[][] } {
  const levels = (side: Json) => list(side).map((level) => [decimal(list(level)[0]), decimal(level[1])]);
  const sides = { bids: levels(bids), asks: levels(asks) };
  for (const column of [0, 1]) if (!sharesGrid([...bids, ...asks].map((level) => String(level[column])))) bad();
  return sides;
}

/** Whole multiples of one step of at least 1e-14 that stays exact in a double. */
function sharesGrid(values: readonly string[]): boolean {
  // Nearly all books: few digits in total, so that any grid is exact.
  const plain = values.every((value) => /^\d{1,7}(\.\d{1,8})?$/.test(value));
  if (plain) return true;
  const exact = values.map(exactly).filter(({ units }) => units > 0n);
  let decimals = Math.max(0, ...exact.map((value) => value.decimals));
  const scaled = exact.map(({ units, decimals: own }) => units * 10n ** BigInt(decimals - own));
  // A new decoder's grid is whole numbers, and a finer one holds those too.
  let step = scaled.reduce(gcd, 10n ** BigInt(decimals));
  const spare = decimals;
  while (decimals > 0 && step % 10n === 0n) {
    step /= 10n;
    decimals -= 1;
  }
  const limit = BigInt(Number.MAX_SAFE_INTEGER);
  const tooLarge = scaled.some((units) => units / 10n ** BigInt(spare - decimals) > limit);
  return decimals <= 14 && step <= limit && !tooLarge;
}

function exactly(value: string): { units: bigint; decimals: number } {
  const [mantissa = '', exponent = '0'] = value.toLowerCase().split('e');
  const [ones = '', fraction = ''] = mantissa.split('.');
  let units = BigInt(ones + fraction);
  let decimals = fraction.length - Number(exponent);
  for (; decimals < 0; decimals += 1) units *= 10n;
  for (; decimals > 0 && units % 10n === 0n; decimals -= 1) units /= 10n;
  return { units, decimals };
}

const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));

/** A trade's id as a number: itself, or a hash of a text that is none. */
export function tradeKey(id: Json): number {
  if (typeof id === 'number') return Number.isSafeInteger(id) && id >= 0 ? id : Number.NaN;
  if (typeof id !== 'string' || id === '') return Number.NaN;
  if (/^\d{1,15}$/.test(id)) return Number(id);
  const hash = (start: number, prime: number) =>
    [...Array(id.length).keys()].reduce((sum, i) => Math.imul(sum ^ id.charCodeAt(i), prime), start);
  const [low, high] = [hash(0x811c9dc5, 0x01000193), hash(0x2b992ddf, 0x5bd1e995)];
  return -((high & 0x1fffff) * 2 ** 32 + (low >>> 0) + 1);
}

const NONE = [Number.NaN, Number.NaN, Number.NaN, Number.NaN];

/** An outcome with everything absent but what is given. */
export function says(kind: string, given: Partial<Outcome> = {}): Outcome {
  return {
    ...{
      kind,
      symbol: '',
      market: '',
      timeMs: Number.NaN,
      ids: NONE,
      bids: [],
      asks: [],
      trades: [],
      liquidations: [],
    },
    figures: Array(10).fill(Number.NaN),
    ...given,
  };
}

/** The ten figures of an outcome by name. */
export function figures(given: {
  bid?: readonly [number, number];
  ask?: readonly [number, number];
  last?: number;
  mark?: number;
  index?: number;
  funding?: number;
  nextFunding?: number;
  interest?: number;
}): number[] {
  const { bid = NONE, ask = NONE, last, mark, index, funding, nextFunding, interest } = given;
  const values = [bid[0], bid[1], ask[0], ask[1], last, mark, index, funding, nextFunding, interest];
  return values.map((value) => value ?? Number.NaN);
}

/** @param read the message's outcome; throws `Refused` */
export function refer(bytes: Uint8Array, read: (message: Json) => Outcome): Outcome {
  let message: Json;
  try {
    message = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return { kind: 'badFrame' };
  }
  try {
    return read(message);
  } catch (error) {
    if (error instanceof Refused) return { kind: error.kind };
    throw error;
  }
}
