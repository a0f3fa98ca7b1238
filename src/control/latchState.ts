import type { Closure, LatchState } from '../domain/control.ts';
import { type LatchLevel, latchLevel } from '../workers/latchWords.ts';
import type { LatchedBot } from './targets.ts';

/** What is closed after this closure. An earlier one at least as strict stays: the first reason is the one to look into. */
export function closePermits(
  state: LatchState,
  targets: readonly LatchedBot[],
  closure: Closure,
  everyBot: boolean,
): LatchState {
  const bots = { ...state.bots };
  for (const { id } of targets) bots[id] = stricter(bots[id] ?? null, closure);
  return { all: everyBot ? stricter(state.all, closure) : state.all, bots };
}

/**
 * What is closed while these are flattened: opening orders are refused, and whoever is killed may close all the same. A
 * bot that is not killed needs no more than a closed permit, which never refused a closing order.
 */
export function flattenPermits(
  state: LatchState,
  targets: readonly LatchedBot[],
  closure: Closure,
  everyBot: boolean,
): LatchState {
  const over = (earlier: Closure | null, killed: boolean): Closure =>
    killed ? { ...closure, level: 'flatten' } : stricter(earlier, { ...closure, level: 'permit' });
  const bots = { ...state.bots };
  for (const { id } of targets) bots[id] = over(bots[id] ?? null, isKill(standingLevel(state, id)));
  return { all: everyBot ? over(state.all, isKill(levelOf(state.all))) : state.all, bots };
}

/** The level that holds for one bot, by the rule of `latchWords.ts`: its own kill or flatten decides, else the stricter. */
export function standingLevel(state: LatchState, id: string): LatchLevel {
  const own = levelOf(state.bots[id]);
  if (isKill(own)) return own;
  const all = levelOf(state.all);
  return all === 'open' ? own : all;
}

/** A level that only the role kill may lift. */
export const isKill = (level: LatchLevel) => level === 'kill' || level === 'flatten';

/**
 * What is still closed after opening these. Opening one bot while all are closed turns "all" into one closure per other
 * bot, so that exactly the one asked for opens.
 */
export function openPermits(
  state: LatchState,
  targets: readonly LatchedBot[],
  known: readonly LatchedBot[],
  everyBot: boolean,
): LatchState {
  if (everyBot) return { all: null, bots: {} };
  const bots = { ...state.bots };
  if (state.all !== null) for (const { id } of known) bots[id] = stricter(bots[id] ?? null, state.all);
  for (const { id } of targets) delete bots[id];
  return { all: null, bots };
}

/**
 * The file's state, with what the words say beyond it: an edge that died between setting a word and writing the file
 * must not have its closure undone by its successor.
 *
 * @returns `state` itself when the words add nothing
 */
export function withClosedWords(
  state: LatchState,
  latch: SharedArrayBuffer,
  known: readonly LatchedBot[],
  atMs: number,
): LatchState {
  const bots = { ...state.bots };
  let differs = false;
  for (const bot of known) {
    const level = latchLevel(latch, bot.slot);
    const closure = strictestClosure(state, [bot]);
    if (level === 'open' || closure?.level === 'kill' || closure?.level === level) continue;
    if (closure !== null && level === 'permit') continue;
    bots[bot.id] = { reason: 'closed as the edge died', by: 'edge', atMs, level };
    differs = true;
  }
  return differs ? { all: state.all, bots } : state;
}

/** The file's state with what the guardian held while the file could not be written: of two closures the stricter stands. */
export function withHeld(state: LatchState, held: LatchState | null): LatchState {
  if (held === null) return state;
  const bots = { ...state.bots };
  for (const [id, closure] of Object.entries(held.bots)) bots[id] = stricter(bots[id] ?? null, closure);
  return { all: held.all === null ? state.all : stricter(state.all, held.all), bots };
}

/** The strictest closure that stands against these bots; null = none. */
export function strictestClosure(state: LatchState, targets: readonly LatchedBot[]): Closure | null {
  let strictest = state.all;
  for (const { id } of targets) {
    const closure = state.bots[id];
    if (closure !== undefined) strictest = stricter(strictest, closure);
  }
  return strictest;
}

function stricter(earlier: Closure | null, later: Closure): Closure {
  if (earlier === null) return later;
  return STRICTNESS[levelOf(later)] > STRICTNESS[levelOf(earlier)] ? later : earlier;
}

const STRICTNESS = { open: 0, permit: 1, flatten: 2, kill: 3 } as const;

export const levelOf = (closure: Closure | null | undefined): LatchLevel =>
  closure === null || closure === undefined ? 'open' : (closure.level ?? 'permit');
