import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import { NightjarError } from '../domain/errors.ts';
import { canonicalJson } from './canonicalJson.ts';
import { encodeHeads, type JournalHeads, perTable, readBase, readHeads } from './journalHeads.ts';
import { type JournalMark, lostCommits, openJournalMark } from './journalMark.ts';
import { openJournalDatabase, openJournalForReading, partNumberOf, runOf } from './journalSchema.ts';
import { finishRotation, foldInWal, type RotationStep, sealCurrent } from './rotateJournal.ts';
import { chainOf, type TableHead } from './rowChain.ts';
import { openRowInserts, type RowInserts } from './rowInserts.ts';
import { JOURNAL_TABLES, type JournalRow, type JournalTable } from './rows.ts';
import { sealedRow } from './sealedRow.ts';

export interface JournalWriterOptions {
  /** FULL: a commit returns only after the sync. OFF: for virtual time, where no power can be lost. */
  readonly synchronous: 'FULL' | 'OFF';
  /** The file refuses to grow past this, as a full disk would: 8 GiB unless told. */
  readonly maxBytes?: number;
  /** Name of the run: written into a new journal, and another one's journal is refused. */
  readonly run?: string;
  /** Test seam: called at each step of a rotation. */
  readonly onRotation?: (step: RotationStep) => void;
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
  /** Frames of 4 KiB that wait in the write-ahead file for a checkpoint; inside a group as they were before it. */
  pendingFrames(): number;
  /** Moves the write-ahead file's content into the database, as far as readers allow; never inside a group. @returns frames left */
  checkpoint(): number;
  /** Size of the part that is being written, what still waits in the write-ahead file included. */
  partBytes(): number;
  /**
   * Seals the part that is being written and goes on in a new one; never inside a group.
   *
   * @returns false when it cannot be now: a group is open, the part has no row, or somebody reads it
   * @throws NightjarError journal.failed: the journal is whole, and the next writer ends the rotation
   */
  rotate(): boolean;
  /** Commits, checkpoints and closes; the second call does nothing. */
  close(): void;
}

const PAGE_BYTES = 4096;
const DEFAULT_MAX_BYTES = 8 * 2 ** 30;

/** The only way into `journal.sqlite`: one writer per file. @throws NightjarError schema.newer | data.unreadable */
export function createJournalWriter(path: string, options: JournalWriterOptions): JournalWriter {
  const runDir = dirname(path);
  const maxPages = Math.floor((options.maxBytes ?? DEFAULT_MAX_BYTES) / PAGE_BYTES);
  let part = openPart(path, options, maxPages);
  // Where nothing is synced there is nothing that a mark could be a witness of.
  const mark: JournalMark | null = options.synchronous === 'FULL' ? openJournalMark(runDir) : null;
  let durable: JournalHeads = readHeads(part.database);
  let last: Record<JournalTable, TableHead> = { ...durable };
  let groupRows = 0;
  let lastPendingFrames = 0;
  let isOpen = true;

  const writer: JournalWriter = {
    append(rows) {
      const texts = rows.map(encodeRow);
      const saved = { ...last };
      const { database, inserts } = part;
      const startsGroup = !database.isTransaction;
      const held = (table: JournalTable, seq: number) => {
        inserts.flush();
        return part.selects[table].get(seq) ?? sealedRow(runDir, table, seq);
      };
      try {
        // A first call that fails takes its whole group with it; a later one leaves the others' rows.
        database.exec(startsGroup ? 'BEGIN IMMEDIATE' : 'SAVEPOINT batch');
        const fresh = rows.filter((row, i) => insertRow(row, texts[i]!, last, inserts, held));
        inserts.flush();
        if (!startsGroup) database.exec('RELEASE batch');
        groupRows += fresh.length;
        return fresh;
      } catch (error) {
        last = saved;
        inserts.forget();
        if (database.isTransaction && !startsGroup) database.exec('ROLLBACK TO batch; RELEASE batch;');
        // Also after a full disk, which ends the transaction by itself and with it the whole group.
        else writer.rollback();
        throw failed(path, 'append', error);
      }
    },

    commit() {
      if (!part.database.isTransaction) return;
      try {
        if (groupRows > 0) part.writeHeads.run(encodeHeads(last));
        part.database.exec('COMMIT');
        if (groupRows > 0) mark?.write(last);
      } catch (error) {
        writer.rollback();
        throw failed(path, 'commit', error);
      }
      durable = { ...last };
      groupRows = 0;
    },

    rollback() {
      if (isOpen && part.database.isTransaction) part.database.exec('ROLLBACK');
      forgetGroup();
    },

    get groupRows() {
      return groupRows;
    },

    lastSeq: () => perTable((table) => last[table][0]),

    pendingFrames() {
      // SQLite refuses the question inside a transaction ("database table is locked").
      if (part.database.isTransaction) return lastPendingFrames;
      const state = part.waiting.get();
      lastPendingFrames = Math.max(0, Number(state?.log ?? 0) - Number(state?.checkpointed ?? 0));
      return lastPendingFrames;
    },

    checkpoint() {
      if (part.database.isTransaction) return writer.pendingFrames();
      try {
        const state = part.move.get();
        return Math.max(0, Number(state?.log ?? 0) - Number(state?.checkpointed ?? 0));
      } catch (error) {
        throw failed(path, 'checkpoint', error);
      }
    },

    partBytes: () => Number(part.pages.get()?.page_count) * PAGE_BYTES,

    rotate() {
      if (part.database.isTransaction || JSON.stringify(last) === JSON.stringify(part.base)) return false;
      const onStep = options.onRotation ?? (() => {});
      onStep('begin');
      try {
        if (!foldInWal(part.database)) return false;
        onStep('write-ahead file folded in');
        isOpen = false;
        part.database.close();
        sealCurrent(runDir, part.number, onStep);
        part = openPart(path, options, maxPages);
        isOpen = true;
        onStep('done');
        return true;
      } catch (error) {
        throw failed(path, 'rotation', error);
      }
    },

    close() {
      if (!isOpen) return;
      try {
        writer.commit();
        writer.checkpoint();
      } finally {
        isOpen = false;
        part.database.close();
        mark?.close();
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

/** The open file and what is asked of it. */
function openPart(path: string, options: JournalWriterOptions, maxPages: number) {
  refuseForeign(path, options.run);
  const database = openJournalDatabase(path, options.synchronous);
  database.exec(`PRAGMA max_page_count=${maxPages}`);
  if (options.run !== undefined) database.prepare("INSERT OR IGNORE INTO meta VALUES ('run',?)").run(options.run);
  return {
    database,
    number: partNumberOf(database),
    base: readBase(database),
    inserts: openRowInserts(database),
    selects: perTable((table) => database.prepare(`SELECT * FROM ${table} WHERE seq=?`)),
    writeHeads: database.prepare("UPDATE meta SET value=? WHERE key='heads'"),
    waiting: database.prepare('PRAGMA wal_checkpoint(NOOP)'),
    move: database.prepare('PRAGMA wal_checkpoint(PASSIVE)'),
    pages: database.prepare('PRAGMA page_count'),
  };
}

/** Only looks: a journal of another run, or one that has lost commits, is refused before a byte of it changes. */
function refuseForeign(path: string, run: string | undefined): void {
  finishRotation(path);
  const nothing = perTable(() => 0);
  const refuse = (why: string) =>
    new NightjarError(
      'data.unreadable',
      `${path} is not taken over: ${why}; put the right files back together, or start a new run`,
      { path, run },
    );
  if (!existsSync(path)) {
    const lost = lostCommits(dirname(path), nothing);
    if (lost.length > 0 || existsSync(`${path}-wal`)) throw refuse(`the file is missing (${lost.join('; ')})`);
    return;
  }
  const database = openJournalForReading(path);
  try {
    const found = runOf(database);
    if (run !== undefined && found !== null && found !== run)
      throw refuse(`it is the journal of run ${found}, not of ${run}`);
    const heads = readHeads(database);
    const lost = lostCommits(
      dirname(path),
      perTable((table) => heads[table][0]),
    );
    if (lost.length > 0) throw refuse(lost.join('; '));
  } catch (error) {
    // Without meta, or with a damaged one: what opens it for writing says so with more to go by.
    if (error instanceof NightjarError) throw error;
  } finally {
    database.close();
  }
}

/** @returns whether the row was new */
function insertRow(
  row: JournalRow,
  payload: string,
  last: Record<JournalTable, TableHead>,
  inserts: RowInserts,
  find: (table: JournalTable, seq: number) => ReturnType<StatementSync['get']>,
): boolean {
  const { table, seq } = row;
  const [lastSeq, lastChain] = last[table];
  if (seq === lastSeq + 1) {
    const { inputSeq: input_seq, timeMs: time_ms, subject, kind } = row;
    const stored = { seq, input_seq, time_ms, subject, kind, payload };
    const chain = chainOf(lastChain, stored);
    inserts.add(table, stored, chain);
    last[table] = [seq, chain];
    return true;
  }
  if (seq > lastSeq) throw new Error(`${table} expected sequence ${lastSeq + 1}, received ${seq}`);

  const held = find(table, seq);
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
  if (!JOURNAL_TABLES.includes(row.table)) throw refused(row, 'no such table');
  if (!Number.isSafeInteger(row.seq) || row.seq < 1) throw refused(row, 'seq must be a whole number from 1');
  if (!Number.isSafeInteger(row.inputSeq) || row.inputSeq < 0) {
    throw refused(row, `inputSeq ${row.inputSeq} is not one`);
  }
  if (!Number.isFinite(row.timeMs)) throw refused(row, `timeMs ${row.timeMs} is no time`);
  if (row.subject === '' || row.kind === '') throw refused(row, 'subject and kind must be named');
  try {
    return canonicalJson(row.payload);
  } catch (error) {
    throw refused(row, error instanceof Error ? error.message : String(error), error);
  }
}

function refused({ table, seq, subject, kind }: JournalRow, what: string, cause?: unknown): NightjarError {
  const message = `${table} ${seq} (${subject} ${kind}): ${what}`;
  return new NightjarError('journal.failed', message, { table, seq, kind }, cause);
}

function failed(path: string, act: string, error: unknown): NightjarError {
  if (error instanceof NightjarError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new NightjarError('journal.failed', `${act} of ${path}: ${message}`, { path, act }, error);
}
