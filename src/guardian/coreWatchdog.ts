import type { Clock } from '../domain/ports.ts';

/** How often the core's main thread says that it turns. */
export const BEAT_EVERY_MS = 250;
/** A core silent for so long spins or hangs, and is ended. */
export const CORE_SILENT_MS = 2000;
/** A core reads its journal back before it beats for the first time. */
export const FIRST_BEAT_MS = 30_000;

export interface CoreWatchdog {
  beat(): void;
  stop(): void;
}

/**
 * Calls `onSilent` once when no beat came for the limit. It counts its own ticks, not the time: a machine that held the
 * guardian back as well (a suspended laptop, a starved CPU) must not cost a healthy core its life.
 */
export function createCoreWatchdog(clock: Clock, onSilent: (silentMs: number) => void): CoreWatchdog {
  let silentTicks = 0;
  let limitMs = FIRST_BEAT_MS;
  const stop = clock.every(BEAT_EVERY_MS, () => {
    silentTicks += 1;
    if (silentTicks * BEAT_EVERY_MS < limitMs) return;
    stop();
    onSilent(limitMs);
  });
  return {
    beat() {
      silentTicks = 0;
      limitMs = CORE_SILENT_MS;
    },
    stop,
  };
}
