import type { DatabaseSync } from 'node:sqlite';
import { encodeHeads, NO_HEADS, perTable } from './journalHeads.ts';
import { chainOf, NO_ROW, type StoredRow, type TableHead } from './rowChain.ts';
import { JOURNAL_TABLES } from './rows.ts';

/** Step from version `key` to `key + 1`: SQL or code, in one transaction with the steps around it. */
export type SchemaSteps = Readonly<Record<number, string | ((database: DatabaseSync) => void)>>;

/**
 * 1 → 2 (November 2026): every row carries its chain value, and `meta.heads` says where the last commit ended.
 * 2 → 3 (November 2026): a journal has parts; `meta.part` numbers this one, `meta.base` says where the one before ended.
 */
export const JOURNAL_SCHEMA_STEPS: SchemaSteps = {
  1: addChains,
  2: (database) => database.exec(firstPart()),
};

/** `seq` is the row id, so reading in order is reading the file in order, and a sequence can stand there only once. */
export const CREATE_JOURNAL = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  ${JOURNAL_TABLES.map(
    (table) =>
      `CREATE TABLE ${table} (seq INTEGER PRIMARY KEY, input_seq INTEGER NOT NULL, time_ms REAL NOT NULL, ` +
      'subject TEXT NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL, chain INTEGER NOT NULL) STRICT;',
  ).join('\n')}
  INSERT INTO meta VALUES ('heads', '${encodeHeads(NO_HEADS)}');
  ${firstPart()}`;

function firstPart(): string {
  return `INSERT INTO meta VALUES ('part', '1'), ('base', '${encodeHeads(NO_HEADS)}');`;
}

function addChains(database: DatabaseSync): void {
  const heads = perTable((table): TableHead => {
    database.exec(`ALTER TABLE ${table} ADD COLUMN chain INTEGER NOT NULL DEFAULT 0`);
    const write = database.prepare(`UPDATE ${table} SET chain=? WHERE seq=?`);
    const read = database.prepare(`SELECT * FROM ${table} WHERE seq>? ORDER BY seq LIMIT 1000`);
    let head: TableHead = NO_ROW;
    for (;;) {
      const rows = read.all(head[0]) as unknown as StoredRow[];
      for (const row of rows) {
        const chain = chainOf(head[1], row);
        write.run(chain, row.seq);
        head = [row.seq, chain];
      }
      if (rows.length === 0) return head;
    }
  });
  database.prepare("INSERT INTO meta VALUES ('heads', ?)").run(encodeHeads(heads));
}
