/**
 * The journal's tables and the rows that the core hands to its writer. Payloads are JSON-safe: no NaN, no undefined
 * members, no bigint. `seq` rises by one per table and run, across incarnations; `inputSeq` names the input during whose
 * handling the row was made.
 */
export const JOURNAL_TABLES = [
  'inputs',
  'decisions',
  'commands',
  'intents',
  'reports',
  'fills',
  'transitions',
  'crashes',
] as const;
export type JournalTable = (typeof JOURNAL_TABLES)[number];

export interface JournalRow {
  readonly table: JournalTable;
  /** For `inputs` the input's own sequence. */
  readonly seq: number;
  readonly inputSeq: number;
  readonly timeMs: number;
  /** inputs: the source (`lane:0`, `edge`, `timer` …); others: the actor the row is about (`bot:arb:SOL`, `root` …). */
  readonly subject: string;
  readonly kind: string;
  readonly payload: unknown;
}

/** `decisions` kinds and their payloads: what reports are made from. */
export interface LookEndedPayload {
  readonly lookId: number;
  /** A reason of the bot's closed set, or `trade`. */
  readonly end: string;
  readonly beganAtMs: number;
  readonly value: number | null;
  readonly limit: number | null;
  readonly need: number | null;
  readonly needDeltaPx: number | null;
}

export interface EpisodePayload {
  readonly episode: number;
  readonly snapshot: unknown;
}

/** Signed amounts in reportCcy, rounded to 1e-8; they add up to `net`. */
export interface EvParts {
  readonly spread: number;
  readonly adverse: number;
  readonly fees: number;
  readonly slippage: number;
  readonly net: number;
}

export interface TradeClosedPayload extends EvParts {
  readonly attempt: number;
  readonly lookId: number;
  /** It ended with a position that could not be unwound. */
  readonly residual?: boolean;
  readonly notional: number;
  readonly execLog: Readonly<Record<string, unknown>>;
}

export type DecisionKind =
  | 'look.ended'
  | 'look.pending'
  | 'near'
  | 'auto'
  | 'go'
  | 'attempt.closed'
  | 'permit'
  | 'run.note';
