import type { LatchState } from '../domain/control.ts';
import type { VenueEndpoints } from '../domain/ports.ts';
import type { CoreBoot, CoreStatus } from './coreMessages.ts';
import type { RescuePlan } from './rescueProcess.ts';
import type { SimPlan } from './simProcess.ts';

export interface GuardianPlan {
  readonly coreEntry: string;
  /** How the simulator is started; null when the venues are not embedded or the clock is virtual. */
  readonly sim: SimPlan | null;
  /** Who cancels what is ours at the venues after the death of a core; null where no order can be open. */
  readonly rescue: RescuePlan | null;
  /** Boot data but for what the guardian fills in; its drills are those of the run. */
  readonly boot: Omit<CoreBoot, 'incarnation' | 'endpoints'>;
  /** Bounded run on the wall clock, ms from the first readiness, counted over restarts. */
  readonly forMs: number | null;
  /** Deaths of the core after which it is started again; null = 3 within 60 s. A harness that kills it asks for more. */
  readonly coreRestarts?: { readonly most: number; readonly withinMs: number } | null;
  /** The latch file says that everything is killed: read, since a core that spins tells nothing. */
  isKilled(): boolean;
  /** Adds closures to the latch file, durably; called only while no core lives. @throws the system's error */
  writeHeld(held: LatchState): void;
}

export interface GuardianEvents {
  simReady(endpoints: VenueEndpoints): void;
  incarnationStarted(incarnation: number): void;
  listening(address: string, corePid: number, incarnation: number): void;
  /** @param sinceDeathMs from the death of the core before it; null for the first */
  ready(incarnation: number, sinceDeathMs: number | null): void;
  notice(line: string): void;
  status(status: CoreStatus): void;
  progress(doneMs: number, totalMs: number): void;
  /** Second request to stop: what stays open. */
  forced(openOrders: number): void;
  /** The restarts are spent: closes every permit. @returns what became of that, for the result's message */
  halted(reason: string): string;
}

export interface GuardianResult {
  /** clean: stopped as asked, nothing open. unknown: stopped, but orders may be open. failed: could not go on. */
  readonly ended: 'clean' | 'unknown' | 'failed';
  readonly message: string;
  /** Last status of each incarnation, in order. */
  readonly statuses: readonly CoreStatus[];
  readonly coreDeaths: number;
}

export interface Guardian {
  readonly result: Promise<GuardianResult>;
  /** First call: orderly stop. Second: everything ends now. */
  stop(reason: string): void;
}
