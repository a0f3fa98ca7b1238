import type { Closure, LatchState } from '../domain/control.ts';
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
  return later.level === 'kill' && earlier.level !== 'kill' ? later : earlier;
}
