import type { LatchState } from '../domain/control.ts';
import type { VenueEndpoints } from '../domain/ports.ts';

/** All that a core incarnation needs to start. Sent over IPC as its first message. */
export interface CoreBoot {
  readonly incarnation: number;
  readonly run: string;
  readonly runTag: string;
  readonly runDir: string;
  readonly dataDir: string;
  readonly clock: 'wall' | 'virtual';
  /** The resolved settings; the composition root knows their type. */
  readonly settings: unknown;
  readonly kernel: unknown;
  readonly port: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly endpoints: VenueEndpoints | null;
  readonly version: string;
  readonly codeHash: string;
  readonly configHash: string;
  /** Length of a virtual run, ms; on the wall clock the guardian keeps the time. */
  readonly forMs: number | null;
  /** Those that this incarnation has to act out. */
  readonly drills: readonly Drill[];
  /** Virtual runs: faults of the embedded venues; the composition root knows their type. Absent = none. */
  readonly faults?: unknown;
  /** Closed permits that the guardian has and the latch file lacks, since the disk was full; absent or null = none. */
  readonly held?: LatchState | null;
}

/** A fault on purpose, given with the start: once per run, whatever incarnation it falls into. */
export interface Drill {
  /** Its number among the drills of the run. */
  readonly id: number;
  /** From the start of the incarnation that is given it. */
  readonly atMs: number;
  readonly target: string;
  /** Absent = crash. */
  readonly mode?: string;
}

/** Argument of a core process that is to load its threads before it hears what to be. */
export const WARM = '--warm';

export type ToCore =
  /** `guardianFd`: the descriptor under which the core finds its own pipe to the guardian. */
  | { readonly type: 'boot'; readonly boot: CoreBoot; readonly guardianFd: number | null }
  | { readonly type: 'stop'; readonly reason: string };

/** Totals of one incarnation's feeds, and its tree, as the summary shows them. */
export interface CoreStatus {
  readonly tree: unknown;
  readonly restarts: number;
  readonly feeds: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly bots: readonly {
    readonly id: string;
    readonly state: string;
    readonly looks: number;
    readonly near: number;
    readonly auto: number;
    readonly go: number;
    readonly trades: number;
    readonly permit: string;
    readonly net: number;
    readonly last: string;
  }[];
  readonly openOrders: number;
}

export type FromCore =
  /** The control plane answers. */
  | { readonly type: 'listening'; readonly address: string }
  /** Every child of the tree has started. */
  | { readonly type: 'ready' }
  /** The main thread turns; see `coreWatchdog.ts`. */
  | { readonly type: 'beat' }
  | { readonly type: 'notice'; readonly line: string }
  /** A drill begins: no later incarnation acts it out again. */
  | { readonly type: 'drilled'; readonly id: number }
  | { readonly type: 'status'; readonly status: CoreStatus }
  | { readonly type: 'progress'; readonly doneMs: number; readonly totalMs: number }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  /** `escalated`: the supervision tree gave up. */
  | { readonly type: 'stopped'; readonly clean: boolean; readonly escalated: boolean; readonly openOrders: number };

/** Who runs a core: the process of its own that the guardian starts, or, for debugging, the very process of the command. */
export interface CoreHost {
  send(message: FromCore): void;
  /** Somebody is there who starts this core again. */
  isGuarded(): boolean;
  /** The core's own pipe to the guardian (`latchHold.ts`); absent or null = there is none. */
  readonly guardianFd?: number | null;
  /** The core is done: nothing of it runs any more, or nothing of it may go on (exit code 1). */
  leave(exitCode: 0 | 1): void;
  onStoppable(stop: (reason: string) => void): void;
}

/** Builds a core and starts it; one on the virtual clock is over when this resolves. `src/composeCore.ts`. */
export type ComposeCore = (boot: CoreBoot, host: CoreHost) => Promise<void>;
