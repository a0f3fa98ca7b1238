import type { ControlMessage, LatchState } from '../domain/control.ts';
import type { PlainError } from '../domain/errors.ts';
import type { ExitReason } from '../domain/exitReason.ts';
import type { MarketRules } from '../domain/instruments.ts';
import type { Balance, LookupOutcome, OrderReport, PlaceOutcome } from '../domain/orders.ts';
import type { ArbEvaluation } from '../strategies/arb/arbEvaluation.ts';
import type { OverloadCause } from './overload.ts';
import type { RecoveredState } from './recovery/recoveredState.ts';

export type { Closure, ControlMessage, LatchState } from '../domain/control.ts';
export type { ExitReason } from '../domain/exitReason.ts';

/** Everything that can reach the core. Nothing else is read while an input is handled. */
export type InputPayload =
  | {
      readonly type: 'core.started';
      readonly incarnation: number;
      readonly latch: LatchState;
      /** Highest row sequence per journal table so far in this run, so that a next incarnation continues them. */
      readonly lastSeq: Readonly<Record<string, number>>;
      /** From the journal of the incarnations before, when there were any. */
      readonly recovered?: RecoveredState;
    }
  | { readonly type: 'core.stopping'; readonly reason: string }
  | { readonly type: 'child.started'; readonly child: string; readonly incarnation: number }
  | { readonly type: 'child.failed'; readonly child: string; readonly incarnation: number; readonly error: PlainError }
  | { readonly type: 'child.exited'; readonly child: string; readonly incarnation: number; readonly reason: ExitReason }
  /** Fail-stop of the journal thread: nothing that follows is recorded until it is restarted. */
  | { readonly type: 'journal.failed'; readonly error: PlainError }
  /** The core's thread or its journal is late; measured outside, so that a replay closes at the same place. */
  | {
      readonly type: 'overload.began';
      readonly cause: OverloadCause;
      readonly valueMs: number;
      readonly limitMs: number;
    }
  | { readonly type: 'overload.ended'; readonly cause: OverloadCause; readonly calmMs: number }
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
  /** The rules of the markets as the venues state them now. */
  | { readonly type: 'markets'; readonly markets: readonly MarketRules[]; readonly failures: readonly string[] }
  | { readonly type: 'control'; readonly message: ControlMessage }
  | { readonly type: 'latch.changed'; readonly latch: LatchState; readonly cause: ControlMessage };

export interface Input {
  readonly seq: number;
  readonly timeMs: number;
  readonly source: string;
  readonly payload: InputPayload;
}
