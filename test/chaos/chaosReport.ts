import type { Sabotage } from './chaosHouse.ts';
import type { PlannedFault } from './faultPlan.ts';
import type { SometimesCounts } from './sometimes.ts';

export type ChaosMode = 'safety' | 'liveness';

export interface ChaosOptions {
  readonly seed: number;
  readonly mode: ChaosMode;
  /** Virtual minutes of faults; what follows until the end comes on top. */
  readonly minutes: number;
  readonly sabotage?: Sabotage;
  /** Instead of the one made from the seed. */
  readonly plan?: readonly PlannedFault[];
  /** Nobody repairs anything once the faults are over. */
  readonly unattended?: boolean;
  /** Keeps the run's folder also when it passed. */
  readonly keep?: boolean;
}

export interface Broken {
  readonly invariant: string;
  readonly detail: string;
  /** Virtual time since the start. */
  readonly atMs: number;
  readonly inputSeq: number;
}

export interface ChaosReport {
  readonly seed: number;
  readonly mode: ChaosMode;
  readonly plan: readonly PlannedFault[];
  /** The first one; null = everything held. */
  readonly broken: Broken | null;
  readonly faults: Readonly<Record<string, number>>;
  readonly restarts: Readonly<Record<string, number>>;
  readonly points: SometimesCounts;
  readonly coreDeaths: number;
  /** The crash that spent the last restart of a tree; null = no tree gave up. */
  readonly gaveUpBecause: string | null;
  readonly orders: number;
  /** When opening orders left, virtual ms since the start. */
  readonly openedAtMs: readonly number[];
  readonly fills: number;
  readonly attempts: number;
  readonly unknownsResolved: number;
  readonly checks: number;
  readonly virtualMs: number;
  /** From the end of the faults until nothing was under way; null = never. */
  readonly restMs: number | null;
  readonly hashes: string;
  /** Where the journal is, when it was kept. */
  readonly runDir: string | null;
}
