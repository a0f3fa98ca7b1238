import { NightjarError } from '../domain/errors.ts';
import type { Clock } from '../domain/ports.ts';
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
  /** @param urgent  somebody waits for the commit: it does not wait for company */
  send(rows: readonly JournalRow[], urgent?: boolean): void;
  /**
   * Calls `then` once: when rows of this input that were sent are durable; at once while no journal is there or it has
   * failed; when it goes away meanwhile; and when it is late by `LATE_MS`, after which nobody waits until its next commit.
   */
  durable(inputSeq: number, then: () => void): void;
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
  /** Time of the oldest row that no commit covers, epoch ms; null = none. */
  oldestWaitingMs(): number | null;
}

/** A commit takes some ms. The core must go on hearing everybody else, also while the disk hangs. */
export const LATE_MS = 1000;

/** @param clock  bounds how long a commit is waited for; without it the wait has no bound */
export function createJournalLink(capacity = CAPACITY, clock?: Clock, onLate: () => void = () => {}): JournalLink {
  let isLate = false;
  let awaited: { readonly inputSeq: number; readonly then: () => void; readonly cancel: () => void }[] = [];
  /** Who is called may ask again: by then its own entry is gone. */
  const release = (upTo: number) => {
    const due = awaited.filter(({ inputSeq }) => inputSeq <= upTo);
    awaited = awaited.filter(({ inputSeq }) => inputSeq > upTo);
    for (const { cancel, then } of due) {
      cancel();
      then();
    }
  };
  let unacknowledged: JournalRow[] = [];
  let failed = false;
  let lostRows = 0;
  let committedSeq = 0;
  let post: ((message: ToJournal) => void) | null = null;

  return {
    send(rows, urgent = false) {
      post?.({ type: 'rows', rows, ...(urgent ? { urgent } : {}) });
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
    durable(inputSeq, then) {
      if (post === null || failed || isLate || inputSeq <= committedSeq) return then();
      const cancel = clock?.after(LATE_MS, () => {
        isLate = true;
        onLate();
        release(Number.POSITIVE_INFINITY);
      });
      awaited.push({ inputSeq, then, cancel: cancel ?? (() => {}) });
    },
    connect(nextPost) {
      if (lostRows > 0) {
        throw new NightjarError(
          'journal.failed',
          `${lostRows} rows were lost while the journal had failed: the core starts anew behind the last recorded row`,
        );
      }
      failed = false;
      isLate = false;
      post = nextPost;
      if (unacknowledged.length > 0) post({ type: 'rows', rows: unacknowledged, handOver: false });
    },
    disconnect() {
      post = null;
      release(Number.POSITIVE_INFINITY);
    },
    fail() {
      failed = true;
      release(Number.POSITIVE_INFINITY);
    },
    hasFailed: () => failed,
    committed(inputSeq) {
      committedSeq = Math.max(committedSeq, inputSeq);
      // Rows of the very input that was named may have come in a later message: they wait for the next commit.
      let acknowledged = 0;
      while (acknowledged < unacknowledged.length && unacknowledged[acknowledged]!.inputSeq < inputSeq)
        acknowledged += 1;
      if (acknowledged > 0) unacknowledged = unacknowledged.slice(acknowledged);
      isLate = false;
      release(inputSeq);
    },
    waiting: () => unacknowledged.length,
    // Rows of the last committed input are kept for safety, not because they are late.
    oldestWaitingMs: () => unacknowledged.find(({ inputSeq }) => inputSeq > committedSeq)?.timeMs ?? null,
  };
}
