import type { Clock } from '../domain/ports.ts';

/** How often the core's main thread says that it turns. */
export const BEAT_EVERY_MS = 250;
/** From here on a silence may be one that ends the core: the rescue gets ready meanwhile. */
export const UNEASY_MS = 500;
/** A core silent for so long spins or hangs, and is ended. */
export const CORE_SILENT_MS = 2000;
/** The same after a kill: what the core should cancel and does not, the rescue has to. */
export const KILLED_SILENT_MS = 750;
/** A core reads its journal back before it beats for the first time. */
export const FIRST_BEAT_MS = 30_000;

export interface CoreWatchdog {
  beat(): void;
  stop(): void;
}

export interface CoreWatch {
  /** Asked only while the core is silent. */
  isKilled(): boolean;
  onUneasy(): void;
  /** Once. @param silentMs for how long it had not beaten */
  onSilent(silentMs: number): void;
}

/**
 * Judges the core by its beats. It counts its own ticks, not the time: a machine that held the guardian back as well (a
 * suspended laptop, a starved CPU) must not cost a healthy core its life.
 */
export function createCoreWatchdog(clock: Clock, watch: CoreWatch): CoreWatchdog {
  let silentTicks = 0;
  let hasBeaten = false;
  const limitMs = () => {
    if (!hasBeaten) return FIRST_BEAT_MS;
    return watch.isKilled() ? KILLED_SILENT_MS : CORE_SILENT_MS;
  };
  const stop = clock.every(BEAT_EVERY_MS, () => {
    silentTicks += 1;
    const silentMs = silentTicks * BEAT_EVERY_MS;
    if (silentMs < UNEASY_MS) return;
    if (hasBeaten && silentMs === UNEASY_MS) watch.onUneasy();
    if (silentMs < limitMs()) return;
    stop();
    watch.onSilent(silentMs);
  });
  return {
    beat() {
      silentTicks = 0;
      hasBeaten = true;
    },
    stop,
  };
}
