import type { CancelTimer, Clock } from '../domain/ports.ts';

/** A clock for tests of the world alone: `advance` runs due timers in order, synchronously. */
export interface SteppedClock extends Clock {
  advance(ms: number): void;
  pendingTimers(): number;
}

export function createSteppedClock(startMs = Date.UTC(2026, 0, 5, 14, 30)): SteppedClock {
  let nowMs = startMs;
  let order = 0;
  const timers: { readonly dueMs: number; readonly order: number; readonly fn: () => void; live: boolean }[] = [];

  const after = (delayMs: number, fn: () => void): CancelTimer => {
    order += 1;
    const timer = { dueMs: nowMs + Math.max(0, delayMs), order, fn, live: true };
    let index = timers.length;
    // Latest first, so that the next one is popped; an equal time keeps the order of arming.
    while (index > 0 && timers[index - 1]!.dueMs <= timer.dueMs) index -= 1;
    timers.splice(index, 0, timer);
    return () => {
      timer.live = false;
    };
  };

  return {
    nowMs: () => nowMs,
    after,
    every(periodMs, fn) {
      let cancel: CancelTimer;
      let live = true;
      const tick = () => {
        cancel = after(periodMs, tick);
        if (live) fn();
      };
      cancel = after(periodMs, tick);
      return () => {
        live = false;
        cancel();
      };
    },
    pendingTimers: () => timers.filter(({ live }) => live).length,
    advance(ms) {
      const untilMs = nowMs + ms;
      for (let next = timers.at(-1); next !== undefined && next.dueMs <= untilMs; next = timers.at(-1)) {
        timers.pop();
        nowMs = next.dueMs;
        if (next.live) next.fn();
      }
      nowMs = untilMs;
    },
  };
}
