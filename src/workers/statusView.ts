/** What the core tells the page and `status` about itself. Plain JSON; times are epoch milliseconds. */
export interface StatusView {
  /** When the core made this view. */
  readonly atMs: number;
  readonly run: string;
  readonly startedAtMs: number;
  readonly incarnation: number;
  readonly corePid: number;
  readonly mode: string;
  readonly env: string;
  /** Every venue is the embedded simulator: results prove the plumbing, not a profit. */
  readonly embedded: boolean;
  readonly phase: 'starting' | 'running' | 'stopping';
  /** The guardian's IPC channel is connected; false also when the core runs without one. */
  readonly guardianUp: boolean;
  readonly tree: readonly TreeNodeView[];
  readonly bots: Readonly<Record<string, BotView>>;
  /** Restarts of any child since the run began, over all incarnations of the core. */
  readonly restarts: number;
}

export interface TreeNodeView {
  readonly id: string;
  /** In the supervisor's words: running, starting, backing off, stopped … */
  readonly state: string;
  readonly incarnation: number;
  readonly restarts: number;
  readonly children?: readonly TreeNodeView[];
}

export interface BotView {
  /** The chart's state, `auto.firstHit`. */
  readonly state: string;
  readonly slotOpen: boolean;
  readonly netEdgeMinBps: number;
  readonly looks: number;
  readonly near: number;
  readonly auto: number;
  readonly go: number;
  readonly trades: number;
  /** Reason → count of looks that ended so. */
  readonly why: Readonly<Record<string, number>>;
  /** Price still missing to the execution line, in quote currency; null while it cannot be computed. */
  readonly needDeltaPx: number | null;
  /** Why it does not trade, in one line with what ends it; null = nothing holds it but the market. */
  readonly standstill: string | null;
  /** Kinds of messages that killed the bot twice and are not delivered any more; `release` lets them through. */
  readonly quarantined: readonly {
    readonly message: string;
    readonly kills: number;
    readonly atMs: number;
    readonly withheld: number;
  }[];
  /** The newest ends of looks, newest first, at most ten. */
  readonly lastReasons: readonly LastReasonView[];
  /** Sums in reportCcy since the run began. */
  readonly ev: {
    readonly spread: number;
    readonly adverse: number;
    readonly fees: number;
    readonly slippage: number;
    readonly net: number;
  };
}

export interface LastReasonView {
  readonly atMs: number;
  /** A reason of the bot's closed set, or `trade`. */
  readonly end: string;
  readonly value: number | null;
  readonly limit: number | null;
  readonly need: number | null;
}
