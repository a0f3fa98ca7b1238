import type { PlainError } from '../domain/errors.ts';

/** One crash, as it stands in log, journal and page. JSON-safe. */
export interface CrashRecord {
  readonly supervisor: string;
  readonly child: string;
  readonly incarnation: number;
  /** The error's code. */
  readonly reason: string;
  readonly error: PlainError;
  /** The error and what caused it, outermost first. */
  readonly errorChain: readonly PlainError[];
  /** The message that killed it; it is not delivered again. */
  readonly lastEvent?: unknown;
  readonly stateValue?: unknown;
  /** Spent entries of the supervisor's budget, this one included. */
  readonly restartsInWindow: number;
  /** Milliseconds until the restart; null when none follows (given up, temporary, failed first start). */
  readonly nextDelayMs: number | null;
  readonly crashedAt: number;
  /** Set once the child runs again. */
  readonly restartedAt?: number;
}

/** What the worker's host knows beyond the exit reason. */
export interface CrashDetails {
  readonly errorChain?: readonly PlainError[];
  readonly lastEvent?: unknown;
  readonly stateValue?: unknown;
}

/** Crashes of one child that wait for its restart; older ones are closed with it, so a small bound is enough. */
const MAX_OPEN_RECORDS = 64;

/** Keeps crash records until the child they are about runs again. */
export function createCrashBook() {
  const openByChild = new Map<string, CrashRecord[]>();
  return {
    open(record: CrashRecord): void {
      const records = openByChild.get(record.child);
      openByChild.set(record.child, records === undefined ? [record] : [...records, record].slice(-MAX_OPEN_RECORDS));
    },
    /** The records that a restart of `child` completes, oldest first. */
    close(child: string, restartedAt: number): readonly CrashRecord[] {
      const records = openByChild.get(child) ?? [];
      openByChild.delete(child);
      return records.map((record) => ({ ...record, restartedAt }));
    },
  };
}
