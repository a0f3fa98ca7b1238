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

/** Every order of a core that dies right after its sending reaches its venue so late. */
export const lateOrdersOfDeadCores = (delayMs: number): readonly PlannedFault[] => [
  ...(['okx', 'binance', 'bybit'] as const).map((venue): PlannedFault => {
    const fault = { kind: 'lateRequest', venue, forMs: 40_000, share: 1, delayMs } as const;
    return { atMs: 8_000, fault: { type: 'venue', fault } };
  }),
  ...[9_000, 12_000, 16_000, 20_000].map(
    (atMs, nth): PlannedFault => ({
      atMs,
      next: { what: 'send', delayMs: nth === 0 ? 1_300 : 3 },
      fault: { type: 'coreDeath', offsetMs: 0 },
    }),
  ),
];

export const CHAOS_REGRESSIONS: readonly ChaosRegression[] = [
  {
    seed: 1,
    mode: 'safety',
    minutes: 0.5,
    plan: lateOrdersOfDeadCores(3_500),
    broke: 'an order filled long after it was denied, as nothing ended its request, and was never booked',
  },
  {
    seed: 1,
    mode: 'safety',
    minutes: 0.5,
    plan: lateOrdersOfDeadCores(1_900),
    broke: 'an order was denied three times before its request could be too late, then it filled',
  },
];
