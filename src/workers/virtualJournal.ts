import type { CancelTimer, Clock } from '../domain/ports.ts';
import type { JournalWriter } from '../journal/journalWriter.ts';
import type { JournalRow } from '../journal/rows.ts';
import { gatewayMessageOf, type IntentMessage } from './gatewayMessageOf.ts';

export interface VirtualJournalInput {
  readonly writer: JournalWriter;
  /** The event clock of the run. */
  readonly clock: Clock;
  /** What a commit takes in virtual time; 1 ms unless told. */
  readonly commitDelayMs?: number;
  /** An order whose commit, and that of every row before it, is over. In order. */
  deliver(message: Extract<IntentMessage, { type: 'place' }>, row: JournalRow): void;
  /** Rows up to this input sequence count as durable. */
  committed?(inputSeq: number): void;
}

export interface VirtualJournal {
  /** Rows of one handled input, in order. */
  append(rows: readonly JournalRow[]): void;
  /** Calls `then` when the commit of this input's rows is over, or when the journal is closed before. */
  durable(inputSeq: number, then: () => void): void;
  /** Ends the wait of what is still on its way without delivering it, and closes the writer. */
  close(): void;
}

/**
 * Without real power there is nothing to lose between two commits, so the file itself commits only so often: the order
 * of events is that of the wall clock, the cost is not.
 */
const FILE_COMMIT_ROWS = 2000;

/** The journal on a virtual clock: the same output commit, `commitDelayMs` after the rows arrived, in one thread. */
export function createVirtualJournal(input: VirtualJournalInput): VirtualJournal {
  const { writer, clock } = input;
  const commitDelayMs = input.commitDelayMs ?? 1;
  const cancels = new Set<CancelTimer>();
  let awaited: { readonly inputSeq: number; readonly then: () => void }[] = [];
  let waiting: JournalRow[] = [];
  let waitingSinceMs = Number.NaN;

  return {
    append(rows) {
      if (rows.length === 0) return;
      const fresh = writer.append(rows);
      if (writer.groupRows >= FILE_COMMIT_ROWS) writer.commit();
      if (waiting.length > 0 && waitingSinceMs === clock.nowMs()) {
        waiting.push(...fresh);
        return;
      }
      // Rows of one moment share one commit; the array is the group that the timer below takes with it.
      const group = [...fresh];
      waiting = group;
      waitingSinceMs = clock.nowMs();
      const cancel = clock.after(commitDelayMs, () => {
        cancels.delete(cancel);
        if (waiting === group) waiting = [];
        complete(group);
      });
      cancels.add(cancel);
    },

    durable(inputSeq, then) {
      awaited.push({ inputSeq, then });
    },

    close() {
      for (const cancel of cancels) cancel();
      cancels.clear();
      writer.close();
      release(Number.POSITIVE_INFINITY);
    },
  };

  function complete(group: readonly JournalRow[]): void {
    let inputSeq = 0;
    for (const row of group) {
      inputSeq = Math.max(inputSeq, row.inputSeq);
      const message = row.table === 'intents' ? gatewayMessageOf(row) : null;
      // Cancels have left already.
      if (message?.type === 'place') input.deliver(message, row);
    }
    input.committed?.(inputSeq);
    release(inputSeq);
  }

  function release(upTo: number): void {
    const due = awaited.filter(({ inputSeq }) => inputSeq <= upTo);
    awaited = awaited.filter(({ inputSeq }) => inputSeq > upTo);
    for (const { then } of due) then();
  }
}
