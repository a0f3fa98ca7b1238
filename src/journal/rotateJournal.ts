import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { NightjarError } from '../domain/errors.ts';
import { syncFolder } from './durableFile.ts';
import { encodeHeads, readHeads } from './journalHeads.ts';
import { CURRENT_PART, sealedName, sealedNumbers } from './journalParts.ts';
import { createSchema, JOURNAL_SCHEMA_VERSION, openJournalForReading, runOf } from './journalSchema.ts';

/** A rotation may die before or after each of these; `finishRotation` goes on from wherever it was. */
export const ROTATION_STEPS = ['begin', 'write-ahead file folded in', 'sealed', 'next one made', 'done'] as const;
export type RotationStep = (typeof ROTATION_STEPS)[number];

const NEXT_PART = 'journal.next.sqlite';

/**
 * Takes the database out of write-ahead mode, which SQLite does only for the one connection that has the file open: then
 * everything lies in the one file, and no reader can meet the next part's `-wal` file under the old name.
 *
 * @returns false when somebody reads the file just now: nothing has changed
 */
export function foldInWal(database: DatabaseSync): boolean {
  database.exec('PRAGMA busy_timeout=0');
  try {
    return database.prepare('PRAGMA journal_mode=DELETE').get()?.journal_mode === 'delete';
  } catch (error) {
    if (/locked|busy/.test(String(error))) return false;
    throw error;
  } finally {
    database.exec('PRAGMA busy_timeout=2000');
  }
}

/** Gives the closed current part its number and begins the next one behind it. */
export function sealCurrent(runDir: string, number: number, onStep: (step: RotationStep) => void): void {
  renameSync(join(runDir, CURRENT_PART), join(runDir, sealedName(number)));
  syncFolder(runDir);
  onStep('sealed');
  beginNext(runDir, number, onStep);
}

/** What a rotation that died left undone: leftovers go, and a missing current part is begun behind the last sealed one. */
export function finishRotation(path: string): void {
  const runDir = dirname(path);
  removeNext(runDir);
  const last = sealedNumbers(runDir).at(-1);
  if (last === undefined || existsSync(path)) return;
  if (existsSync(`${path}-wal`)) {
    throw new NightjarError(
      'data.unreadable',
      `${path} is missing, its -wal file is there: put the file back, or start a new run`,
      { path },
    );
  }
  beginNext(runDir, last, () => {});
}

/** Made beside and renamed into place, so that a current part is whole from its first moment. */
function beginNext(runDir: string, sealed: number, onStep: (step: RotationStep) => void): void {
  removeNext(runDir);
  const before = openJournalForReading(join(runDir, sealedName(sealed)));
  const heads = encodeHeads(readHeads(before));
  const run = runOf(before);
  before.close();
  const beside = join(runDir, NEXT_PART);
  const next = new DatabaseSync(beside);
  try {
    next.exec('PRAGMA synchronous=FULL');
    createSchema(next, JOURNAL_SCHEMA_VERSION);
    next.exec('BEGIN IMMEDIATE');
    const put = next.prepare('INSERT INTO meta VALUES (?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value');
    put.run('part', String(sealed + 1));
    put.run('previous', sealedName(sealed));
    put.run('base', heads);
    put.run('heads', heads);
    if (run !== null) put.run('run', run);
    next.exec('COMMIT');
  } finally {
    next.close();
  }
  onStep('next one made');
  renameSync(beside, join(runDir, CURRENT_PART));
  syncFolder(runDir);
}

function removeNext(runDir: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(join(runDir, NEXT_PART + suffix), { force: true });
}
