import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createDataDir } from '../journal/dataDir.ts';
import { type RunManifest, writeManifest } from '../journal/runManifest.ts';
import { findJournalledRun } from './journalledRun.ts';

/** Runs in order of their start; those with a file have been journalled. */
function dataWith(runs: Readonly<Record<string, 'journal.sqlite' | 'journal.mark' | null>>) {
  const dataDir = createDataDir(mkdtempSync(join(tmpdir(), 'nightjar-runs-')));
  for (const [i, [folder, file]] of Object.entries(runs).entries()) {
    dataDir.createRunFolder(folder);
    const manifest = { manifestVersion: 1, run: folder, folder, runTag: 'aaaaaaaa', startedAtMs: i };
    writeManifest(dataDir.runDir(folder), { ...manifest, ended: 'failed', clock: 'wall' } as RunManifest);
    if (file !== null) writeFileSync(join(dataDir.runDir(folder), file), '');
  }
  return dataDir;
}

it('passes over newer runs that ended before anything was journalled, and says so', () => {
  const dataDir = dataWith({ old: 'journal.sqlite', good: 'journal.sqlite', empty: null, emptier: null });
  const said: string[] = [];
  expect(findJournalledRun(dataDir.root, undefined, (text) => said.push(text))).toBe(dataDir.runDir('good'));
  expect(said).toEqual([
    'nightjar: run emptier ended before anything was journalled; this is about good, the newest run with a journal',
  ]);
});

it('says nothing about a newest run that has a journal, or had one', () => {
  const said: string[] = [];
  for (const file of ['journal.sqlite', 'journal.mark'] as const) {
    const dataDir = dataWith({ good: 'journal.sqlite', newest: file });
    expect(findJournalledRun(dataDir.root, undefined, (text) => said.push(text))).toBe(dataDir.runDir('newest'));
  }
  expect(said).toEqual([]);
});

it('refuses an empty run that was asked for, naming the others', () => {
  const { root } = dataWith({ old: 'journal.sqlite', good: 'journal.sqlite', empty: null });
  expect(() => findJournalledRun(root, 'empty')).toThrow(
    'run empty ended before anything was journalled; others: good, old',
  );
  expect(() => findJournalledRun(dataWith({ only: null }).root)).toThrow('no other run has a journal');
});
