import { NightjarError } from '../domain/errors.ts';
import type { JournalRow } from '../journal/rows.ts';
import type { ToJournal } from '../workers/journalMessages.ts';

/** Rows that may wait for a journal that is down; a normal run makes some tens a second. Beyond it the core ends: what cannot be recorded must not happen. */
const CAPACITY = 200_000;

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
  committed(inputSeq: number): void;
  waiting(): number;
}

export function createJournalLink(): JournalLink {
  let unacknowledged: JournalRow[] = [];
  let waitingLines: string[] = [];
  let post: ((message: ToJournal) => void) | null = null;

  return {
    send(rows) {
      unacknowledged.push(...rows);
      if (unacknowledged.length > CAPACITY) {
        throw new NightjarError(
          'journal.failed',
          `${unacknowledged.length} rows wait for the journal: more than ${CAPACITY}`,
        );
      }
      post?.({ type: 'rows', rows });
    },
    execLog(line) {
      if (post === null) waitingLines.push(line);
      else post({ type: 'execLog', line });
    },
    connect(nextPost) {
      post = nextPost;
      if (unacknowledged.length > 0) post({ type: 'rows', rows: unacknowledged, handOver: false });
      for (const line of waitingLines) post({ type: 'execLog', line });
      waitingLines = [];
    },
    disconnect() {
      post = null;
    },
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
