import type { ErrorCode } from '../domain/errors.ts';
import type { RESTART_REASONS } from './metrics.ts';

/** The label of `nightjar_restarts_total` for a crash with this error. */
export function restartReasonOf(code: ErrorCode, failedToStart = false): (typeof RESTART_REASONS)[number] {
  if (failedToStart) return 'start_failed';
  if (code === 'actor.drill') return 'drill';
  return code === 'thread.lost' ? 'lost' : 'crash';
}
