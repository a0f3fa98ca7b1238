import type { ChaosMode } from './chaosReport.ts';

import type { PlannedFault } from './faultPlan.ts';

/**
 * A run that once broke something. It is played again in the tests; its seed holds the whole of it, and the plan too where
 * the run has to outlive a change of how plans are made.
 */
export interface ChaosRegression {
  readonly seed: number;
  readonly mode: ChaosMode;
  readonly minutes: number;
  readonly plan?: readonly PlannedFault[];
  /** What it broke. */
  readonly broke: string;
}

export const CHAOS_REGRESSIONS: readonly ChaosRegression[] = [];
