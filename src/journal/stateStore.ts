import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { NightjarError } from '../domain/errors.ts';
import { canonicalJson } from './canonicalJson.ts';
import { syncFolder } from './durableFile.ts';

export const STATE_SCHEMA_VERSION = 1;

/** One act of control: who, from where, what, on what, and what it changed. */
export interface AuditEntry {
  readonly run: string;
  /** The input that carried it: with `run` it names the act, so that none is written twice. */
  readonly inputSeq: number;
  readonly timeMs: number;
  readonly who: string;
  /** Address or part of the system it came from. */
  readonly from: string;
  readonly what: string;
  /** Null = every bot. */
  readonly target: string | null;
  readonly reason: string;
  /** JSON-safe; null where the act has none. */
  readonly before: unknown;
  readonly after: unknown;
  readonly result: string;
}

/** One change of one bot's permit; `level` null = opened. */
export interface PermitChange {
  /** Tree id of the bot, or `all`. */
  readonly bot: string;
  readonly level: 'permit' | 'flatten' | 'kill' | null;
  readonly reason: string;
  readonly by: string;
}

export interface StateStore {
  /** Adds entries to the chain in one durable transaction; those already there are passed over. @throws NightjarError journal.failed */
  appendAudit(entries: readonly { readonly entry: AuditEntry; readonly permits: readonly PermitChange[] }[]): void;
  /** A small value that outlives runs, such as the latch as it was last audited; null = never written. */
  read(key: string): unknown;
  /** @throws NightjarError journal.failed */
  write(key: string, value: unknown): void;
  close(): void;
}

/** Hash of the entry before the first one. */
const NO_HASH = '0'.repeat(64);

const CREATE = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE audit (seq INTEGER PRIMARY KEY, run TEXT NOT NULL, input_seq INTEGER NOT NULL, entry TEXT NOT NULL,
    previous TEXT NOT NULL, hash TEXT NOT NULL, UNIQUE (run, input_seq)) STRICT;
  CREATE TABLE permit_history (audit_seq INTEGER NOT NULL, time_ms REAL NOT NULL, run TEXT NOT NULL, bot TEXT NOT NULL,
    level TEXT, reason TEXT NOT NULL, by TEXT NOT NULL) STRICT;
  INSERT INTO meta VALUES ('schema_version', '${STATE_SCHEMA_VERSION}'), ('audit_head', '[0,"${NO_HASH}"]');`;

/**
 * `state.sqlite`: what outlives runs. The audit is a chain: each entry's SHA-256 covers the entry and the hash before it,
 * so an entry cannot be changed, dropped or put in between without every later hash telling so.
 *
 * @throws NightjarError data.unreadable | schema.newer; such a file is not touched
 */
export function openStateStore(path: string): StateStore {
  const isNew = !existsSync(path);
  if (!isNew) openStateForReading(path).close();
  const database = openOrExplain(path, false);
  try {
    database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
    if (database.prepare("SELECT count(*) AS count FROM sqlite_schema WHERE name='meta'").get()?.count === 0) {
      database.exec(`BEGIN IMMEDIATE; ${CREATE} COMMIT;`);
      syncFolder(dirname(path));
    }
  } catch (error) {
    database.close();
    throw unreadable(path, error);
  }
  const insert = database.prepare('INSERT INTO audit VALUES (?,?,?,?,?,?)');
  const known = database.prepare('SELECT 1 FROM audit WHERE run=? AND input_seq=?');
  const history = database.prepare('INSERT INTO permit_history VALUES (?,?,?,?,?,?,?)');
  const get = database.prepare('SELECT value FROM meta WHERE key=?');
  const put = database.prepare('INSERT INTO meta VALUES (?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value');

  const transact = (act: string, work: () => void) => {
    try {
      database.exec('BEGIN IMMEDIATE');
      work();
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      const message = error instanceof Error ? error.message : String(error);
      throw new NightjarError('journal.failed', `${act} of ${path}: ${message}`, { path, act }, error);
    }
  };

  return {
    appendAudit(entries) {
      transact('audit', () => {
        let [seq, previous] = JSON.parse(String(get.get('audit_head')?.value)) as [number, string];
        for (const { entry, permits } of entries) {
          if (known.get(entry.run, entry.inputSeq) !== undefined) continue;
          seq += 1;
          const text = canonicalJson(entry);
          const hash = hashOf(previous, seq, text);
          insert.run(seq, entry.run, entry.inputSeq, text, previous, hash);
          for (const { bot, level, reason, by } of permits) {
            history.run(seq, entry.timeMs, entry.run, bot, level, reason, by);
          }
          previous = hash;
        }
        put.run('audit_head', JSON.stringify([seq, previous]));
      });
    },
    read(key) {
      const row = get.get(key);
      return row === undefined ? null : JSON.parse(String(row.value));
    },
    write: (key, value) => transact('write', () => put.run(key, canonicalJson(value))),
    close: () => database.close(),
  };
}

export interface AuditReport {
  readonly path: string;
  readonly entries: number;
  /** Hash of the last entry: note it elsewhere, and nobody can rewrite the chain unseen. */
  readonly head: string;
  readonly findings: readonly { readonly seq: number; readonly message: string }[];
}

/** Follows the chain from its first entry. @throws NightjarError data.unreadable | schema.newer */
export function verifyAudit(path: string): AuditReport {
  const database = openStateForReading(path);
  if (database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined) {
    database.close();
    return { path, entries: 0, head: NO_HASH, findings: [] };
  }
  const findings: { seq: number; message: string }[] = [];
  let seq = 0;
  let previous = NO_HASH;
  try {
    for (const row of database.prepare('SELECT * FROM audit ORDER BY seq').iterate()) {
      const at = Number(row.seq);
      const find = (message: string) => findings.push({ seq: at, message: `audit ${at} ${message}` });
      if (at !== seq + 1) find(`follows ${seq}: entries are missing`);
      if (row.previous !== previous) find('does not go on from the entry before it');
      if (row.hash !== hashOf(String(row.previous), at, String(row.entry))) find('was changed: its hash does not fit');
      seq = at;
      previous = String(row.hash);
    }
    const head = JSON.parse(String(database.prepare("SELECT value FROM meta WHERE key='audit_head'").get()?.value)) as [
      number,
      string,
    ];
    if (head[0] !== seq || head[1] !== previous) {
      findings.push({
        seq,
        message: `audit ends with ${seq}, its head says ${head[0]}: entries are missing at the end`,
      });
    }
    return { path, entries: seq, head: previous, findings };
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    database.close();
  }
}

function openStateForReading(path: string): DatabaseSync {
  const database = openOrExplain(path, true);
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type='table'").all();
    if (tables.length === 0) return database;
    const row = database.prepare("SELECT value FROM meta WHERE key='schema_version'").get();
    const version = Number(row?.value);
    if (!Number.isInteger(version) || version < 1) throw new Error(`schema_version is "${String(row?.value)}"`);
    database.prepare('SELECT seq, entry, previous, hash FROM audit LIMIT 1').get();
    if (version > STATE_SCHEMA_VERSION) {
      throw new NightjarError(
        'schema.newer',
        `${path} has state schema ${version}, this Nightjar reads up to ${STATE_SCHEMA_VERSION}: use the Nightjar that wrote it, or a newer one`,
        { path, fileVersion: version, knownVersion: STATE_SCHEMA_VERSION },
      );
    }
    return database;
  } catch (error) {
    database.close();
    throw unreadable(path, error);
  }
}

function hashOf(previous: string, seq: number, entry: string): string {
  return createHash('sha256').update(`${previous}\n${seq}\n${entry}`).digest('hex');
}

function openOrExplain(path: string, readOnly: boolean): DatabaseSync {
  try {
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
    `${path} cannot be read as Nightjar's state (${message}): restore it from a copy together with its -wal file, or move it aside to begin a new audit`,
    { path },
    error,
  );
}
