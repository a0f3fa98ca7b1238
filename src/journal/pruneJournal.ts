import { renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { NightjarError } from '../domain/errors.ts';
import { syncFile, syncFolder } from './durableFile.ts';
import { encodeHeads, NO_HEADS, readPruned } from './journalHeads.ts';
import { partPaths, sealedName, sealedNumbers } from './journalParts.ts';
import { openJournalDatabase, openJournalForReading } from './journalSchema.ts';
import type { RunManifest } from './runManifest.ts';

/** Inputs are kept this long; everything else for ever. */
export const KEEP_INPUTS_DAYS = 7;
export const DAY_MS = 86_400_000;

export type PrunedRun = Pick<RunManifest, 'clock' | 'startedAtMs'>;

export interface PrunePlan {
  readonly inputs: number;
  /** The last input that goes; null when none does. */
  readonly upToSeq: number | null;
  readonly payloadBytes: number;
  readonly fileBytes: number;
}

/**
 * What pruning would take away: the inputs before `cutoffMs`, from the first one on. A virtual run's rows have virtual
 * times, so its inputs are as old as its start.
 */
export function planPrune(path: string, run: PrunedRun, cutoffMs: number): PrunePlan {
  const database = openJournalForReading(path);
  try {
    return planOf(database, path, run, cutoffMs);
  } finally {
    database.close();
  }
}

/**
 * Takes the old inputs away and gives their space back. What is left still verifies: `meta.pruned` names the last input
 * that went, and with it the chain value the rest goes on from. Such a run can no longer be decided again.
 *
 * @throws NightjarError data.unreadable: a damaged journal is evidence, nothing is taken from it
 */
export function pruneJournal(
  path: string,
  run: PrunedRun,
  cutoffMs: number,
): PrunePlan & { readonly fileBytesAfter: number } {
  const plan = planPrune(path, run, cutoffMs);
  if (plan.upToSeq === null) return { ...plan, fileBytesAfter: plan.fileBytes };
  const database = openJournalDatabase(path, 'FULL');
  try {
    const last = database.prepare('SELECT chain FROM inputs WHERE seq=?').get(plan.upToSeq);
    const pruned = encodeHeads({ ...(readPruned(database) ?? NO_HEADS), inputs: [plan.upToSeq, Number(last?.chain)] });
    database.exec('BEGIN IMMEDIATE');
    database
      .prepare("INSERT INTO meta VALUES ('pruned',?) ON CONFLICT(key) DO UPDATE SET value=excluded.value")
      .run(pruned);
    database.prepare('DELETE FROM inputs WHERE seq<=?').run(plan.upToSeq);
    database.exec('COMMIT');
    // One file again, without siblings, as a sealed part has to be.
    database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE;');
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new NightjarError(
      'data.unreadable',
      `${path} could not be pruned (${message}): close its readers and try again`,
      { path },
      error,
    );
  } finally {
    database.close();
  }
  return { ...plan, fileBytesAfter: statSync(path).size };
}

/** What pruning all parts of a run would take away. */
export function planPruneRun(runDir: string, run: PrunedRun, cutoffMs: number): PrunePlan {
  return sumPlans(partPaths(runDir).map((path) => planPrune(path, run, cutoffMs)));
}

/** Prunes all parts of a run that is over. @throws NightjarError data.unreadable; earlier parts are pruned then */
export function pruneRun(
  runDir: string,
  run: PrunedRun,
  cutoffMs: number,
): PrunePlan & { readonly fileBytesAfter: number } {
  const done = partPaths(runDir).map((path) => pruneJournal(path, run, cutoffMs));
  return { ...sumPlans(done), fileBytesAfter: done.reduce((sum, { fileBytesAfter }) => sum + fileBytesAfter, 0) };
}

/**
 * Prunes the sealed parts of a run, also of one that runs: a part is written anew beside, without its old inputs, and
 * renamed over, so that a reader has the old file or the new one and a death in between changes nothing.
 *
 * @returns what went, per part
 */
export function pruneSealedParts(runDir: string, run: PrunedRun, cutoffMs: number): readonly PrunePlan[] {
  return sealedNumbers(runDir).flatMap((number) => {
    const path = join(runDir, sealedName(number));
    const plan = planPrune(path, run, cutoffMs);
    if (plan.upToSeq === null) return [];
    const beside = `${path}.tmp`;
    try {
      rmSync(beside, { force: true });
      const source = openJournalForReading(path);
      source.prepare('VACUUM INTO ?').run(beside);
      source.close();
      pruneJournal(beside, run, cutoffMs);
      const copy = new DatabaseSync(beside);
      copy.exec('PRAGMA synchronous=FULL; PRAGMA journal_mode=DELETE;');
      copy.close();
      syncFile(beside);
      renameSync(beside, path);
      syncFolder(runDir);
    } finally {
      for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(beside + suffix, { force: true });
    }
    return [plan];
  });
}

function sumPlans(plans: readonly PrunePlan[]): PrunePlan {
  const sum = (of: (plan: PrunePlan) => number) => plans.reduce((total, plan) => total + of(plan), 0);
  return {
    inputs: sum(({ inputs }) => inputs),
    upToSeq: plans.findLast(({ upToSeq }) => upToSeq !== null)?.upToSeq ?? null,
    payloadBytes: sum(({ payloadBytes }) => payloadBytes),
    fileBytes: sum(({ fileBytes }) => fileBytes),
  };
}

function planOf(database: DatabaseSync, path: string, run: PrunedRun, cutoffMs: number): PrunePlan {
  const fileBytes = statSync(path).size;
  const last = database.prepare('SELECT max(seq) AS seq FROM inputs').get()?.seq;
  // The first input that stays; times never fall within an incarnation, and a clock stepped back keeps more, not less.
  const firstKept =
    run.clock === 'virtual'
      ? run.startedAtMs < cutoffMs
        ? undefined
        : 0
      : database.prepare('SELECT min(seq) AS seq FROM inputs WHERE time_ms>=?').get(cutoffMs)?.seq;
  const upToSeq = firstKept === undefined || firstKept === null ? Number(last ?? 0) : Number(firstKept) - 1;
  const gone = database
    .prepare('SELECT count(*) AS count, coalesce(sum(length(payload)),0) AS bytes FROM inputs WHERE seq<=?')
    .get(upToSeq);
  const inputs = Number(gone?.count ?? 0);
  return { inputs, upToSeq: inputs === 0 ? null : upToSeq, payloadBytes: Number(gone?.bytes ?? 0), fileBytes };
}
