import type { PlainError } from '../domain/errors.ts';
import type { CancelTimer, Clock } from '../domain/ports.ts';
import { readPulse } from './threadPulse.ts';

export interface WatchLimits {
  /** How often the thread beats, and how often the watchdog looks. */
  readonly beatMs: number;
  /** CPU time that a thread may use up between two beats: beyond it, it spins. Does not depend on the machine's load. */
  readonly spinCpuMs: number;
  /** For how long a silent thread may use no CPU: it is blocked, which can pass. */
  readonly blockedMs: number;
  /** Loading its code and opening what it works with come before the first beat. */
  readonly firstBeatMs: number;
}

/** On a quiet machine its replacement runs within half a second of its last beat. */
export const LANE_WATCH: WatchLimits = { beatMs: 25, spinCpuMs: 150, blockedMs: 5000, firstBeatMs: 10_000 };
/** Edge and gateway have turns that take long: a large scrape, a venue's list of markets. */
export const SERVICE_WATCH: WatchLimits = { beatMs: 100, spinCpuMs: 1000, blockedMs: 10_000, firstBeatMs: 60_000 };
/** The journal may be handed everything that waited for it in one message. */
export const JOURNAL_WATCH: WatchLimits = { beatMs: 100, spinCpuMs: 5000, blockedMs: 15_000, firstBeatMs: 60_000 };

/** Looks without a beat before anything is asked: a single late beat is no news. */
const LOOKS_BEFORE_ASKING = 3;
/** A thread with a larger share of a CPU than this works, however slowly: it is starved, and not blocked. */
const WORKING_SHARE = 0.02;

export interface Silence {
  readonly kind: 'spins' | 'blocked' | 'never beat';
  /** In looks of the watchdog: the time in which it ran itself. */
  readonly silentMs: number;
  /** Used since the last beat; null where it was not asked. */
  readonly cpuMs: number | null;
}

/**
 * Calls `onSilent` once when the thread's beats stop. Beats and looks are counted, not timed, and a watchdog that did not
 * run judges nobody: a machine without time for us must not cost a healthy thread its life.
 *
 * @param cpuUs  CPU time of the thread so far, µs; may never answer while the thread is inside a system call
 */
export function watchPulse(
  { clock, pulse, limits, cpuUs }: PulseWatch,
  onSilent: (silence: Silence) => void,
): CancelTimer {
  let seenBeats = 0;
  /** Since the last beat; and those of them since it was last seen at work. */
  let looks = 0;
  let idleLooks = 0;
  let seenCpuUs = 0;
  let asking = false;
  let over = false;
  const cancel = clock.every(limits.beatMs, look);
  const end = (kind: Silence['kind'], cpuMs: number | null) => {
    if (over) return;
    stop();
    onSilent({ kind, silentMs: looks * limits.beatMs, cpuMs });
  };
  const stop = () => {
    over = true;
    cancel();
  };

  function look(): void {
    const { beats, cpuUs: cpuAtBeatUs } = readPulse(pulse);
    if (beats !== seenBeats) {
      seenBeats = beats;
      seenCpuUs = cpuAtBeatUs;
      looks = 0;
      idleLooks = 0;
      return;
    }
    looks += 1;
    idleLooks += 1;
    if (beats === 0) {
      if (looks * limits.beatMs >= limits.firstBeatMs) end('never beat', null);
    } else if (idleLooks * limits.beatMs >= limits.blockedMs) end('blocked', null);
    else if (looks >= LOOKS_BEFORE_ASKING && !asking) ask();
  }

  function ask(): void {
    asking = true;
    cpuUs().then(
      (usedUs) => {
        asking = false;
        const latest = readPulse(pulse);
        // It beat while we asked.
        if (latest.beats !== seenBeats) return;
        const idleUs = idleLooks * limits.beatMs * 1000;
        if (usedUs - seenCpuUs >= WORKING_SHARE * idleUs) {
          seenCpuUs = usedUs;
          idleLooks = 0;
        }
        const cpuMs = Math.round((usedUs - latest.cpuUs) / 1000);
        if (cpuMs >= limits.spinCpuMs) end('spins', cpuMs);
      },
      () => {
        asking = false;
      },
    );
  }

  return stop;
}

export interface PulseWatch {
  readonly clock: Clock;
  readonly pulse: SharedArrayBuffer;
  readonly limits: WatchLimits;
  cpuUs(): Promise<number>;
}

/** What the supervisor is told of a thread that was ended for it. */
export function silenceError(thread: string, silence: Silence): PlainError {
  return { code: 'thread.lost', message: silenceText(thread, silence), details: { thread, ...silence } };
}

function silenceText(thread: string, { kind, silentMs, cpuMs }: Silence): string {
  if (kind === 'spins') return `${thread} spins: ${cpuMs} ms of CPU time without a beat; it was ended`;
  if (kind === 'never beat') return `${thread} did not begin its work within ${silentMs / 1000} s; it was ended`;
  return `${thread} hangs: no beat for ${silentMs / 1000} s; it was ended`;
}
