import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { NightjarError } from '../domain/errors.ts';
import { type DataDir, openDataDir } from '../journal/dataDir.ts';
import { partPaths } from '../journal/journalParts.ts';
import { talk } from './output.ts';

/** Other runs that an answer names at most. */
const NAMED = 3;

/**
 * Folder of a run whose journal can be asked: the one asked for, else the newest that has one. A start that failed early
 * leaves a run without a journal, which must not hide the good ones before it.
 *
 * @throws NightjarError data.unreadable naming the runs that can be asked
 */
export function findJournalledRun(data: string, asked?: string, say: (text: string) => void = talk): string {
  const dataDir = openDataDir(data);
  const wanted = dataDir.findRun(asked);
  if (wasJournalled(wanted)) return wanted;
  const others = journalledRuns(dataDir);
  const ended = `run ${basename(wanted)} ended before anything was journalled`;
  if (asked === undefined && others[0] !== undefined) {
    say(`nightjar: ${ended}; this is about ${others[0]}, the newest run with a journal`);
    return dataDir.runDir(others[0]);
  }
  const remedy = others.length === 0 ? 'no other run has a journal' : `others: ${others.slice(0, NAMED).join(', ')}`;
  throw new NightjarError('data.unreadable', `${ended}; ${remedy}`, { run: asked });
}

const journalledRuns = (dataDir: DataDir) =>
  dataDir
    .runs()
    .map(({ folder }) => folder)
    .filter((folder) => wasJournalled(dataDir.runDir(folder)));

/** A journal whose files are lost left its mark: that run is reported as damaged, not passed over. */
function wasJournalled(runDir: string): boolean {
  return partPaths(runDir).length > 0 || existsSync(join(runDir, 'journal.mark'));
}
