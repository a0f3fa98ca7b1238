import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createJournalWriter } from '../../journal/journalWriter.ts';
import type { JournalRow } from '../../journal/rows.ts';
import { buildIdentity, type RunManifest, writeManifest } from '../../journal/runManifest.ts';
import { type KernelTestbed, startKernel, TESTBED_CONFIG } from '../kernelTestbed.ts';
import { verifyRun } from '../verifyRun.ts';

const PROJECT_ROOT = join(import.meta.dirname, '..', '..', '..');

/** A run whose first core died while it handled `torn`: that input is in the journal, what it decided is not. */
function runWithTornDeath() {
  const dead = startKernel();
  for (let look = 0; look < 4; look += 1) {
    dead.signal({ dqPx: 152, dqFirmPx: 152 });
    dead.pass(50);
  }
  const torn = dead.inputs.at(-1)!.seq;
  expect(dead.rows.some(({ inputSeq }) => inputSeq === torn)).toBe(true);
  const lost: KernelTestbed = { ...dead, rows: dead.rows.filter(({ inputSeq }) => inputSeq < torn) };
  const next = startKernel({ after: lost });
  next.signal({ dqPx: 152, dqFirmPx: 152 });
  return { next, torn };
}

function writtenRun(bed: KernelTestbed, change: (row: JournalRow) => JournalRow = (row) => row): string {
  const runDir = mkdtempSync(join(tmpdir(), 'nightjar-verify-'));
  const writer = createJournalWriter(join(runDir, 'journal.sqlite'), { synchronous: 'OFF' });
  writer.append([...bed.inputs, ...bed.rows].map(change));
  writer.commit();
  writer.close();
  const manifest: RunManifest = {
    ...buildIdentity(PROJECT_ROOT),
    ...{
      manifestVersion: 1,
      run: 'test-run',
      folder: 'test-run',
      runTag: 'testtest',
      configHash: '',
      machineHashes: {},
    },
    ...{ config: { kernel: TESTBED_CONFIG }, seed: 7, clock: 'wall', mode: 'live', env: 'sim', parentRun: null },
    ...{ startedAtMs: 0, endedAtMs: 1, ended: 'crash-recovered', incarnations: [] },
  };
  writeManifest(runDir, manifest);
  return runDir;
}

describe('the comparison of a run whose core was killed', () => {
  it('does not replay the input in whose handling the core died: nothing that it decided is known to have left', () => {
    const { next } = runWithTornDeath();
    expect(verifyRun(writtenRun(next), { projectRoot: PROJECT_ROOT })).toMatchObject({
      ...{ ok: true, mismatches: 0, lostInputs: 1, incarnations: 2 },
    });
  });

  it('still notices that rows of any other input are not its own', () => {
    const { next, torn } = runWithTornDeath();
    const runDir = writtenRun(next, (row) =>
      row.table !== 'inputs' && row.inputSeq === torn - 1 ? { ...row, inputSeq: torn - 2 } : row,
    );
    expect(verifyRun(runDir, { projectRoot: PROJECT_ROOT }).ok).toBe(false);
  });
});
