import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { NightjarError } from '../domain/errors.ts';
import { syncFile, syncFolder } from './durableFile.ts';
import { quickFindings } from './journalHealth.ts';
import { CREATE_JOURNAL, JOURNAL_SCHEMA_STEPS, type SchemaSteps } from './schemaSteps.ts';

export const JOURNAL_SCHEMA_VERSION = 3;

/**
 * Opens a journal file for its one writer, creates it when missing, and brings an older one to this version after
 * copying it to `<path>.v<old>.bak`. An existing file is looked at through a read-only connection first: what is damaged,
 * torn or no journal at all is refused by name, and not one byte of it changes.
 *
 * @throws NightjarError schema.newer | data.unreadable
 */
export function openJournalDatabase(
  path: string,
  synchronous: 'FULL' | 'OFF',
  target: { readonly version: number; readonly steps: SchemaSteps } = {
    version: JOURNAL_SCHEMA_VERSION,
    steps: JOURNAL_SCHEMA_STEPS,
  },
): DatabaseSync {
  const isNew = !existsSync(path);
  if (!isNew) refuseUnfit(path, target.version, true);
  const database = openOrExplain(path, false);
  try {
    database.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=${synchronous}; PRAGMA wal_autocheckpoint=0;`);
    const version = schemaVersion(database, path);
    if (version === null) createSchema(database, target.version);
    else if (version < target.version) migrate(database, path, version, target);
    if (isNew) syncFolder(dirname(path));
    return database;
  } catch (error) {
    database.close();
    throw unreadable(path, error);
  }
}

/** Opens a journal file for reading beside its writer. @throws NightjarError schema.newer | data.unreadable */
export function openJournalForReading(path: string): DatabaseSync {
  if (!existsSync(path)) {
    throw new NightjarError('data.unreadable', `no journal at ${path}: check the run's id and --data`, { path });
  }
  refuseUnfit(path, JOURNAL_SCHEMA_VERSION, false);
  return openOrExplain(path, true);
}

/** Structure and heads of one file, without reading its rows; never throws. @returns what is wrong, none = well */
export function checkPartQuickly(path: string): readonly string[] {
  try {
    refuseUnfit(path, JOURNAL_SCHEMA_VERSION, true);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** Which part of its run's journal a file is; files older than parts are the first. */
export function partNumberOf(database: DatabaseSync): number {
  try {
    const row = database.prepare("SELECT value FROM meta WHERE key='part'").get();
    return row === undefined ? 1 : Number(row.value);
  } catch {
    // Without any table: its writer ended before the first commit.
    return 1;
  }
}

/** The run that a journal was begun for; null when it does not say. */
export function runOf(database: DatabaseSync): string | null {
  const row = database.prepare("SELECT value FROM meta WHERE key='run'").get();
  return row === undefined ? null : String(row.value);
}

/**
 * A rotation that died while it took the file out of write-ahead mode leaves a rollback journal, which a read-only
 * connection may not apply: SQLite applies it on the first read of one that may write.
 */
function applyRollbackJournal(path: string): void {
  const beside = `${path}-journal`;
  if (!existsSync(beside) || statSync(beside).size === 0) return;
  const database = openOrExplain(path, false);
  try {
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    database.close();
  }
}

/** Only looks, through a read-only connection, so that refusing a file changes no byte of it. */
function refuseUnfit(path: string, known: number, forWriting: boolean): void {
  applyRollbackJournal(path);
  const database = openOrExplain(path, true);
  try {
    const version = schemaVersion(database, path);
    if (version !== null && version > known) {
      throw new NightjarError(
        'schema.newer',
        `${path} has journal schema ${version}, this Nightjar reads up to ${known}: use the Nightjar that wrote it, or a newer one`,
        { path, fileVersion: version, knownVersion: known },
      );
    }
    if (version === null || !forWriting) return;
    const findings = quickFindings(database, path, version);
    if (findings.length > 0) throw new Error(`damaged: ${findings.join('; ')}`);
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    database.close();
  }
}

/** Null for a file without any table: one that was created and then lost its writer before the first commit. */
export function schemaVersion(database: DatabaseSync, path: string): number | null {
  try {
    const tables = database.prepare("SELECT count(*) AS count FROM sqlite_schema WHERE type='table'").get();
    if (tables?.count === 0) return null;
    const row = database.prepare("SELECT value FROM meta WHERE key='schema_version'").get();
    const version = Number(row?.value);
    if (!Number.isInteger(version) || version < 1) throw new Error(`schema_version is "${String(row?.value)}"`);
    return version;
  } catch (error) {
    throw unreadable(path, error);
  }
}

export function createSchema(database: DatabaseSync, version: number): void {
  database.exec(
    `BEGIN IMMEDIATE;
     ${CREATE_JOURNAL}
     INSERT INTO meta VALUES ('schema_version', '${version}');
     COMMIT;`,
  );
}

function migrate(
  database: DatabaseSync,
  path: string,
  from: number,
  target: { readonly version: number; readonly steps: SchemaSteps },
): void {
  const copy = `${path}.v${from}.bak`;
  if (!existsSync(copy)) {
    database.prepare('VACUUM INTO ?').run(copy);
    syncFile(copy);
    syncFolder(dirname(copy));
  }
  database.exec('BEGIN IMMEDIATE');
  for (let version = from; version < target.version; version += 1) {
    const step = target.steps[version];
    if (step === undefined) throw new Error(`no way from journal schema ${version} to ${version + 1}`);
    if (typeof step === 'string') database.exec(step);
    else step(database);
  }
  database.prepare("UPDATE meta SET value=? WHERE key='schema_version'").run(String(target.version));
  database.exec('COMMIT');
}

function openOrExplain(path: string, readOnly: boolean): DatabaseSync {
  try {
    // The time-out covers a reader that meets the writer's switch to WAL or its recovery after a crash.
    return new DatabaseSync(path, { readOnly, timeout: 2000 });
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): NightjarError {
  if (error instanceof NightjarError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new NightjarError(
    'data.unreadable',
    `${path} cannot be read as a journal (${message}): restore it from a copy together with its -wal file, or start a new run`,
    { path },
    error,
  );
}
