import { type ErrorCode, type PlainError, recoveryByCode, toPlainError } from '../domain/errors.ts';
import type { ExitReason } from '../domain/exitReason.ts';
import type { CancelTimer, Clock } from '../domain/ports.ts';

/**
 * A lane that has not beaten for this long is spinning or dead. Its beat is 50 ms; the rest is room for two cores that
 * are busy with other things.
 */
export const LANE_SILENT_MS = 2000;

/** What we did to end it, if anything. */
export type LaneAsked = 'nothing' | 'stop' | 'kill' | 'silent';

/** @param error what the task was rejected with; null = it returned */
export function laneExitReason(lane: string, asked: LaneAsked, error: unknown): ExitReason {
  if (asked === 'kill') return { kind: 'killed' };
  if (asked === 'silent') {
    const message = `${lane} gave no sign of life in time and was ended`;
    return { kind: 'crash', error: { code: 'thread.lost', message, details: { lane } } };
  }
  if (error !== null) return { kind: 'crash', error: plainOf(error) };
  return { kind: asked === 'stop' ? 'shutdown' : 'normal' };
}

/** An error that crossed the thread boundary keeps its code as a plain property, but not its class. */
function plainOf(error: unknown): PlainError {
  const plain = toPlainError(error, 'thread.lost');
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && Object.hasOwn(recoveryByCode, code)
    ? { ...plain, code: code as ErrorCode }
    : plain;
}

/**
 * Calls `onSilent` when the beats (Int32 word 0) stop. They are counted, not timed: clocks of two threads are never
 * compared. Before the first beat the start deadline rules.
 */
export function watchHeartbeat(clock: Clock, heartbeat: SharedArrayBuffer, onSilent: () => void): CancelTimer {
  const word = new Int32Array(heartbeat);
  let seen = 0;
  let seenAtMs = clock.nowMs();
  return clock.every(LANE_SILENT_MS / 4, () => {
    const beats = Atomics.load(word, 0);
    const now = clock.nowMs();
    if (beats === 0 || beats !== seen) {
      seen = beats;
      seenAtMs = now;
    } else if (now - seenAtMs > LANE_SILENT_MS) {
      onSilent();
    }
  });
}
