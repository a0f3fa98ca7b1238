import type { PlainError } from '../../domain/errors.ts';
import type { ExitReason } from '../../domain/exitReason.ts';
import type { Random } from '../../domain/ports.ts';
import type { ChildSpec, ChildSpecInput, SupervisorConfigInput } from './childSpec.ts';
import type { ChildInfo, countChildren, Ending, SupervisorState } from './supervisorState.ts';

/** What a supervisor hears. `ref` names a manual call; its answer comes as a `reply` with the same ref. */
export type SupervisorEvent =
  | { readonly type: 'start' }
  /** `kill` ends all children at once and by force. */
  | { readonly type: 'stop'; readonly how?: 'ask' | 'kill' }
  | { readonly type: 'child.started'; readonly id: string; readonly incarnation: number; readonly info?: unknown }
  /** The start answered "not now": nothing runs, nothing is wrong. */
  | { readonly type: 'child.ignored'; readonly id: string; readonly incarnation: number }
  /** The start failed; nothing of this incarnation runs any more. */
  | { readonly type: 'child.failed'; readonly id: string; readonly incarnation: number; readonly error: PlainError }
  /** `because`: what made a child end by itself with a reason that says nothing (a supervisor that gave up). */
  | {
      readonly type: 'child.exited';
      readonly id: string;
      readonly incarnation: number;
      readonly reason: ExitReason;
      readonly because?: PlainError | undefined;
    }
  | { readonly type: 'timer.due'; readonly key: string }
  /** A new child (for `dynamic`: an instance, `spec.id` its handle, `spec.start` its own arguments or undefined). */
  | {
      readonly type: 'child.add';
      readonly ref: string;
      readonly spec: ChildSpecInput | { readonly id: string; readonly start?: unknown };
      readonly incarnationBefore?: number;
    }
  | { readonly type: 'child.terminate'; readonly ref: string; readonly id: string }
  /** Starts a child that stands still. */
  | { readonly type: 'child.restart'; readonly ref: string; readonly id: string }
  | { readonly type: 'child.delete'; readonly ref: string; readonly id: string }
  /** Orderly stop and start of a child and, by strategy, of its siblings, without spending a restart. */
  | { readonly type: 'child.cycle'; readonly ref: string; readonly id: string }
  /** New flags and specs, nothing started or stopped. */
  | {
      readonly type: 'change';
      readonly ref: string;
      readonly config: SupervisorConfigInput;
      /** Highest incarnation so far of children that are new to the supervisor. */
      readonly incarnationsBefore?: Readonly<Record<string, number>>;
    }
  | { readonly type: 'spec'; readonly ref: string; readonly id: string }
  | { readonly type: 'which'; readonly ref: string }
  | { readonly type: 'count'; readonly ref: string };

export type Refusal =
  | 'already_started'
  | 'already_present'
  | 'not_found'
  | 'running'
  | 'restarting'
  | 'starting'
  | 'stopping'
  | 'not_for_dynamic';

export type ManualResult =
  | { readonly ok: true; readonly incarnation?: number; readonly info?: unknown }
  | { readonly ok: true; readonly spec: ChildSpec }
  | { readonly ok: true; readonly children: readonly ChildInfo[] }
  | { readonly ok: true; readonly count: ReturnType<typeof countChildren> }
  | { readonly ok: false; readonly refusal: Refusal; readonly incarnation?: number }
  | { readonly ok: false; readonly error: PlainError };

export type ReportContext = 'start_error' | 'child_terminated' | 'shutdown_error' | 'shutdown' | 'progress';

/** One line of a supervisor's diary. @source Erlang/OTP supervisor reports */
export interface SupervisorReport {
  readonly supervisor: string;
  readonly context: ReportContext;
  readonly reason: ExitReason | { readonly kind: 'started' | 'reached_max_intensity' | 'auto_shutdown' };
  readonly offender: (Omit<ChildSpec, 'start'> & { readonly incarnation: number }) | null;
  readonly atMs: number;
}

export type SupervisorAction =
  | { readonly type: 'start'; readonly id: string; readonly incarnation: number; readonly start: unknown }
  | { readonly type: 'stop'; readonly id: string; readonly incarnation: number; readonly how: 'ask' | 'kill' }
  | { readonly type: 'arm'; readonly key: string; readonly delayMs: number }
  | { readonly type: 'cancel'; readonly key: string }
  | { readonly type: 'report'; readonly report: SupervisorReport }
  | { readonly type: 'reply'; readonly ref: string; readonly result: ManualResult }
  /** A child ended or failed to start against its will. `nextDelayMs` null: no restart follows. */
  | {
      readonly type: 'crashed';
      readonly id: string;
      readonly incarnation: number;
      readonly error: PlainError;
      readonly restartsInWindow: number;
      readonly nextDelayMs: number | null;
    }
  /** The crashed child runs again. */
  | { readonly type: 'restarted'; readonly id: string; readonly incarnation: number }
  | { readonly type: 'started' }
  | { readonly type: 'ended'; readonly ending: Ending };

export interface DecideEnv {
  readonly nowMs: number;
  readonly random: Pick<Random, 'next'>;
}

export interface Decision {
  readonly state: SupervisorState;
  readonly actions: readonly SupervisorAction[];
}
