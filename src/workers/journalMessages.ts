import type { PlainError } from '../domain/errors.ts';
import type { JournalRow } from '../journal/rows.ts';
import type { Dimensions } from '../telemetry/slab.ts';

export interface JournalBoot {
  readonly incarnation: number;
  /** Folder of the run: holds journal.sqlite and exec_log.jsonl. */
  readonly runDir: string;
  /** Files that cannot be opened end the thread; else it comes up in fail-stop. Absent = they do. */
  readonly mustOpen?: boolean;
  /** Name of the run, and `state.sqlite` beside the runs, where its audit goes; without both nothing is audited. */
  readonly run?: string;
  readonly statePath?: string;
  /** Size at which the journal counts as full, bytes; as `createJournalWriter` has it unless told. */
  readonly maxBytes?: number;
  /** Size at which a part is sealed and the next one begun, bytes; 1 GiB unless told. */
  readonly rotateBytes?: number;
  readonly slab: SharedArrayBuffer;
  /** Of the slab's series list; without them the thread counts nothing. */
  readonly dimensions?: Dimensions;
  /** `threadPulse.ts`; without it nobody watches over the thread. */
  readonly pulse?: SharedArrayBuffer;
}

/** Messages from the core, in order. An `intents` row is handed to the gateway port after the commit that holds it and all before it. */
export type ToJournal =
  /**
   * `handOver: false`: rows sent again after a lost journal thread; their intents are written, but not given to the
   * gateway. `urgent`: somebody waits for the commit.
   */
  | {
      readonly type: 'rows';
      readonly rows: readonly JournalRow[];
      readonly handOver?: boolean;
      readonly urgent?: boolean;
    }
  /** A new gateway incarnation: the port over which committed intents go from now on. */
  | { readonly type: 'gatewayPort'; readonly port: import('node:worker_threads').MessagePort }
  | { readonly type: 'stop' };

export type FromJournal =
  /** `failed`: only to answer; it could not open, and is in fail-stop as after `failed` below. */
  | { readonly type: 'ready'; readonly failed?: PlainError }
  /**
   * Rows up to this input sequence are durable, but for rows of that very input that came in a later message.
   * `commitMs` runs from the arrival of the group's first row to its sync.
   */
  | { readonly type: 'committed'; readonly inputSeq: number; readonly commitMs: number }
  /**
   * Orders that were never sent and never will be: committed while no gateway was there, sent again with
   * `handOver: false` and new to the file, or decided when the journal had failed.
   */
  | { readonly type: 'undelivered'; readonly clientOrderIds: readonly string[] }
  /**
   * Instead of `ready`: it could not open. After it, fail-stop: nothing after the last `committed` counts as durable, no
   * order is handed over any more (`undelivered` names each), cancels still leave. The thread stays until it is stopped.
   */
  | { readonly type: 'failed'; readonly error: PlainError }
  | { readonly type: 'stopped' };
