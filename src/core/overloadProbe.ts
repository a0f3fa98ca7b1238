import type { Clock } from '../domain/ports.ts';
import type { InputPayload } from './inputs.ts';
import type { OverloadCause } from './overload.ts';

/** Both figures are read so often; the delay's p99 is that of the reading before. */
export const OVERLOAD_WINDOW_MS = 5_000;
/** One slow window is a pause; two in a row are an overload, or one that lies so far beyond the limit. */
const WINDOWS_OVER = { event_loop: 2, journal: 1 } as const satisfies Record<OverloadCause, number>;
const AT_ONCE_FACTOR = 5;
/** An overload is over after this time within the limit. */
export const OVERLOAD_CALM_MS = 10_000;

export interface OverloadProbe {
  stop(): void;
}

/**
 * Watches how late the core's thread and its journal are, and tells the core when that begins and ends. It reads clocks,
 * so it stands outside the door: what it finds is an input, and a replay closes and opens at the same places.
 *
 * @param figures  in ms, read once per window: p99 of the event loop's delay since the last reading; age of the oldest
 *                 row without a commit, 0 = none
 */
export function startOverloadProbe(deps: {
  readonly clock: Clock;
  readonly figures: Readonly<Record<OverloadCause, () => number>>;
  readonly limitsMs: Readonly<Record<OverloadCause, number>>;
  admit(payload: InputPayload): void;
}): OverloadProbe {
  const { clock } = deps;
  const watches = (Object.keys(deps.figures) as OverloadCause[]).map((cause) => ({
    cause,
    watch: createOverloadWatch(deps.limitsMs[cause], WINDOWS_OVER[cause]),
  }));
  const cancel = clock.every(OVERLOAD_WINDOW_MS, () => {
    for (const { cause, watch } of watches) {
      const valueMs = deps.figures[cause]();
      const news = watch.note(valueMs, clock.nowMs());
      if (news === 'began') deps.admit({ type: 'overload.began', cause, valueMs, limitMs: deps.limitsMs[cause] });
      else if (news === 'ended') deps.admit({ type: 'overload.ended', cause, calmMs: OVERLOAD_CALM_MS });
    }
  });
  return { stop: cancel };
}

/**
 * Begins when so many figures in a row are over the limit, or one is far over it, and ends after a stretch without any:
 * it does not flap with each reading.
 */
export function createOverloadWatch(limitMs: number, windowsOver: number) {
  let overloaded = false;
  let inARow = 0;
  let lastOverMs = Number.NEGATIVE_INFINITY;
  return {
    note(valueMs: number, nowMs: number): 'began' | 'ended' | null {
      const isOver = valueMs > limitMs;
      inARow = isOver ? inARow + 1 : 0;
      if (isOver) lastOverMs = nowMs;
      if (!overloaded && isOver && (inARow >= windowsOver || valueMs > AT_ONCE_FACTOR * limitMs)) {
        overloaded = true;
        return 'began';
      }
      if (!overloaded || isOver || nowMs - lastOverMs < OVERLOAD_CALM_MS) return null;
      overloaded = false;
      return 'ended';
    },
  };
}
