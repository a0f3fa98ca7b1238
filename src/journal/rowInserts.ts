import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { perTable } from './journalHeads.ts';
import type { StoredRow } from './rowChain.ts';
import type { JournalTable } from './rows.ts';

/** Rows of one statement. More than this no longer saves anything: binding the values is what is left. */
const AT_ONCE = 8;
const COLUMNS = 7;

export interface RowInserts {
  /** Takes a row for its table; it is in the file after the next `flush`. */
  add(table: JournalTable, row: StoredRow, chain: number): void;
  /** Inserts what waits. @throws Error of SQLite */
  flush(): void;
  /** Drops what waits: its group is given up. */
  forget(): void;
}

/** Inserts in portions: one statement for eight rows costs two thirds of eight statements. */
export function openRowInserts(database: DatabaseSync): RowInserts {
  const waiting = perTable((): SQLInputValue[] => []);
  const statements = perTable((table) => ({
    one: database.prepare(insertOf(table, 1)),
    many: database.prepare(insertOf(table, AT_ONCE)),
  }));

  return {
    add(table, { seq, input_seq, time_ms, subject, kind, payload }, chain) {
      const values = waiting[table];
      values.push(seq, input_seq, time_ms, subject, kind, payload, chain);
      if (values.length < AT_ONCE * COLUMNS) return;
      waiting[table] = [];
      statements[table].many.run(...values);
    },

    flush() {
      for (const table in waiting) {
        const values = waiting[table as JournalTable];
        if (values.length === 0) continue;
        waiting[table as JournalTable] = [];
        const { one } = statements[table as JournalTable];
        for (let at = 0; at < values.length; at += COLUMNS) one.run(...values.slice(at, at + COLUMNS));
      }
    },

    forget() {
      for (const table in waiting) waiting[table as JournalTable] = [];
    },
  };
}

function insertOf(table: JournalTable, rows: number): string {
  return `INSERT INTO ${table} VALUES ${Array.from({ length: rows }, () => '(?,?,?,?,?,?,?)').join(',')}`;
}
