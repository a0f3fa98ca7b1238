import { type ErrorCode, type PlainError, recoveryByCode, toPlainError } from '../domain/errors.ts';
import type { ExitReason } from '../domain/exitReason.ts';
import { type Silence, silenceError } from './threadWatchdog.ts';

/** What we did to end it, if anything. */
export type LaneAsked = 'nothing' | 'stop' | 'kill' | Silence;

/** @param error what the task was rejected with; null = it returned */
export function laneExitReason(lane: string, asked: LaneAsked, error: unknown): ExitReason {
  if (asked === 'kill') return { kind: 'killed' };
  if (typeof asked === 'object') return { kind: 'crash', error: silenceError(lane, asked) };
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
