import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createDataDir } from '../../journal/dataDir.ts';
import { openJournalReader } from '../../journal/journalReader.ts';
import { makeRow, makeTempDir } from '../../journal/journalTestRows.ts';
import { createJournalWriter } from '../../journal/journalWriter.ts';
import { type RunManifest, writeManifest } from '../../journal/runManifest.ts';
import { verifyRunJournal } from '../../journal/verifyRunJournal.ts';
import { keepHouse } from './housekeeping.ts';
import { readCheckpoint } from './recoveryCheckpoint.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 100 * DAY_MS;

/** A run with one sealed part and one that is written, one input a day in each of the last 20 days. */
function makeRun(dataDir: ReturnType<typeof createDataDir>, run: string, ended: RunManifest['ended']) {
  const runDir = dataDir.runDir(run);
  mkdirSync(runDir, { recursive: true });
  const manifest = { manifestVersion: 1, run, folder: run, runTag: 'tag', clock: 'wall', ended, startedAtMs: 1 };
  writeManifest(runDir, { ...manifest, incarnations: [] } as unknown as RunManifest);
  const writer = createJournalWriter(join(runDir, 'journal.sqlite'), { synchronous: 'OFF' });
  for (let seq = 1; seq <= 20; seq += 1) {
    writer.append([makeRow('inputs', seq, { timeMs: NOW_MS - (20 - seq) * DAY_MS - 1 })]);
    writer.commit();
    if (seq === 15) writer.rotate();
  }
  return { runDir, writer };
}

const inputsIn = (runDir: string) => {
  const report = verifyRunJournal(runDir);
  expect(report.findings).toEqual([]);
  return report.rows.inputs;
};

it('keeps the inputs of so many days: in sealed parts of the living run, in all of one that is over, none of a quarantined one', () => {
  const dataDir = createDataDir(makeTempDir());
  const living = makeRun(dataDir, 'living', 'running');
  const over = makeRun(dataDir, 'over', 'clean');
  const evidence = makeRun(dataDir, 'evidence', 'quarantined');
  over.writer.close();
  evidence.writer.close();
  const input = { dataDir: dataDir.root, runDir: living.runDir };

  expect(keepHouse({ ...input, inputsKeptDays: 7 }, NOW_MS)).toEqual({
    checkpointInput: 19,
    prunedInputs: 26,
    troubles: [],
  });
  expect([living, over, evidence].map(({ runDir }) => inputsIn(runDir))).toEqual([7, 7, 20]);
  expect(keepHouse({ ...input, inputsKeptDays: 7 }, NOW_MS).prunedInputs).toBe(0);
  expect(keepHouse({ ...input, inputsKeptDays: 0 }, NOW_MS).prunedInputs).toBe(2 + 7);
  expect([living, over].map(({ runDir }) => inputsIn(runDir))).toEqual([5, 0]);
  const reader = openJournalReader(living.runDir);
  expect(readCheckpoint(living.runDir, reader)?.inputSeq).toBe(19);
  reader.close();
  living.writer.append([makeRow('inputs', 21)]);
  living.writer.close();
  expect(inputsIn(living.runDir)).toBe(6);
});
