import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { makeRow, makeTempDir } from './journalTestRows.ts';
import { createJournalWriter } from './journalWriter.ts';
import { planPrune, pruneJournal } from './pruneJournal.ts';
import { verifyJournal } from './verifyJournal.ts';

const START_MS = 1_767_600_000_000;
const HOUR_MS = 3_600_000;
const wallRun = { clock: 'wall', startedAtMs: START_MS } as const;

/** Two hundred inputs, one an hour, a decision for each. */
function writeRun() {
  const path = join(makeTempDir(), 'journal.sqlite');
  const writer = createJournalWriter(path, { synchronous: 'OFF' });
  for (let seq = 1; seq <= 200; seq += 1) {
    const timeMs = START_MS + seq * HOUR_MS;
    writer.append([
      makeRow('inputs', seq, { timeMs, payload: 'x'.repeat(2000) }),
      makeRow('decisions', seq, { timeMs }),
    ]);
  }
  writer.close();
  return path;
}

describe('journal prune', () => {
  it('plans what would go without taking it, and takes just that', () => {
    const path = writeRun();
    const cutoffMs = START_MS + 101 * HOUR_MS;
    expect(planPrune(path, wallRun, cutoffMs)).toMatchObject({ inputs: 100, upToSeq: 100, payloadBytes: 100 * 2002 });
    expect(verifyJournal(path).rows.inputs).toBe(200);

    const done = pruneJournal(path, wallRun, cutoffMs);

    expect(done).toMatchObject({ inputs: 100, upToSeq: 100 });
    expect(done.fileBytesAfter).toBeLessThan(done.fileBytes - 150_000);
    expect(verifyJournal(path)).toMatchObject({
      ok: true,
      prunedInputs: 100,
      rows: { inputs: 100, decisions: 200 },
      findings: [],
    });
  });

  it('goes on where the last pruning ended, down to no input at all', () => {
    const path = writeRun();
    pruneJournal(path, wallRun, START_MS + 51 * HOUR_MS);
    expect(planPrune(path, wallRun, START_MS + 51 * HOUR_MS)).toMatchObject({ inputs: 0, upToSeq: null });
    expect(pruneJournal(path, wallRun, START_MS + 999 * HOUR_MS)).toMatchObject({ inputs: 150, upToSeq: 200 });
    expect(verifyJournal(path)).toMatchObject({ ok: true, prunedInputs: 200, rows: { inputs: 0, decisions: 200 } });
    const writer = createJournalWriter(path, { synchronous: 'OFF' });
    expect(writer.lastSeq()).toMatchObject({ inputs: 200, decisions: 200 });
    writer.close();
  });

  it('takes the inputs of a virtual run for as old as its start, whatever their times', () => {
    const path = writeRun();
    expect(planPrune(path, { clock: 'virtual', startedAtMs: 5000 }, 5000).inputs).toBe(0);
    expect(planPrune(path, { clock: 'virtual', startedAtMs: 5000 }, 5001).inputs).toBe(200);
  });

  it('takes nothing from a damaged journal', () => {
    const path = writeRun();
    const hand = new DatabaseSync(path);
    hand.exec('DELETE FROM decisions WHERE seq=200');
    hand.close();
    expect(() => pruneJournal(path, wallRun, START_MS + 51 * HOUR_MS)).toThrow(
      /damaged: decisions ends with sequence 199, the last commit left it at 200/,
    );
    expect(verifyJournal(path).rows.inputs).toBe(200);
  });
});
