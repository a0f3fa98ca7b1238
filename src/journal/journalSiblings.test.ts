import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeRow, makeTempDir } from './journalTestRows.ts';
import { createJournalWriter } from './journalWriter.ts';
import { verifyRunJournal } from './verifyRunJournal.ts';

const FILES = ['journal.sqlite', 'journal.sqlite-wal', 'journal.sqlite-shm', 'journal.mark'] as const;
type File = (typeof FILES)[number];

/** A journal as a killed writer leaves it: `inputs` rows, the first `folded` of them in the database file itself. */
function leave(run: string, inputs: number, folded: number): string {
  const dir = makeTempDir();
  const writer = createJournalWriter(join(dir, 'journal.sqlite'), { synchronous: 'FULL', run });
  for (let seq = 1; seq <= inputs; seq += 1) {
    writer.append([makeRow('inputs', seq, { payload: `${run} ${seq}` }), makeRow('decisions', seq)]);
    writer.commit();
    if (seq === folded) writer.checkpoint();
  }
  const left = makeTempDir();
  move(dir, left, FILES);
  writer.close();
  return left;
}

function move(from: string, to: string, files: readonly File[]): void {
  for (const name of files) if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
}

const moved = (from: string, files: readonly File[]) => {
  const dir = makeTempDir();
  move(from, dir, files);
  return dir;
};

/** What the next writer of run `run` says; '' = it opened with all `inputs` rows. */
function refusal(dir: string, run = 'run-a', inputs = 40): string {
  const path = join(dir, 'journal.sqlite');
  const before = existsSync(path) ? readFileSync(path) : null;
  try {
    const writer = createJournalWriter(path, { synchronous: 'FULL', run });
    const found = writer.lastSeq().inputs;
    writer.close();
    return found === inputs ? '' : `opened with ${found} inputs`;
  } catch (error) {
    expect(error).toMatchObject({ code: 'data.unreadable' });
    if (before !== null) expect(readFileSync(path).equals(before)).toBe(true);
    else expect(existsSync(path)).toBe(false);
    return (error as Error).message;
  }
}

describe('F3: a journal and its siblings', () => {
  it('F3: opens when all of them came along, the shared memory or not', () => {
    expect(refusal(moved(leave('run-a', 40, 20), FILES))).toBe('');
    expect(refusal(moved(leave('run-a', 40, 20), ['journal.sqlite', 'journal.sqlite-wal', 'journal.mark']))).toBe('');
  });

  it('F3: is refused when it was moved without its -wal file, and verify says so', () => {
    const dir = moved(leave('run-a', 40, 20), ['journal.sqlite', 'journal.mark']);
    expect(refusal(dir)).toMatch(
      /inputs ends with sequence 20, its writer had committed up to 40: the -wal file beside it is missing.*put the right files back together/,
    );
    expect(
      verifyRunJournal(dir)
        .findings.map(({ message }) => message)
        .join(),
    ).toMatch(/had committed up to 40/);
  });

  it('F3: is refused when only its siblings are there, and none is made in its place', () => {
    expect(refusal(moved(leave('run-a', 40, 20), ['journal.sqlite-wal', 'journal.mark']))).toMatch(
      /the file is missing/,
    );
    expect(refusal(moved(leave('run-a', 40, 20), ['journal.mark']))).toMatch(/the file is missing/);
  });

  it('F3: of another run is refused with both names', () => {
    expect(refusal(leave('run-b', 40, 20))).toMatch(/it is the journal of run run-b, not of run-a/);
  });

  it.each([
    ['that holds all of its run', 40, 0],
    ['that holds a part of it', 40, 20],
    ['of a longer run', 90, 60],
    ['of a shorter run', 8, 2],
  ])('F3: is refused beside the -wal file of another run, one %s', (_, inputs, folded) => {
    const other = leave('run-b', inputs, folded);
    for (const siblings of [['journal.sqlite-wal'], ['journal.sqlite-wal', 'journal.sqlite-shm']] as const) {
      const dir = moved(leave('run-a', 40, 20), ['journal.sqlite', 'journal.mark']);
      move(other, dir, siblings);
      expect(refusal(dir)).not.toMatch(/^(opened|$)/);
    }
  });

  it('F3: takes no harm from the -shm file of another run alone: it is made anew from its own -wal file', () => {
    const dir = moved(leave('run-a', 40, 20), ['journal.sqlite', 'journal.sqlite-wal', 'journal.mark']);
    move(leave('run-b', 90, 60), dir, ['journal.sqlite-shm']);
    expect(refusal(dir)).toBe('');
  });
});
