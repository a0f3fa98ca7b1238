import { constants, type DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { NightjarError } from '../domain/errors.ts';
import { openParts } from './journalParts.ts';
import { JOURNAL_TABLES } from './rows.ts';

export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SQLOutputValue[])[];
  /** More rows were there than the limit let through. */
  readonly cut: boolean;
}

/** SQLite attaches ten databases at most (sqlite.org/limits.html). */
const MOST_PARTS = 10;

/**
 * A database in which each table is that of all parts of a run's journal together.
 *
 * @throws NightjarError data.unreadable | schema.newer
 */
export function openQueryDatabase(runDir: string): { readonly database: DatabaseSync; readonly leftOut: number } {
  const parts = openParts(runDir);
  for (const { database } of parts.slice(0, -1)) database.close();
  const last = parts.at(-1)!;
  if (parts.length === 1) return { database: last.database, leftOut: 0 };
  const asked = parts.slice(-MOST_PARTS);
  // Attached to the newest one, which stays open meanwhile: so no rotation comes in between.
  for (const { number, path } of asked.slice(0, -1)) {
    last.database.prepare(`ATTACH ? AS part${number}`).run(path);
  }
  for (const table of JOURNAL_TABLES) {
    const selects = asked.map(
      ({ number }, i) => `SELECT * FROM ${i === asked.length - 1 ? 'main' : `part${number}`}.${table}`,
    );
    last.database.exec(`CREATE TEMP VIEW ${table} AS ${selects.join(' UNION ALL ')}`);
  }
  return { database: last.database, leftOut: parts.length - asked.length };
}

/** What reading needs; everything else SQLite asks for (write, attach, pragma, transaction) is denied. */
const ALLOWED: ReadonlySet<number> = new Set([
  constants.SQLITE_SELECT,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_RECURSIVE,
]);

/**
 * Runs one reading statement.
 *
 * @param database  open for reading only; its authorizer is set here for good
 * @param limit     rows at most
 * @throws NightjarError config.invalid: more than one statement, a statement that would change something, bad SQL
 */
export function queryJournal(database: DatabaseSync, sql: string, limit: number): QueryResult {
  const statement = singleStatement(sql);
  database.setAuthorizer((action) => (ALLOWED.has(action) ? constants.SQLITE_OK : constants.SQLITE_DENY));
  try {
    const prepared = database.prepare(statement);
    prepared.setReturnArrays(true);
    const columns = prepared.columns().map(({ name }) => name);
    const rows: SQLOutputValue[][] = [];
    for (const row of prepared.iterate() as unknown as Iterable<SQLOutputValue[]>) {
      if (rows.length === limit) return { columns, rows, cut: true };
      rows.push(row);
    }
    return { columns, rows, cut: false };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/not authorized|readonly database/.test(message)) {
      throw refusal(sql, `it would do more than read (${message})`);
    }
    throw refusal(sql, message);
  }
}

/** @returns the statement without its semicolon */
function singleStatement(sql: string): string {
  // Strings, quoted names and comments may hold anything; what is left decides.
  const bare = sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  if (!/^\s*(select|with)\b/i.test(bare)) throw refusal(sql, 'it does not begin with SELECT or WITH');
  if (/;\s*\S/.test(bare)) throw refusal(sql, 'it holds more than one statement');
  return sql;
}

const refusal = (sql: string, why: string) =>
  new NightjarError(
    'config.invalid',
    `query "${sql.length > 80 ? `${sql.slice(0, 77)}…` : sql}" was not run: ${why}; give one SELECT over inputs, decisions, commands, intents, reports, fills, transitions, crashes`,
    { sql },
  );
