import type { Closure, LatchState } from '../domain/control.ts';
import type { Caller } from './controlDoor.ts';

/** Who closed a permit when the code that should have done it threw. */
export const LAST_RESORT = 'last resort';

const STOP = /"action"\s*:\s*"(kill|disable_live|drain|flatten)"/;

/**
 * What a request asked to stop, read from its text alone, since the code that should have understood it threw. Whom it
 * meant is then unknown: every bot.
 *
 * @returns the level to close at; null when it asked for no stop, for a mere plan, or may not
 */
export function stopOf(text: string, { role }: Caller): 'permit' | 'kill' | null {
  const action = STOP.exec(text)?.[1];
  if (action === undefined || /"plan"\s*:\s*true/.test(text)) return null;
  if (action === 'kill') return role === 'kill' ? 'kill' : null;
  return role === 'kill' || role === 'operate' ? 'permit' : null;
}

/** What is closed after a slam of these bots, or of all. Shares no line with `closePermits`, whose fault may be the cause. */
export function slammedState(state: LatchState, closure: Closure, ids: readonly string[] | null): LatchState {
  const closed = (earlier: Closure | null | undefined) =>
    closure.level !== 'kill' && earlier !== null && earlier !== undefined ? earlier : closure;
  const bots = { ...state.bots };
  for (const id of ids ?? Object.keys(bots)) bots[id] = closed(bots[id]);
  return { all: ids === null ? closed(state.all) : state.all, bots };
}
