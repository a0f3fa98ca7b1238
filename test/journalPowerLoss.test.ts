import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../src/domain/random.ts';
import { makeTempDir } from '../src/journal/journalTestRows.ts';
import { createJournalWriter } from '../src/journal/journalWriter.ts';
import {
  changedSectors,
  cutAt,
  diskAfter,
  type Fate,
  FILES,
  inputsAfter,
  recordStretches,
  unsyncedRange,
} from './powerLoss.ts';

/** With POWER_LOSS_STRIDE=1 it cuts at every byte, which takes hours on a busy machine; unless told, at every so many. */
const STRIDE = Number(process.env.POWER_LOSS_STRIDE ?? 1499);
const FATES: readonly Fate[] = ['old', 'new', 'zeros', 'garbage'];

describe('F1: power is lost, and with it what was not synced', { timeout: 3_600_000 }, () => {
  const stretches = recordStretches(9, 4);

  it('F1: the stretches hold commits, checkpoints, and a write-ahead file that begins anew', () => {
    const names = stretches.map(({ name }) => name).join(', ');
    expect(names).toMatch(/checkpoint behind commit 4.*commit 5, new header.*checkpoint behind commit 8/);
    expect(stretches.every((one) => changedSectors(one).length > 0)).toBe(true);
  });

  it('F1: every acknowledged commit is there and no half one, wherever the writing stopped', () => {
    let cuts = 0;
    for (const stretch of stretches) {
      for (const file of FILES) {
        const [first, end] = unsyncedRange(stretch, file);
        for (let at = first; at < end; at += STRIDE, cuts += 1) {
          const found = inputsAfter(cutAt(stretch, file, at));
          expect([stretch.acknowledged, stretch.written], `${stretch.name} of ${file} cut at ${at}`).toContain(found);
        }
      }
    }
    expect(cuts).toBeGreaterThan(100);
  });

  it('F1: the same when any of the sectors on their way are old, new, zeros or garbage', () => {
    const rounds = Math.max(3, Math.round(6000 / STRIDE));
    for (const stretch of stretches) {
      const random = createRandom(`power/${stretch.name}`);
      const check = (name: string, fateOf: (index: number) => Fate) => {
        const found = inputsAfter(diskAfter(stretch, fateOf));
        expect([stretch.acknowledged, stretch.written], `${stretch.name}, ${name}`).toContain(found);
      };
      for (const fate of FATES) check(`all ${fate}`, () => fate);
      for (let round = 1; round <= rounds; round += 1) {
        const fates = changedSectors(stretch).map(() => FATES[random.int(FATES.length)]!);
        check(`round ${round}`, (index) => fates[index]!);
      }
    }
  });

  it('F1: a file of zeros is refused by name and stays as it is; so is one whose acknowledged commits are gone', () => {
    const dir = makeTempDir();
    const path = join(dir, 'journal.sqlite');
    const disk = stretches.at(-1)!.after;
    writeFileSync(path, Buffer.alloc(disk['journal.sqlite'].length));
    writeFileSync(`${path}-wal`, Buffer.alloc(disk['journal.sqlite-wal'].length));
    const before = readFileSync(path);
    expect(() => createJournalWriter(path, { synchronous: 'FULL' })).toThrow(/cannot be read as a journal/);
    expect(readFileSync(path).equals(before)).toBe(true);

    const lost = makeTempDir();
    mkdirSync(lost, { recursive: true });
    const writer = createJournalWriter(join(lost, 'journal.sqlite'), { synchronous: 'FULL' });
    writer.close();
    writeFileSync(join(lost, 'journal.mark'), markOf(7));
    expect(() => createJournalWriter(join(lost, 'journal.sqlite'), { synchronous: 'FULL' })).toThrow(
      /inputs ends with sequence 0, its writer had committed up to 7/,
    );
  });
});

/** What a writer that has committed so many inputs leaves in its mark. */
function markOf(inputs: number): Buffer {
  const dir = makeTempDir();
  const writer = createJournalWriter(join(dir, 'journal.sqlite'), { synchronous: 'FULL' });
  for (let seq = 1; seq <= inputs; seq += 1) {
    const row = {
      table: 'inputs',
      seq,
      inputSeq: seq,
      timeMs: seq,
      subject: 'timer',
      kind: 'timer.due',
      payload: {},
    } as const;
    writer.append([row]);
  }
  writer.commit();
  writer.close();
  return readFileSync(join(dir, 'journal.mark'));
}
