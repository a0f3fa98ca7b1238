import type { Clock } from '../domain/ports.ts';

/** The clock, with callbacks that cannot end the thread by throwing: in the edge that would take the way to stop along. */
export function guardedClock(clock: Clock, onError: (error: unknown) => void): Clock {
  const guarded = (callback: () => void) => () => {
    try {
      callback();
    } catch (error) {
      onError(error);
    }
  };
  return {
    nowMs: () => clock.nowMs(),
    after: (delayMs, callback) => clock.after(delayMs, guarded(callback)),
    every: (periodMs, callback) => clock.every(periodMs, guarded(callback)),
  };
}
