import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { NightjarError } from '../domain/errors.ts';
import { openJournalForReading, partNumberOf } from './journalSchema.ts';

/** The part that is being written. */
export const CURRENT_PART = 'journal.sqlite';

/** One file of a run's journal; sealed ones never get another row. */
export interface JournalPart {
  /** From 1, in order of time. */
  readonly number: number;
  readonly path: string;
  readonly database: DatabaseSync;
}

export function sealedName(number: number): string {
  return `journal.${number}.sqlite`;
}

/** Numbers of the sealed parts in a run's folder, ascending. */
export function sealedNumbers(runDir: string): readonly number[] {
  if (!existsSync(runDir)) return [];
  return readdirSync(runDir)
    .flatMap((name) => /^journal\.([1-9]\d*)\.sqlite$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** Paths of all parts that are there, oldest first, the current one last; looks at names alone. */
export function partPaths(runDir: string): readonly string[] {
  const current = join(runDir, CURRENT_PART);
  const sealed = sealedNumbers(runDir).map((number) => join(runDir, sealedName(number)));
  return existsSync(current) ? [...sealed, current] : sealed;
}

/** The writer renames two files to rotate, so whoever looks twice in between sees two different folders. */
const TRIES = 5;

/**
 * Opens all parts of a run for reading, oldest first. A rotation in between is noticed and looked at again; while the
 * parts are open, none begins.
 *
 * @throws NightjarError data.unreadable (naming the part that is missing or damaged) | schema.newer
 */
export function openParts(runDir: string): readonly JournalPart[] {
  const current = join(runDir, CURRENT_PART);
  for (let attempt = 1; ; attempt += 1) {
    const parts: JournalPart[] = [];
    try {
      const last = openLast(current);
      const sealed = sealedNumbers(runDir);
      const lastNumber = last?.number ?? (sealed.at(-1) ?? 0) + 1;
      // Between two looks the part that is open here was sealed, or the next one begun.
      const hasMoved = last === null ? existsSync(current) : sealed.includes(last.number);
      if (hasMoved && attempt < TRIES) {
        last?.database.close();
        continue;
      }
      if (last !== null) parts.push(last);
      refuseGaps(runDir, sealed, lastNumber);
      const before = sealed.map((number) => openPart(join(runDir, sealedName(number)), number));
      parts.unshift(...before);
      // Names the missing file as the one journal of old runs.
      if (parts.length === 0) openJournalForReading(current);
      return parts;
    } catch (error) {
      for (const { database } of parts) database.close();
      throw error;
    }
  }
}

function openLast(path: string): JournalPart | null {
  if (!existsSync(path)) return null;
  const database = openJournalForReading(path);
  return { number: partNumberOf(database), path, database };
}

function openPart(path: string, number: number): JournalPart {
  const database = openJournalForReading(path);
  const found = partNumberOf(database);
  if (found === number) return { number, path, database };
  database.close();
  throw new NightjarError(
    'data.unreadable',
    `${path} is part ${found} of its journal, not ${number}: it was renamed or belongs to another run; put the right file back`,
    { path, part: number, found },
  );
}

function refuseGaps(runDir: string, sealed: readonly number[], lastNumber: number): void {
  for (let number = 1; number < lastNumber; number += 1) {
    if (sealed[number - 1] === number) continue;
    const path = join(runDir, sealedName(number));
    throw new NightjarError('data.unreadable', `${path} is missing: part ${number} of ${lastNumber}; put it back`, {
      path,
      part: number,
    });
  }
}
