import { NightjarError } from '../domain/errors.ts';
import type { JournalRow } from '../journal/rows.ts';
import type { ToJournal } from '../workers/journalMessages.ts';

/** Rows that may wait for a journal that is down; a normal run makes some tens a second. Beyond it the core ends: what cannot be recorded must not happen. */
const CAPACITY = 200_000;
/** Lines of the exec log that wait for the same; the newest beyond it are dropped: the journal has their trades. */
const MAX_LINES = 10_000;

/**
 * The core's end of the journal: rows are kept until their commit is acknowledged, so that a journal thread that dies
 * with rows in its hands loses none. What is sent again is written, but its intents are not handed over any more: they
 * were decided for another moment, and the desk asks the venue for their fate.
 */
export interface JournalLink {
  send(rows: readonly JournalRow[]): void;
  execLog(line: string): void;
  /** A journal incarnation is ready: everything unacknowledged goes first. */
  connect(post: (message: ToJournal) => void): void;
  disconnect(): void;
  /**
   * Fail-stop of the journal: what is sent is still posted, so that orders come back unsent, and kept for a journal that
   * is started anew, up to the capacity. Beyond it rows are lost, and such a journal cannot go on: `connect` throws, the
   * core ends, and the next incarnation begins where the file ends.
   */
  fail(): void;
  /** It failed, and none has been connected since. */
  hasFailed(): boolean;
  committed(inputSeq: number): void;
  waiting(): number;
}

export function createJournalLink(capacity = CAPACITY): JournalLink {
  let unacknowledged: JournalRow[] = [];
  let waitingLines: string[] = [];
  let failed = false;
  let lostRows = 0;
  let post: ((message: ToJournal) => void) | null = null;

  return {
    send(rows) {
      post?.({ type: 'rows', rows });
      if (failed && unacknowledged.length + rows.length > capacity) {
        lostRows += rows.length;
        return;
      }
      unacknowledged.push(...rows);
      if (unacknowledged.length > capacity) {
        throw new NightjarError(
          'journal.failed',
          `${unacknowledged.length} rows wait for the journal: more than ${capacity}`,
        );
      }
    },
    execLog(line) {
      if (post !== null && !failed) post({ type: 'execLog', line });
      else if (waitingLines.length < MAX_LINES) waitingLines.push(line);
    },
    connect(nextPost) {
      if (lostRows > 0) {
        throw new NightjarError(
          'journal.failed',
          `${lostRows} rows were lost while the journal had failed: the core starts anew behind the last recorded row`,
        );
      }
      failed = false;
      post = nextPost;
      if (unacknowledged.length > 0) post({ type: 'rows', rows: unacknowledged, handOver: false });
      for (const line of waitingLines) post({ type: 'execLog', line });
      waitingLines = [];
    },
    disconnect() {
      post = null;
    },
    fail() {
      failed = true;
    },
    hasFailed: () => failed,
    committed(inputSeq) {
      // Rows of the very input that was named may have come in a later message: they wait for the next commit.
      let acknowledged = 0;
      while (acknowledged < unacknowledged.length && unacknowledged[acknowledged]!.inputSeq < inputSeq)
        acknowledged += 1;
      if (acknowledged > 0) unacknowledged = unacknowledged.slice(acknowledged);
    },
    waiting: () => unacknowledged.length,
  };
}
