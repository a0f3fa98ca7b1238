import type { CancelTimer, Clock } from '../domain/ports.ts';

/** Node fires a timer beyond this at once (signed 32-bit milliseconds, 24.8 days), so longer waits are taken in steps. */
const longestTimerMs = 2_147_483_647;

export interface WallClockOptions {
  /** true: pending timers do not keep the thread alive. Default false. */
  readonly unref?: boolean;
}

/**
 * The live clock: epoch of the process plus the monotonic counter, so a step of the system clock never makes time jump
 * or run backwards here (and slow drift against it goes unseen: `doctor` compares with the venues' times).
 */
export function createWallClock(options: WallClockOptions = {}): Clock {
  const unref = options.unref === true;
  const nowMs = () => performance.timeOrigin + performance.now();

  const arm = (delayMs: number, fn: () => void): CancelTimer => {
    if (delayMs <= 0) {
      const immediate = setImmediate(fn);
      if (unref) immediate.unref();
      return () => clearImmediate(immediate);
    }
    // Rounded up: Node cuts the fraction off, and a timer that fires early would see its own deadline in the future.
    const timer = setTimeout(fn, Math.min(Math.ceil(delayMs), longestTimerMs));
    if (unref) timer.unref();
    return () => clearTimeout(timer);
  };

  /** Waits until `dueMs` of our own clock, in as many steps as that takes. */
  const at = (dueMs: number, fn: () => void): CancelTimer => {
    let cancel: CancelTimer;
    const step = () => {
      const leftMs = dueMs - nowMs();
      // Node counts whole milliseconds of its loop: a timer may fire a fraction early, which is on time.
      if (leftMs < 1) fn();
      else cancel = arm(leftMs, step);
    };
    cancel = arm(dueMs - nowMs(), step);
    return () => cancel();
  };

  return {
    nowMs,
    after: (delayMs, fn) => at(nowMs() + finite(delayMs), fn),
    every: (periodMs, fn) => {
      if (!(periodMs > 0)) throw new RangeError(`periodMs ${periodMs}: must be above 0`);
      const startMs = nowMs();
      let beats = 0;
      let cancel: CancelTimer = () => {};
      const next = () => {
        // Beats missed while the thread was busy are skipped, not fired in a burst; the phase stays that of the start.
        beats = Math.max(beats + 1, Math.floor((nowMs() - startMs) / periodMs + 1e-9) + 1);
        cancel = at(startMs + beats * periodMs, () => {
          // Armed before the callback, so that one that throws ends a beat and not the rhythm.
          next();
          fn();
        });
      };
      next();
      return () => cancel();
    },
  };
}

function finite(delayMs: number): number {
  if (Number.isNaN(delayMs) || delayMs === Number.POSITIVE_INFINITY) {
    throw new RangeError(`delayMs ${delayMs}: must be a finite number of milliseconds`);
  }
  return delayMs;
}
