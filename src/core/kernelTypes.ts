import type { TreeNode } from '../actors/treeStatus.ts';
import type { Instrument } from '../domain/instruments.ts';
import type { Logger } from '../domain/ports.ts';
import type { JournalRow } from '../journal/rows.ts';
import type { RiskLimits } from '../risk/limits.ts';
import type { ArbKnobs } from '../strategies/arb/arbKnobs.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import type { ArbBotView } from './arb/arbBotTypes.ts';
import type { OtherCommand } from './commands.ts';
import type { Input } from './inputs.ts';
import type { Stock } from './stock.ts';

export interface KernelConfig {
  readonly run: string;
  readonly runTag: string;
  readonly seed: number;
  readonly bots: readonly {
    readonly id: string;
    readonly slot: number;
    readonly symbol: string;
    readonly pair: string;
    readonly knobs: ArbKnobs;
  }[];
  readonly lanes: readonly string[];
  readonly instruments: readonly Instrument[];
  readonly limits?: RiskLimits;
}

/** All that leaves the kernel. Write-only: nothing is read back but through an input. */
export interface KernelOutputs {
  row(row: JournalRow): void;
  /** Acts at once; order intents are rows instead, and reach the gateway after their commit. */
  command(command: OtherCommand): void;
  armTimer(key: string, dueMs: number): void;
  cancelTimer(key: string): void;
  readonly log: Logger;
  readonly metrics: MetricSink;
}

export interface Kernel {
  /** Handles one input to its end. The caller has journalled it. */
  handle(input: Input): void;
  view(): KernelView;
}

export interface KernelView {
  readonly incarnation: number;
  readonly tree: readonly TreeNode[];
  readonly bots: readonly (ArbBotView & {
    readonly permit: string;
    /** Why it does not trade, and what ends that; null = nothing holds it but the market. */
    readonly standstill: string | null;
  })[];
  readonly restarts: number;
  readonly stock: ReturnType<Stock['entries']>;
  readonly openOrders: number;
  readonly stopping: boolean;
}
