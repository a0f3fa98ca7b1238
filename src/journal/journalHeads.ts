import type { DatabaseSync } from 'node:sqlite';
import { NO_ROW, type TableHead } from './rowChain.ts';
import { JOURNAL_TABLES, type JournalTable } from './rows.ts';

/**
 * Where every table stood at the last commit, kept in the one row `meta.heads` that each commit rewrites: a file whose
 * tables do not end exactly there is a mixture of two moments, or has lost its end.
 */
export type JournalHeads = Readonly<Record<JournalTable, TableHead>>;

export const NO_HEADS: JournalHeads = perTable(() => NO_ROW);

export function perTable<Value>(make: (table: JournalTable) => Value): Record<JournalTable, Value> {
  return Object.fromEntries(JOURNAL_TABLES.map((table) => [table, make(table)])) as Record<JournalTable, Value>;
}

/** @throws Error when the row is missing or of another shape */
export function readHeads(database: DatabaseSync): JournalHeads {
  return readTableHeads(database, 'heads') ?? fail('meta holds no heads');
}

/** The last row of each table that `journal prune` took away; null when nothing was pruned. */
export function readPruned(database: DatabaseSync): JournalHeads | null {
  return readTableHeads(database, 'pruned');
}

/** Where the part before this one ended, and this one goes on; nothing in a first part. */
export function readBase(database: DatabaseSync): JournalHeads {
  return readTableHeads(database, 'base') ?? NO_HEADS;
}

/** The last row of each table that is not in the file any more or never was: in the part before, or pruned. */
export function readFloor(database: DatabaseSync): JournalHeads {
  const base = readBase(database);
  const pruned = readPruned(database) ?? NO_HEADS;
  return perTable((table) => (pruned[table][0] > base[table][0] ? pruned[table] : base[table]));
}

export function encodeHeads(heads: JournalHeads): string {
  return JSON.stringify(heads);
}

/** The last row that is in the table itself. */
export function lastRowOf(database: DatabaseSync, table: JournalTable): TableHead {
  const row = database.prepare(`SELECT seq, chain FROM ${table} ORDER BY seq DESC LIMIT 1`).get();
  return row === undefined ? NO_ROW : [Number(row.seq), Number(row.chain)];
}

/** One sentence per table that does not end where the last commit left it. */
export function headDifferences(database: DatabaseSync): string[] {
  const heads = readHeads(database);
  const floor = readFloor(database);
  return JOURNAL_TABLES.flatMap((table) => {
    const [headSeq, headChain] = heads[table];
    const found = lastRowOf(database, table);
    const [seq, chain] = found[0] === 0 ? floor[table] : found;
    if (seq === headSeq && chain === headChain) return [];
    if (seq !== headSeq) return [`${table} ends with sequence ${seq}, the last commit left it at ${headSeq}`];
    return [`${table} ${seq} is not the row that the last commit wrote (chain ${chain}, not ${headChain})`];
  });
}

function readTableHeads(database: DatabaseSync, key: string): JournalHeads | null {
  const row = database.prepare('SELECT value FROM meta WHERE key=?').get(key);
  if (row === undefined) return null;
  const parsed = JSON.parse(String(row.value)) as Partial<JournalHeads> | null;
  for (const table of JOURNAL_TABLES) {
    const head = parsed?.[table];
    if (!Array.isArray(head) || head.length !== 2 || !head.every(Number.isSafeInteger)) {
      return fail(`meta.${key} says nothing of ${table}`);
    }
  }
  return parsed as JournalHeads;
}

function fail(what: string): never {
  throw new Error(what);
}
