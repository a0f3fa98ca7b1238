import type { RecoveredState } from './recoveredState.ts';
import { createRecoveryFold, type RecoveryFoldState, type RowSource } from './recoveryFold.ts';

export type { RowSource } from './recoveryFold.ts';

/**
 * What was under way when the core of these rows ended: a function of the rows alone, so that reading them twice gives
 * the same state. Orders without a final report, attempts without a closing row, looks without an end, counters.
 *
 * @param saved  where a fold over the same run stood: then only the rows behind it are read
 */
export function recoverState(source: RowSource, saved?: RecoveryFoldState): RecoveredState {
  const fold = createRecoveryFold(saved);
  fold.take(source);
  return fold.result();
}
