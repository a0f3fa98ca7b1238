import type { StatementSync } from 'node:sqlite';
import { NightjarError } from '../domain/errors.ts';
import { encodeHeads, type JournalHeads, perTable, readHeads } from './journalHeads.ts';
import { openJournalDatabase } from './journalSchema.ts';
import { chainOf, type TableHead } from './rowChain.ts';
import { canonicalJson, JOURNAL_TABLES, type JournalRow, type JournalTable } from './rows.ts';

export interface JournalWriterOptions {
  /** FULL: a commit returns only after the sync. OFF: for virtual time, where no power can be lost. */
  readonly synchronous: 'FULL' | 'OFF';
  /** The file refuses to grow past this, as a full disk would: 8 GiB unless told. */
  readonly maxBytes?: number;
}

export interface JournalWriter {
  /**
   * Puts rows into the open group, which begins with the first one. Rows that the file already holds with the same
   * content are passed over: a core that sends again what it never saw acknowledged does no harm.
   *
   * @returns the rows that were new, in order
   * @throws NightjarError journal.failed: a value JSON cannot hold, a gap in a table's sequence, another content under
   *         a sequence already written, a full disk. Nothing of the call is then in the group.
   */
  append(rows: readonly JournalRow[]): readonly JournalRow[];
  /** Makes the group durable; without one, does nothing. @throws NightjarError journal.failed: the group is lost, stop trading */
  commit(): void;
  /** Drops the group. */
  rollback(): void;
  readonly groupRows: number;
  /** Highest sequence per table, the open group included; 0 = none. */
  lastSeq(): Readonly<Record<JournalTable, number>>;
  /** Frames of 4 KiB that wait in the write-ahead file for a checkpoint. */
  pendingFrames(): number;
  /** Moves the write-ahead file's content into the database, as far as readers allow; never inside a group. @returns frames left */
  checkpoint(): number;
  /** Commits, checkpoints and closes; the second call does nothing. */
  close(): void;
}

const PAGE_BYTES = 4096;
const DEFAULT_MAX_BYTES = 8 * 2 ** 30;

/** The only way into `journal.sqlite`: one writer per file. @throws NightjarError schema.newer | data.unreadable */
export function createJournalWriter(path: string, options: JournalWriterOptions): JournalWriter {
  const database = openJournalDatabase(path, options.synchronous);
  database.exec(`PRAGMA max_page_count=${Math.floor((options.maxBytes ?? DEFAULT_MAX_BYTES) / PAGE_BYTES)}`);
  const inserts = perTable((table) => database.prepare(`INSERT INTO ${table} VALUES (?,?,?,?,?,?,?)`));
  const selects = perTable((table) => database.prepare(`SELECT * FROM ${table} WHERE seq=?`));
  const writeHeads = database.prepare("UPDATE meta SET value=? WHERE key='heads'");
  const waiting = database.prepare('PRAGMA wal_checkpoint(NOOP)');
  const move = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');

  let durable: JournalHeads = readHeads(database);
  let last: Record<JournalTable, TableHead> = { ...durable };
  let groupRows = 0;
  let isOpen = true;

  const writer: JournalWriter = {
    append(rows) {
      const texts = rows.map(encodeRow);
      const saved = { ...last };
      const startsGroup = !database.isTransaction;
      try {
        if (startsGroup) database.exec('BEGIN IMMEDIATE');
        database.exec('SAVEPOINT batch');
        const fresh = rows.filter((row, i) => insertRow(row, texts[i]!, last, inserts, selects));
        database.exec('RELEASE batch');
        groupRows += fresh.length;
        return fresh;
      } catch (error) {
        last = saved;
        if (database.isTransaction && !startsGroup) database.exec('ROLLBACK TO batch; RELEASE batch;');
        // Also after a full disk, which ends the transaction by itself and with it the whole group.
        else writer.rollback();
        throw failed(path, 'append', error);
      }
    },

    commit() {
      if (!database.isTransaction) return;
      try {
        if (groupRows > 0) writeHeads.run(encodeHeads(last));
        database.exec('COMMIT');
      } catch (error) {
        writer.rollback();
        throw failed(path, 'commit', error);
      }
      durable = { ...last };
      groupRows = 0;
    },

    rollback() {
      if (database.isTransaction) database.exec('ROLLBACK');
      forgetGroup();
    },

    get groupRows() {
      return groupRows;
    },

    lastSeq: () => perTable((table) => last[table][0]),

    pendingFrames() {
      const state = waiting.get();
      return Math.max(0, Number(state?.log ?? 0) - Number(state?.checkpointed ?? 0));
    },

    checkpoint() {
      if (database.isTransaction) return writer.pendingFrames();
      try {
        const state = move.get();
        return Math.max(0, Number(state?.log ?? 0) - Number(state?.checkpointed ?? 0));
      } catch (error) {
        throw failed(path, 'checkpoint', error);
      }
    },

    close() {
      if (!isOpen) return;
      try {
        writer.commit();
        writer.checkpoint();
      } finally {
        isOpen = false;
        database.close();
      }
    },
  };

  function forgetGroup() {
    last = { ...durable };
    groupRows = 0;
  }
  // What a dead writer left in the write-ahead file may never have been synced, or not successfully: moved into the
  // database and synced anew, it is durable before this writer calls any of it committed.
  writer.checkpoint();
  return writer;
}

/** @returns whether the row was new */
function insertRow(
  row: JournalRow,
  payload: string,
  last: Record<JournalTable, TableHead>,
  inserts: Readonly<Record<JournalTable, StatementSync>>,
  selects: Readonly<Record<JournalTable, StatementSync>>,
): boolean {
  const { table, seq } = row;
  const [lastSeq, lastChain] = last[table];
  if (seq === lastSeq + 1) {
    const { inputSeq: input_seq, timeMs: time_ms, subject, kind } = row;
    const chain = chainOf(lastChain, { seq, input_seq, time_ms, subject, kind, payload });
    inserts[table].run(seq, input_seq, time_ms, subject, kind, payload, chain);
    last[table] = [seq, chain];
    return true;
  }
  if (seq > lastSeq) throw new Error(`${table} expected sequence ${lastSeq + 1}, received ${seq}`);

  const held = selects[table].get(seq);
  const isSame =
    held?.input_seq === row.inputSeq &&
    held.time_ms === row.timeMs &&
    held.subject === row.subject &&
    held.kind === row.kind &&
    held.payload === payload;
  if (!isSame) throw new Error(`${table} ${seq} is already written with another content (${row.subject} ${row.kind})`);
  return false;
}

function encodeRow(row: JournalRow): string {
  const where = `${row.table} ${row.seq} (${row.subject} ${row.kind})`;
  const refuse = (what: string, cause?: unknown) =>
    new NightjarError('journal.failed', `${where}: ${what}`, { table: row.table, seq: row.seq, kind: row.kind }, cause);
  if (!JOURNAL_TABLES.includes(row.table)) throw refuse('no such table');
  if (!Number.isSafeInteger(row.seq) || row.seq < 1) throw refuse('seq must be a whole number from 1');
  if (!Number.isSafeInteger(row.inputSeq) || row.inputSeq < 0) throw refuse(`inputSeq ${row.inputSeq} is not one`);
  if (!Number.isFinite(row.timeMs)) throw refuse(`timeMs ${row.timeMs} is no time`);
  if (row.subject === '' || row.kind === '') throw refuse('subject and kind must be named');
  try {
    return canonicalJson(row.payload);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), error);
  }
}

function failed(path: string, act: string, error: unknown): NightjarError {
  if (error instanceof NightjarError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new NightjarError('journal.failed', `${act} of ${path}: ${message}`, { path, act }, error);
}
