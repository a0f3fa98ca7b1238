import type { PlainError } from '../domain/errors.ts';
import type { JournalRow } from '../journal/rows.ts';

export interface JournalBoot {
  readonly incarnation: number;
  /** Folder of the run: holds journal.sqlite and exec_log.jsonl. */
  readonly runDir: string;
  readonly slab: SharedArrayBuffer;
}

/** Messages from the core, in order. An `intents` row is handed to the gateway port after the commit that holds it and all before it. */
export type ToJournal =
  | { readonly type: 'rows'; readonly rows: readonly JournalRow[] }
  | { readonly type: 'execLog'; readonly line: string }
  /** A new gateway incarnation: the port over which committed intents go from now on. */
  | { readonly type: 'gatewayPort'; readonly port: import('node:worker_threads').MessagePort }
  | { readonly type: 'stop' };

export type FromJournal =
  | { readonly type: 'ready' }
  /** Rows up to this input sequence are durable. */
  | { readonly type: 'committed'; readonly inputSeq: number; readonly commitMs: number }
  | { readonly type: 'failed'; readonly error: PlainError }
  | { readonly type: 'stopped' };
