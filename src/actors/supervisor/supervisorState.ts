import type { PlainError } from '../../domain/errors.ts';
import type { ExitReason } from '../../domain/exitReason.ts';
import { type BackoffMemory, NO_RESTARTS } from './backoff.ts';
import type { ChildSpec, SupervisorConfig } from './childSpec.ts';
import { ChildTable, type ReadonlyChildTable } from './childTable.ts';
import type { RestartEntry } from './restartBudget.ts';

export type ChildPhase = 'stopped' | 'starting' | 'running' | 'stopping' | 'backingOff';

/** Who wants the start: decides what its failure means (`add` and `api` are answered, the rest is retried). */
export type StartPurpose = 'supervisor' | 'api' | 'add';

/** A manual call that is answered when the child has started or ended. */
export interface Waiter {
  readonly ref: string;
  readonly until: 'started' | 'ended';
}

export interface ChildState {
  readonly spec: ChildSpec;
  readonly phase: ChildPhase;
  /** Number of the newest start, 0 before the first. */
  readonly incarnation: number;
  readonly purpose: StartPurpose;
  /** When the running incarnation came up; null while none runs. */
  readonly startedAtMs: number | null;
  readonly everStarted: boolean;
  /** Extra information that the start answered with. */
  readonly info: unknown;
  readonly backoff: BackoffMemory;
  readonly backoffDueMs: number | null;
  /** A crash whose restart has not succeeded yet. */
  readonly unrecovered: boolean;
  readonly lastError: PlainError | null;
  /** How the running stop was asked for. */
  readonly stopHow: 'ask' | 'kill' | null;
  /** The operator ended it: its end is no crash, and a temporary child's spec goes with it. */
  readonly stoppedByApi: boolean;
  readonly startAfterStop: boolean;
  readonly waiters: readonly Waiter[];
}

/** A walk over several children: all at first start, a range of them in a cycle. */
export interface Walk {
  /** Leftmost child of the range. */
  readonly fromId: string;
  readonly stage: 'stop' | 'wait' | 'start';
  /** False while the crashed child's backoff runs. */
  readonly due: boolean;
  /** The range, left to right. */
  readonly ids: readonly string[];
  /** Index in `ids`: of the rightmost that may still have to be stopped, or of the next to be started. */
  readonly at: number;
  /** The child that it waits for was ended by hand: what is not stopped yet will be, and nothing is started. */
  readonly abandoned?: true;
}

/** Why the supervisor ends. `error` names what went wrong; its reason towards its parent is `shutdown` all the same. */
export interface Ending {
  readonly cause: 'stopped' | 'killed' | 'gaveUp' | 'startFailed' | 'autoShutdown';
  readonly error: PlainError | null;
}

export interface SupervisorState {
  readonly config: SupervisorConfig;
  readonly incarnation: number;
  readonly phase: 'new' | 'starting' | 'running' | 'stopping' | 'ended';
  /** In start order. */
  readonly children: ReadonlyChildTable;
  readonly restarts: readonly RestartEntry[];
  readonly walk: Walk | null;
  readonly ending: Ending | null;
  /** While it ends: its children left to right, and the rightmost that may still have to be stopped. */
  readonly lastStops: { readonly ids: readonly string[]; readonly at: number } | null;
}

/**
 * A supervisor before its start event.
 * @param incarnationsBefore  highest incarnation per child so far, so that numbers are never used twice
 */
export function createSupervisorState(
  config: SupervisorConfig,
  incarnation = 1,
  incarnationsBefore: (childId: string) => number = () => 0,
): SupervisorState {
  const specs = config.strategy === 'dynamic' ? [] : config.children;
  return {
    config,
    incarnation,
    phase: 'new',
    children: new ChildTable(specs.map((spec) => createChildState(spec, incarnationsBefore(spec.id)))),
    restarts: [],
    walk: null,
    ending: null,
    lastStops: null,
  };
}

export function createChildState(spec: ChildSpec, incarnation = 0): ChildState {
  return {
    spec,
    phase: 'stopped',
    incarnation,
    purpose: 'supervisor',
    startedAtMs: null,
    everStarted: false,
    info: undefined,
    backoff: NO_RESTARTS,
    backoffDueMs: null,
    unrecovered: false,
    lastError: null,
    stopHow: null,
    stoppedByApi: false,
    startAfterStop: false,
    waiters: [],
  };
}

/** Has something that could still run: a next incarnation must wait for its reported end. */
export const isAlive = (child: ChildState): boolean =>
  child.phase === 'starting' || child.phase === 'running' || child.phase === 'stopping';

/** A dynamic supervisor has one spec, its template, however many instances. @source Erlang/OTP supervisor:count_children/1 */
export function countChildren(state: SupervisorState) {
  const children = [...state.children.values()];
  const supervisors = children.filter((child) => child.spec.type === 'supervisor').length;
  const active = children.filter(isAlive).length;
  const specs = state.config.strategy === 'dynamic' ? 1 : children.length;
  return { specs, active, supervisors, workers: children.length - supervisors };
}

export interface ChildInfo {
  readonly id: string;
  readonly handle: number | 'restarting' | null;
  readonly type: ChildSpec['type'];
}

/** Children in reverse start order; `handle` is the live incarnation. @source Erlang/OTP supervisor:which_children/1 */
export function whichChildren(state: SupervisorState): readonly ChildInfo[] {
  return [...state.children.values()].reverse().map((child) => ({
    id: child.spec.id,
    handle: child.phase === 'backingOff' ? 'restarting' : isAlive(child) ? child.incarnation : null,
    type: child.spec.type,
  }));
}

/** An end that a permanent child is restarted after, but a transient one is not. */
export const isCleanEnd = (reason: ExitReason): boolean => reason.kind === 'normal' || reason.kind === 'shutdown';
