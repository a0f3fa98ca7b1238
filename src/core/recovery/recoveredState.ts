import type { Venue } from '../../domain/instruments.ts';
import type { Fill, OrderIntent } from '../../domain/orders.ts';
import type { EvParts } from '../../journal/rows.ts';
import type { ArbLeg } from '../../machines/arbEvents.ts';
import type { LossState } from '../../risk/lossWatch.ts';
import type { ArbEvaluation } from '../../strategies/arb/arbEvaluation.ts';
import type { BookedTrade } from './tradesFold.ts';

/** What the journal says was under way when a core died, and where its counters stood. Part of the `core.started` input. */
export interface RecoveredState {
  /** Intents without a proven fate, oldest first. */
  readonly orders: readonly RecoveredOrder[];
  /** Intents that their venue denied lately and that are remembered, should a balance not add up. Absent in journals of old. */
  readonly denied?: readonly OrderIntent[];
  /** Trades booked lately, of whatever order: never again. Absent in journals of old. */
  readonly trades?: readonly BookedTrade[];
  readonly bots: Readonly<Record<string, RecoveredBot>>;
  /** What we should own: the last whole venue truth and every fill booked since. */
  readonly stock: readonly RecoveredStock[];
}

export interface RecoveredOrder {
  readonly intent: OrderIntent;
  /** Price shown for its size when it was decided; null when the journal lost it. */
  readonly shownPx: number | null;
  /** Already booked: never again. */
  readonly fills: readonly Fill[];
}

export interface RecoveredBot {
  readonly looks: number;
  readonly trades: number;
  /** Looks that were open at the death stand here as `crashed`. */
  readonly why: Readonly<Record<string, number>>;
  readonly lastLookId: number;
  readonly lastEpisode: number;
  readonly lastAttempt: number;
  readonly stages: { readonly near: number; readonly auto: number; readonly go: number };
  /** Sums in reportCcy of the parts that were ≥ 0, and of those below, as negative numbers. */
  readonly gains: EvParts;
  readonly losses: EvParts;
  /** Where the loss limits stood: day and best moment; absent before the first closed attempt. */
  readonly lossState?: LossState;
  /** Began and were never closed, oldest first. */
  readonly attempts: readonly RecoveredAttempt[];
}

export interface RecoveredAttempt {
  readonly number: number;
  readonly lookId: number;
  readonly tapAtMs: number;
  readonly firedAtMs: number;
  readonly lastLook: ArbEvaluation;
  readonly fills: readonly {
    readonly leg: ArbLeg;
    readonly fill: Fill;
    readonly shownPx: number;
    /** Composite mid at the fill; absent when the core died before it knew. */
    readonly midPx?: number;
  }[];
  /** SOL charged for swaps that landed and failed. */
  readonly failedFeesSol: number;
}

export interface RecoveredStock {
  readonly venue: Venue;
  readonly asset: string;
  readonly free: number;
}
