import type { CancelTimer, Clock } from '../domain/ports.ts';
import { actOut, THREAD_DRILLS, type ThreadDrill } from './threadDrill.ts';

/**
 * What one incarnation of a thread says of itself in shared memory, and hears there:
 *
 *     Int32 0 beats   Int32 1 the drill that is asked for (0 = none)   Float64 1 CPU time at the latest beat, µs
 *
 * The CPU time is what tells a thread that spins from one that the machine does not let run.
 */
const BEATS_WORD = 0;
const DRILL_WORD = 1;
const CPU_WORD = 1;
const PULSE_BYTES = 16;

/** Made anew for each incarnation, so that a dead thread's beats never speak for its successor. */
export const createPulse = () => new SharedArrayBuffer(PULSE_BYTES);

/** In the thread itself, once it can do its work: the first beat says so. The timer is the caller's clock's. */
export function startPulse(pulse: SharedArrayBuffer, clock: Clock, everyMs: number): CancelTimer {
  const words = new Int32Array(pulse);
  const cpu = new Float64Array(pulse);
  const beat = () => {
    const { user, system } = process.threadCpuUsage();
    cpu[CPU_WORD] = user + system;
    Atomics.add(words, BEATS_WORD, 1);
    const drill = THREAD_DRILLS[Atomics.exchange(words, DRILL_WORD, 0) - 1];
    if (drill !== undefined) actOut(drill, beat);
  };
  beat();
  return clock.every(everyMs, beat);
}

/** In another thread. `cpuUs` is read after `beats`, so it is never older than that beat. */
export function readPulse(pulse: SharedArrayBuffer): { readonly beats: number; readonly cpuUs: number } {
  const beats = Atomics.load(new Int32Array(pulse), BEATS_WORD);
  return { beats, cpuUs: new Float64Array(pulse)[CPU_WORD]! };
}

/** Asks the thread to misbehave at its next beat. */
export function askForDrill(pulse: SharedArrayBuffer, drill: ThreadDrill): void {
  Atomics.store(new Int32Array(pulse), DRILL_WORD, THREAD_DRILLS.indexOf(drill) + 1);
}
