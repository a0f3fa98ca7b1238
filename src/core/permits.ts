import type { LatchState } from './inputs.ts';

/** The core's view of the permit latch. The latch itself is shared memory and a file; the gateway has the last word. */
export interface Permits {
  isOpen(bot: string): boolean;
  isKilled(bot: string): boolean;
  /** Why it is closed, or null. */
  closure(bot: string): { readonly reason: string; readonly by: string } | null;
  update(latch: LatchState): void;
  /** The run is ending: nothing opens any more, whatever the latch says. */
  closeForStop(reason: string): void;
}

export function createPermits(initial: LatchState): Permits {
  let latch = initial;
  let stopping: string | null = null;
  const closure = (bot: string) => {
    if (stopping !== null) return { reason: stopping, by: 'stop' };
    return latch.all ?? latch.bots[bot] ?? null;
  };
  return {
    isOpen: (bot) => closure(bot) === null,
    isKilled: (bot) => [latch.all, latch.bots[bot]].some((entry) => entry?.level === 'kill'),
    closure,
    update(next) {
      latch = next;
    },
    closeForStop(reason) {
      stopping = reason;
    },
  };
}
