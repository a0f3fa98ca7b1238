import type { KernelConfig } from '../../src/core/kernelTypes.ts';
import type { RecoveredState } from '../../src/core/recovery/recoveredState.ts';
import type { VirtualClock } from '../../src/core/virtualClock.ts';
import type { TradePort } from '../../src/domain/orders.ts';
import type { Logger, Random, VenueEndpoints } from '../../src/domain/ports.ts';
import type { SimWorld } from '../../src/sim/simWorld.ts';
import type { ChaosDisk } from './chaosDisk.ts';
import type { LatchFile } from './chaosEdge.ts';
import type { LatchWatch } from './latchWatch.ts';
import type { RowTap } from './rowTap.ts';
import type { SometimesPoint } from './sometimes.ts';
import type { VenueFaults } from './venueFaults.ts';

/** Where a test breaks the runtime on purpose, to see the harness notice. */
export interface Sabotage {
  readonly wrapPort?: (port: TradePort) => TradePort;
  readonly editRecovered?: (found: RecoveredState) => RecoveredState;
  /** The gateway reads another latch than the one that the edge writes, and the core is not told. */
  readonly ignoredLatch?: boolean;
}

/** What outlives every core: the world, its faults, the disk, and the bookkeeping of the judge. */
export interface ChaosHouse {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly world: SimWorld;
  readonly endpoints: VenueEndpoints;
  readonly venueFaults: VenueFaults;
  readonly kernel: KernelConfig;
  readonly runDir: string;
  readonly disk: ChaosDisk;
  readonly latchFile: LatchFile;
  readonly watch: LatchWatch;
  readonly heardIds: Set<string>;
  readonly tap: RowTap;
  readonly log: Logger;
  readonly sabotage: Sabotage;
  reached(point: SometimesPoint): void;
}
