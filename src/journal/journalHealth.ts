import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { headDifferences, type JournalHeads, readHeads } from './journalHeads.ts';
import { JOURNAL_TABLES } from './rows.ts';

/** Up to this size the whole structure is read at each opening for writing; `journal verify` reads it at any size. */
export const QUICK_CHECK_MAX_BYTES = 64 * 2 ** 20;
/** Findings that are told one by one. */
const KEPT_FINDINGS = 10;

/**
 * What can be seen in a moment of a journal that was left behind by a dead writer, a torn disk or a bad copy.
 *
 * @param database  open for reading: looking must not change a byte
 * @returns         one sentence per finding; none = it may be written on
 */
export function quickFindings(database: DatabaseSync, path: string, version: number): string[] {
  const { bytes, missingBytes } = fileSizes(path);
  // A file shorter than its own header says is whole all the same when the write-ahead file has the missing pages.
  if (bytes <= QUICK_CHECK_MAX_BYTES || missingBytes > 0) {
    const findings = structureFindings(database, 'quick_check');
    if (findings.length > 0) return findings;
  }
  return version >= 2 ? [...headDifferences(database), ...lostTails(database, path)] : [];
}

/**
 * The database file alone never knows more than database and write-ahead file together. When it does, commits that were
 * moved into it are hidden behind a write-ahead file that has lost its end, and writing on would lose them for good.
 */
export function lostTails(database: DatabaseSync, path: string): string[] {
  const alone = headsOfFileAlone(path);
  if (alone === null) return [];
  const together = readHeads(database);
  return JOURNAL_TABLES.filter((table) => alone[table][0] > together[table][0]).map(
    (table) =>
      `${table} ends with sequence ${together[table][0]}, the database file alone has ${alone[table][0]}: the -wal file beside it has lost its end`,
  );
}

/** Null when a checkpoint was under way: then the file alone means nothing, and the write-ahead file has it all. */
function headsOfFileAlone(path: string): JournalHeads | null {
  try {
    // `immutable` makes SQLite read the one file as it is (sqlite.org/uri.html).
    const alone = new DatabaseSync(new URL(`${pathToFileURL(path).href}?immutable=1`), { readOnly: true });
    try {
      return readHeads(alone);
    } finally {
      alone.close();
    }
  } catch {
    return null;
  }
}

/** @returns SQLite's own findings about pages, trees and (full check) constraints */
export function structureFindings(database: DatabaseSync, check: 'quick_check' | 'integrity_check'): string[] {
  return database
    .prepare(`PRAGMA ${check}(${KEPT_FINDINGS})`)
    .all()
    .map((row) => String(Object.values(row)[0]))
    .filter((finding) => finding !== 'ok');
}

/** Size of the file, and how much of what its header claims is not there (SQLite file format, header bytes 16 and 28). */
export function fileSizes(path: string): { readonly bytes: number; readonly missingBytes: number } {
  const file = openSync(path, 'r');
  try {
    const bytes = fstatSync(file).size;
    const header = Buffer.alloc(100);
    if (readSync(file, header, 0, 100, 0) < 100) return { bytes, missingBytes: 0 };
    const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
    return { bytes, missingBytes: Math.max(0, header.readUInt32BE(28) * pageSize - bytes) };
  } finally {
    closeSync(file);
  }
}
