import type { Closure, LatchState } from '../domain/control.ts';
import type { OrderEffect } from '../domain/orders.ts';

/**
 * The permit latch in shared memory: Int32 words, word 0 for all bots, word 1 + slot for one. Written by the edge thread
 * alone, read last by the gateway, right before each socket write.
 */
const OPEN = 0;
const CLOSED = 1;
const KILLED = 2;
/** Killed, and an operator asked for a flatten: closing orders go. */
const FLATTENING = 3;

const WORDS = { open: OPEN, permit: CLOSED, kill: KILLED, flatten: FLATTENING } as const;
export type LatchLevel = keyof typeof WORDS;

/** @param botSlots  number of bots; slots run from 0 */
export function createLatch(botSlots: number): SharedArrayBuffer {
  return new SharedArrayBuffer((1 + botSlots) * Int32Array.BYTES_PER_ELEMENT);
}

/** @param slot  of one bot, or `all` */
export function setLatchWord(latch: SharedArrayBuffer, slot: number | 'all', level: LatchLevel): void {
  Atomics.store(new Int32Array(latch), indexOf(latch, slot), WORDS[level]);
}

/** One word alone, without the word of all. */
export function latchWord(latch: SharedArrayBuffer, slot: number | 'all'): LatchLevel {
  return levelOfWord(Atomics.load(new Int32Array(latch), indexOf(latch, slot)));
}

/**
 * The last resort of a stop whose own code threw: closes these words, or every one, and opens none. It shares no line
 * with `setLatchWord`, so that one fault cannot take both along.
 */
export function slamLatchWords(
  latch: SharedArrayBuffer,
  level: 'permit' | 'kill',
  slots: readonly number[] | null,
): void {
  const words = new Int32Array(latch);
  for (let index = 0; index < words.length; index += 1) {
    if (slots !== null && !slots.includes(index - 1)) continue;
    if (level === 'kill') Atomics.store(words, index, KILLED);
    else Atomics.compareExchange(words, index, OPEN, CLOSED);
  }
}

/**
 * A bot's own kill or flatten decides (so that one bot can be flattened while all are killed, and killed while all are
 * flattened); else the stricter of its word and the word of all. An unknown slot counts as killed: nothing unknown may
 * trade.
 */
export function latchLevel(latch: SharedArrayBuffer, botSlot: number): LatchLevel {
  const words = new Int32Array(latch);
  if (!Number.isInteger(botSlot) || botSlot < 0 || botSlot + 1 >= words.length) return 'kill';
  const own = Atomics.load(words, botSlot + 1);
  const word = own >= KILLED ? own : Math.max(Atomics.load(words, 0), own);
  return levelOfWord(word);
}

const levelOfWord = (word: number): LatchLevel =>
  word === OPEN ? 'open' : word === CLOSED ? 'permit' : word === FLATTENING ? 'flatten' : 'kill';

/**
 * Whether the latch forbids this order now. Cancels are never asked about: they pass every latch.
 * @returns the reason, or null while it may go
 */
export function latchRefusal(latch: SharedArrayBuffer, botSlot: number, effect: OrderEffect): string | null {
  const level = latchLevel(latch, botSlot);
  if (level === 'open' || (level !== 'kill' && effect === 'closing')) return null;
  return level === 'permit' ? 'permit closed' : 'killed';
}

/** Sets every word to what the file says: at start, before anything can send. */
export function loadLatchWords(
  latch: SharedArrayBuffer,
  state: LatchState,
  bots: readonly { readonly id: string; readonly slot: number }[],
): void {
  for (const { id, slot } of bots) setLatchWord(latch, slot, levelOf(state.bots[id]));
  setLatchWord(latch, 'all', levelOf(state.all));
}

const levelOf = (closure: Closure | null | undefined): LatchLevel =>
  closure === null || closure === undefined ? 'open' : (closure.level ?? 'permit');

function indexOf(latch: SharedArrayBuffer, slot: number | 'all'): number {
  const index = slot === 'all' ? 0 : slot + 1;
  if (!Number.isInteger(index) || index < 0 || index * 4 >= latch.byteLength) {
    throw new RangeError(`latch slot ${slot}: there are ${latch.byteLength / 4 - 1}`);
  }
  return index;
}
