import { constants, type DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { NightjarError } from '../domain/errors.ts';

export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SQLOutputValue[])[];
  /** More rows were there than the limit let through. */
  readonly cut: boolean;
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
