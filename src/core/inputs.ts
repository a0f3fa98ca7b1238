import type { PlainError } from '../domain/errors.ts';
import type { Balance, LookupOutcome, OrderReport, PlaceOutcome } from '../domain/orders.ts';
import type { ArbEvaluation } from '../strategies/arb/arbEvaluation.ts';

/** Who closed a permit, when and why. */
export interface Closure {
  readonly reason: string;
  readonly by: string;
  readonly atMs: number;
}

/** The permit latch as its file states it: `all` and each bot that is closed. Absent = open. */
export interface LatchState {
  readonly all: Closure | null;
  readonly bots: Readonly<Record<string, Closure>>;
}

export type ExitReason =
  | { readonly kind: 'normal' }
  | { readonly kind: 'shutdown' }
  | { readonly kind: 'killed' }
  | { readonly kind: 'crash'; readonly error: PlainError };

export interface ControlMessage {
  /** Idempotency key: the same id is answered again, not done again. */
  readonly id: string;
  readonly action: string;
  /** A tree id, or `arb:SOL` for a bot; absent = every bot. */
  readonly target?: string;
  readonly reason: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly by: string;
  readonly from: string;
}

/** Everything that can reach the core. Nothing else is read while an input is handled. */
export type InputPayload =
  | {
      readonly type: 'core.started';
      readonly incarnation: number;
      readonly latch: LatchState;
      /** Highest row sequence per journal table so far in this run, so that a next incarnation continues them. */
      readonly lastSeq: Readonly<Record<string, number>>;
    }
  | { readonly type: 'core.stopping'; readonly reason: string }
  | { readonly type: 'child.started'; readonly child: string; readonly incarnation: number }
  | { readonly type: 'child.failed'; readonly child: string; readonly incarnation: number; readonly error: PlainError }
  | { readonly type: 'child.exited'; readonly child: string; readonly incarnation: number; readonly reason: ExitReason }
  | { readonly type: 'signal.arb'; readonly lane: string; readonly evaluation: ArbEvaluation }
  | { readonly type: 'timer.due'; readonly timer: string }
  | { readonly type: 'order.placed'; readonly clientOrderId: string; readonly answer: PlaceOutcome }
  | { readonly type: 'order.refused'; readonly clientOrderId: string; readonly reason: string }
  /** The order's final fate, by query or stream; `found: unknown` when the deadline of the resolution passed. */
  | { readonly type: 'order.resolved'; readonly clientOrderId: string; readonly answer: LookupOutcome }
  | {
      readonly type: 'reconciled';
      readonly balances: readonly Balance[];
      readonly openOrders: readonly OrderReport[];
      readonly failures: readonly string[];
    }
  | { readonly type: 'control'; readonly message: ControlMessage }
  | { readonly type: 'latch.changed'; readonly latch: LatchState; readonly cause: ControlMessage };

export interface Input {
  readonly seq: number;
  readonly timeMs: number;
  readonly source: string;
  readonly payload: InputPayload;
}
