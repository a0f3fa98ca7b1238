import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { NightjarError } from '../domain/errors.ts';
import { perTable, readHeads } from './journalHeads.ts';
import { openParts } from './journalParts.ts';
import { schemaVersion } from './journalSchema.ts';
import { createRowHash } from './rowHash.ts';
import type { JournalRow, JournalTable } from './rows.ts';

/** An input as it stood at the door; the core knows what its payload is. */
export interface StoredInput {
  readonly seq: number;
  readonly timeMs: number;
  readonly source: string;
  readonly payload: unknown;
}

export interface RowFilter {
  /** First sequence to read; 1 unless told. */
  readonly fromSeq?: number;
  readonly subject?: string;
}

export interface JournalReader {
  /** Rows in sequence order. Reads in pages, so that no long transaction holds the writer's checkpoint up. */
  rows(table: JournalTable, filter?: RowFilter): IterableIterator<JournalRow>;
  inputs(fromSeq?: number): IterableIterator<StoredInput>;
  /** Subjects that have rows in the table, sorted. */
  subjects(table: JournalTable): readonly string[];
  /** Inputs that began a core incarnation, oldest first. */
  coreStarts(): readonly number[];
  lastSeq(): Readonly<Record<JournalTable, number>>;
  /** SHA-256 over the canonical JSON of the rows of the given tables, table after table, each in order. */
  hash(...tables: readonly JournalTable[]): string;
  close(): void;
}

/** Of the run's `decisions`. */
export function decisionsHash(reader: JournalReader): string {
  return reader.hash('decisions');
}

/** Of the run's `commands`, then its `intents`. */
export function commandsHash(reader: JournalReader): string {
  return reader.hash('commands', 'intents');
}

const PAGE_ROWS = 2000;

interface RawRow {
  readonly seq: number;
  readonly input_seq: number;
  readonly time_ms: number;
  readonly subject: string;
  readonly kind: string;
  readonly payload: string;
}

/**
 * Reads a run's journal beside its writer, without a lock: all its parts as one.
 *
 * @throws NightjarError data.unreadable | schema.newer
 */
export function openJournalReader(runDir: string): JournalReader {
  const parts = openParts(runDir);
  const path = join(runDir, 'journal.sqlite');

  function* raw(table: JournalTable, filter: RowFilter = {}): IterableIterator<RawRow> {
    for (const { database } of parts) yield* rawOf(database, table, filter);
  }

  function* rawOf(database: DatabaseSync, table: JournalTable, filter: RowFilter): IterableIterator<RawRow> {
    const bySubject = filter.subject === undefined ? '' : 'AND subject=?';
    const page = database.prepare(`SELECT * FROM ${table} WHERE seq>=? ${bySubject} ORDER BY seq LIMIT ${PAGE_ROWS}`);
    const rest = filter.subject === undefined ? [] : [filter.subject];
    for (let fromSeq = filter.fromSeq ?? 1; ; ) {
      const rows = explained(() => page.all(fromSeq, ...rest)) as unknown as RawRow[];
      yield* rows;
      if (rows.length < PAGE_ROWS) return;
      fromSeq = rows[rows.length - 1]!.seq + 1;
    }
  }

  function* rows(table: JournalTable, filter?: RowFilter): IterableIterator<JournalRow> {
    for (const row of raw(table, filter)) {
      yield {
        table,
        seq: row.seq,
        inputSeq: row.input_seq,
        timeMs: row.time_ms,
        subject: row.subject,
        kind: row.kind,
        payload: parsePayload(table, row),
      };
    }
  }

  function* inputs(fromSeq = 1): IterableIterator<StoredInput> {
    for (const { seq, timeMs, subject, payload } of rows('inputs', { fromSeq })) {
      yield { seq, timeMs, source: subject, payload };
    }
  }

  function explained<Value>(read: () => Value): Value {
    try {
      return read();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new NightjarError(
        'data.unreadable',
        `${path} cannot be read (${message}): it may have been moved without its -wal file`,
        { path },
        error,
      );
    }
  }

  const all = (sql: string) => explained(() => parts.flatMap(({ database }) => database.prepare(sql).all()));

  function parsePayload(table: JournalTable, row: RawRow): unknown {
    try {
      return JSON.parse(row.payload);
    } catch (error) {
      throw new NightjarError(
        'data.unreadable',
        `${path}: ${table} ${row.seq} holds no JSON: the file was changed by another hand`,
        { path, table, seq: row.seq },
        error,
      );
    }
  }

  return {
    rows,
    inputs,
    subjects: (table) =>
      [...new Set(all(`SELECT DISTINCT subject FROM ${table}`).map((row) => String(row.subject)))].sort(),
    coreStarts: () =>
      all("SELECT seq FROM inputs WHERE kind='core.started' ORDER BY seq").map((row) => Number(row.seq)),
    lastSeq() {
      const { database, path: lastPath } = parts.at(-1)!;
      return explained(() => {
        const version = schemaVersion(database, lastPath);
        if (version !== null && version >= 2) {
          const heads = readHeads(database);
          return perTable((table) => heads[table][0]);
        }
        const max = (table: JournalTable) =>
          version === null
            ? 0
            : Number(database.prepare(`SELECT coalesce(max(seq),0) AS seq FROM ${table}`).get()?.seq);
        return perTable(max);
      });
    },
    hash(...tables) {
      const hash = createRowHash();
      for (const table of tables) for (const row of raw(table)) hash.add(canonicalLine(table, row));
      return hash.digest();
    },
    close() {
      for (const { database } of parts) database.close();
    },
  };
}

/** `canonicalRow` without parsing: the stored payload is canonical already, and the keys stand in sorted order. */
function canonicalLine(table: JournalTable, row: RawRow): string {
  return (
    `{"inputSeq":${row.input_seq},"kind":${JSON.stringify(row.kind)},"payload":${row.payload},"seq":${row.seq},` +
    `"subject":${JSON.stringify(row.subject)},"table":"${table}","timeMs":${row.time_ms}}`
  );
}
