import type { CancelTimer, Clock } from '../domain/ports.ts';

/** A view of a clock that knows its own timers, so that a whole world can be stopped without asking each of its parts. */
export interface OwnedClock extends Clock {
  /** Cancels every timer; later ones are never armed. */
  stop(): void;
}

export function createOwnedClock(clock: Clock): OwnedClock {
  const timers = new Set<CancelTimer>();
  let stopped = false;

  const own = (arm: (ended: () => void) => CancelTimer): CancelTimer => {
    if (stopped) return () => {};
    const forget = () => timers.delete(cancel);
    const cancelTimer = arm(forget);
    const cancel = () => {
      forget();
      cancelTimer();
    };
    timers.add(cancel);
    return cancel;
  };

  return {
    nowMs: () => clock.nowMs(),
    after: (delayMs, fn) =>
      own((ended) =>
        clock.after(delayMs, () => {
          ended();
          fn();
        }),
      ),
    every: (periodMs, fn) => own(() => clock.every(periodMs, fn)),
    stop() {
      stopped = true;
      for (const cancel of [...timers]) cancel();
    },
  };
}
