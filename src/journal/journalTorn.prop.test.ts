import { copyFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openJournalReader } from './journalReader.ts';
import { makeRow, makeTempDir } from './journalTestRows.ts';
import { createJournalWriter } from './journalWriter.ts';
import { verifyJournal } from './verifyJournal.ts';

const PAGE_BYTES = 4096;
/** SQLite's write-ahead format: a header, then frames of one page with a header each. */
const WAL_HEADER_BYTES = 32;
const FRAME_BYTES = PAGE_BYTES + 24;

interface Commit {
  /** Rows of `inputs` that the commit ended with; `decisions` has as many. */
  readonly inputs: number;
  /** Where its last frame ends in the write-ahead file: a cut behind that has not touched it. */
  readonly walBytes: number;
}

/**
 * A journal as a killed writer leaves it, copied while it is open: `checkpointed` commits lie in the database, the others
 * only in the write-ahead file.
 */
function leaveJournal(options: { readonly commits: number; readonly checkpointAt: number }) {
  const from = join(makeTempDir(), 'journal.sqlite');
  const writer = createJournalWriter(from, { synchronous: 'OFF' });
  const commits: Commit[] = [];
  let seq = 0;
  for (let commit = 1; commit <= options.commits; commit += 1) {
    for (let i = 0; i < 1 + (commit % 5); i += 1) {
      seq += 1;
      writer.append([makeRow('inputs', seq, { payload: 'x'.repeat(700) }), makeRow('decisions', seq)]);
    }
    writer.commit();
    // A checkpoint that is complete lets the next commit begin the write-ahead file anew.
    if (commit === options.checkpointAt) writer.checkpoint();
    commits.push({ inputs: seq, walBytes: WAL_HEADER_BYTES + writer.pendingFrames() * FRAME_BYTES });
  }
  const copy = () => {
    const path = join(makeTempDir(), 'journal.sqlite');
    copyFileSync(from, path);
    copyFileSync(`${from}-wal`, `${path}-wal`);
    return path;
  };
  return { commits, copy, walBytes: commits.at(-1)!.walBytes };
}

/** What a next writer finds: the number of inputs, or that it refused. Whole and consistent it must be in any case. */
function reopen(path: string): { readonly inputs: number } | { readonly refused: string } {
  try {
    const writer = createJournalWriter(path, { synchronous: 'OFF' });
    const inputs = writer.lastSeq().inputs;
    writer.append([makeRow('inputs', inputs + 1), makeRow('decisions', inputs + 1)]);
    writer.close();
    expect(verifyJournal(path).findings).toEqual([]);
    const reader = openJournalReader(join(path, '..'));
    expect(reader.lastSeq()).toMatchObject({ inputs: inputs + 1, decisions: inputs + 1 });
    reader.close();
    return { inputs };
  } catch (error) {
    expect(error).toMatchObject({ code: 'data.unreadable' });
    return { refused: (error as Error).message };
  }
}

// Each cut is a journal of its own to be opened: on a busy machine that takes longer than a test usually may.
describe('a torn journal', { timeout: 60_000 }, () => {
  const left = leaveJournal({ commits: 30, checkpointAt: 0 });

  /** Every commit whose frames lie wholly before the cut is there, and nothing of a later one. */
  const expectPrefix = ({ commits, copy }: typeof left, cutAt: number) => {
    const path = copy();
    truncateSync(`${path}-wal`, cutAt);
    const synced = commits.filter(({ walBytes }) => walBytes <= cutAt).at(-1)?.inputs ?? 0;
    expect(reopen(path), `write-ahead file cut at ${cutAt}`).toEqual({ inputs: synced });
  };

  it('opens to the last whole commit, wherever the write-ahead file is cut', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: left.walBytes }), (cutAt) => expectPrefix(left, cutAt)),
      { numRuns: 60 },
    );
  });

  it('opens to the last whole commit at every page boundary of the write-ahead file', () => {
    for (let cutAt = WAL_HEADER_BYTES; cutAt <= left.walBytes; cutAt += FRAME_BYTES) expectPrefix(left, cutAt);
  });

  it.each([
    ['and the write-ahead file has begun anew', 30],
    // Frames that are older than the database itself: read again from a cut file they would mix two moments.
    ['and the write-ahead file still has all of it', 60],
  ])('loses no commit that was moved into the database %s, wherever that is cut, or refuses', (_, checkpointAt) => {
    const { commits, copy } = leaveJournal({ commits: 60, checkpointAt });
    const moved = commits[checkpointAt - 1]!.inputs;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: statSync(`${copy()}-wal`).size }), (cutAt) => {
        const path = copy();
        truncateSync(`${path}-wal`, cutAt);
        const found = reopen(path);
        if ('refused' in found) return;
        expect(found.inputs, `cut at ${cutAt}`).toBeGreaterThanOrEqual(moved);
        expect(commits.map(({ inputs }) => inputs)).toContain(found.inputs);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a database file that is cut at any page, and changes no byte of it', () => {
    const path = join(makeTempDir(), 'journal.sqlite');
    const writer = createJournalWriter(path, { synchronous: 'OFF' });
    for (let seq = 1; seq <= 100; seq += 1) writer.append([makeRow('inputs', seq, { payload: 'x'.repeat(700) })]);
    writer.close();
    const whole = readFileSync(path);
    for (let at = PAGE_BYTES; at < whole.length; at += PAGE_BYTES) {
      for (const cutAt of [at, at - 1000]) {
        writeFileSync(path, whole.subarray(0, cutAt));
        expect(reopen(path), `cut at ${cutAt} of ${whole.length}`).toHaveProperty('refused');
        expect(readFileSync(path).equals(whole.subarray(0, cutAt))).toBe(true);
        expect(verifyJournal(path).ok).toBe(false);
      }
    }
  });

  it('finds any flipped bit of a row by reading the journal from end to end', () => {
    const path = join(makeTempDir(), 'journal.sqlite');
    const writer = createJournalWriter(path, { synchronous: 'OFF' });
    const marker = 'a payload to be looked for';
    for (let seq = 1; seq <= 50; seq += 1) writer.append([makeRow('inputs', seq, { payload: `${marker} ${seq}` })]);
    writer.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
    const whole = readFileSync(path);
    const places: number[] = [];
    for (let at = whole.indexOf(marker); at >= 0; at = whole.indexOf(marker, at + 1)) places.push(at);
    expect(places.length).toBe(50);

    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.integer({ min: -16, max: marker.length }),
        fc.integer({ min: 0, max: 7 }),
        (place, offset, bit) => {
          const bytes = Buffer.from(whole);
          bytes[place + offset]! ^= 1 << bit;
          writeFileSync(path, bytes);
          expect(verifyJournal(path).findings, `byte ${place + offset}, bit ${bit}`).not.toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });
});
