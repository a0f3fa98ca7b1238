import type { CrashDetails } from '../../actors/crashRecord.ts';
import type { QueueName } from '../../actors/mailbox.ts';
import type { PlainError } from '../../domain/errors.ts';
import type { Instrument } from '../../domain/instruments.ts';
import type { Logger } from '../../domain/ports.ts';
import type { ArbEvaluation } from '../../strategies/arb/arbEvaluation.ts';
import type { ArbKnobs } from '../../strategies/arb/arbKnobs.ts';
import type { MetricSink } from '../../telemetry/metricSink.ts';
import type { OtherCommand } from '../commands.ts';
import type { OrderDesk } from '../orderDesk.ts';
import type { Permits } from '../permits.ts';
import type { QuarantineEntry } from '../quarantine.ts';
import type { RecoveredBot, RecoveredOrder } from '../recovery/recoveredState.ts';
import type { RowWriter } from '../rowWriter.ts';
import type { Stock } from '../stock.ts';

export interface ArbBotConfig {
  readonly id: string;
  readonly slot: number;
  readonly symbol: string;
  readonly pair: string;
  readonly knobs: ArbKnobs;
  readonly instruments: readonly Instrument[];
  readonly run: string;
  readonly lane: string;
}

export interface ArbBotDeps {
  nowMs(): number;
  readonly rows: RowWriter;
  readonly permits: Permits;
  readonly stock: Stock;
  readonly desk: OrderDesk;
  readonly metrics: MetricSink;
  readonly log: Logger;
  command(command: OtherCommand): void;
  armTimer(key: string, delayMs: number): void;
  cancelTimer(key: string): void;
  /** Which life of its lane the signals come from. */
  laneIncarnation(): number;
  /** Asks for venue truth; `reconciled()` is called with it. */
  requestReconcile(): void;
  /** Rising for the whole core, so that an answer from before a crash meets nobody. */
  nextRequestId(): number;
  onCrash(error: PlainError, details: CrashDetails): void;
}

export interface ArbBot {
  readonly config: ArbBotConfig;
  /** Before `start`: goes on from what a dead core's journal says. */
  restore(found: RecoveredBot, orders: readonly RecoveredOrder[]): void;
  start(incarnation: number): void;
  /** Ends the chart; open looks end as `end`. */
  stop(end: 'crashed' | 'run_ended'): void;
  evaluation(evaluation: ArbEvaluation): void;
  reconciled(): void;
  permitClosed(): void;
  /** @returns false when the timer is not this bot's. */
  timerDue(key: string): boolean;
  suspend(): void;
  resume(): void;
  /** Lets messages through again that had been set aside; @returns which. */
  release(): readonly string[];
  /** Ends looks that wait for a second hit or a last look; an attempt under way goes on. */
  endRun(): void;
  attemptOpen(): boolean;
  /** The attempt under way and the base it holds. */
  holding(): { readonly attempt: number; readonly netBaseQty: number } | null;
  view(): ArbBotView;
  trace(last: number): readonly unknown[];
}

export interface ArbBotView {
  readonly id: string;
  readonly symbol: string;
  readonly state: string;
  readonly suspended: boolean;
  readonly looks: number;
  readonly near: number;
  readonly auto: number;
  readonly go: number;
  readonly trades: number;
  readonly why: Readonly<Record<string, number>>;
  readonly ev: {
    readonly spread: number;
    readonly adverse: number;
    readonly fees: number;
    readonly slippage: number;
    readonly net: number;
  };
  readonly slotOpen: boolean;
  readonly netEdgeMinBps: number;
  /** Newest first, at most ten. */
  readonly lastReasons: readonly {
    readonly atMs: number;
    readonly end: string;
    readonly value: number | null;
    readonly limit: number | null;
    readonly need: number | null;
  }[];
  readonly needDeltaPx: number | null;
  /** Messages that are not delivered any more, since they killed the chart again and again. */
  readonly quarantined: readonly QuarantineEntry[];
  /** Messages waiting per queue. */
  readonly mailbox: Readonly<Record<QueueName, number>>;
}
