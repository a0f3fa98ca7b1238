import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openJournalReader } from '../src/journal/journalReader.ts';
import { makeRow, makeTempDir } from '../src/journal/journalTestRows.ts';
import { createJournalWriter } from '../src/journal/journalWriter.ts';
import { verifyRunJournal } from '../src/journal/verifyRunJournal.ts';

/** What a disk writes whole or not at all. */
const SECTOR_BYTES = 512;
export const FILES = ['journal.sqlite', 'journal.sqlite-wal'] as const;

type Disk = Readonly<Record<(typeof FILES)[number], Buffer>>;

/** From `before` to `after` nothing was synced; `acknowledged` inputs were before it, `written` after it. */
export interface UnsyncedStretch {
  readonly name: string;
  readonly before: Disk;
  readonly after: Disk;
  readonly acknowledged: number;
  readonly written: number;
}

/**
 * Runs the real writer and notes what its files hold at each of its syncs. SQLite syncs the write-ahead file at each
 * commit, its new header before the first frame behind it when the file begins anew, and the database at the end of a
 * checkpoint (sqlite.org/wal.html, and `walRestartLog`, `sqlite3WalFrames`, `walCheckpoint` of its source).
 */
export function recordStretches(commits: number, checkpointEvery: number): readonly UnsyncedStretch[] {
  const dir = makeTempDir();
  const writer = createJournalWriter(join(dir, 'journal.sqlite'), { synchronous: 'FULL' });
  const disk = (): Disk =>
    Object.fromEntries(
      FILES.map((name) => [name, existsSync(join(dir, name)) ? readFileSync(join(dir, name)) : Buffer.alloc(0)]),
    ) as unknown as Disk;
  const stretches: UnsyncedStretch[] = [];
  let seq = 0;
  let before = disk();
  for (let commit = 1; commit <= commits; commit += 1) {
    const acknowledged = seq;
    for (let i = 0; i < 1 + (commit % 3); i += 1) {
      seq += 1;
      writer.append([makeRow('inputs', seq, { payload: `${seq} `.repeat(300) }), makeRow('decisions', seq)]);
    }
    writer.commit();
    const after = disk();
    const name = `commit ${commit}`;
    const [oldWal, newWal] = [before['journal.sqlite-wal'], after['journal.sqlite-wal']];
    if (oldWal.length > 0 && !oldWal.subarray(0, 32).equals(newWal.subarray(0, 32))) {
      const withHeader = Buffer.concat([newWal.subarray(0, 32), oldWal.subarray(32)]);
      const begun: Disk = { ...before, 'journal.sqlite-wal': withHeader };
      stretches.push({ name: `${name}, new header`, before, after: begun, acknowledged, written: acknowledged });
      before = begun;
    }
    stretches.push({ name, before, after, acknowledged, written: seq });
    before = after;
    if (commit % checkpointEvery === 0) {
      writer.checkpoint();
      const moved = disk();
      stretches.push({ name: `checkpoint behind ${name}`, before, after: moved, acknowledged: seq, written: seq });
      before = moved;
    }
  }
  writer.close();
  return stretches;
}

/** What became of the sectors that were on their way. */
export type Fate = 'old' | 'new' | 'zeros' | 'garbage';

/** Places of the sectors that differ. */
export function changedSectors({ before, after }: UnsyncedStretch): readonly { file: keyof Disk; at: number }[] {
  return FILES.flatMap((file) => {
    const places: { file: keyof Disk; at: number }[] = [];
    const end = Math.max(before[file].length, after[file].length);
    for (let at = 0; at < end; at += SECTOR_BYTES) {
      const [old, now] = [before[file].subarray(at, at + SECTOR_BYTES), after[file].subarray(at, at + SECTOR_BYTES)];
      if (!old.equals(now)) places.push({ file, at });
    }
    return places;
  });
}

/** The files as a disk may have them after the power went, given the fate of each changed sector, in order. */
export function diskAfter(stretch: UnsyncedStretch, fateOf: (index: number) => Fate): Disk {
  const result = Object.fromEntries(
    FILES.map((file) => {
      const bytes = Buffer.alloc(Math.max(stretch.before[file].length, stretch.after[file].length));
      stretch.before[file].copy(bytes);
      return [file, bytes];
    }),
  ) as Record<keyof Disk, Buffer>;
  changedSectors(stretch).forEach(({ file, at }, index) => {
    const fate = fateOf(index);
    const sector = result[file].subarray(at, at + SECTOR_BYTES);
    if (fate === 'old') return;
    // A disk may spoil what it was writing, not the bytes beside it in the same sector (sqlite.org/psow.html).
    const [first, end] = changedRange(sector, stretch.after[file].subarray(at, at + SECTOR_BYTES));
    const written = sector.subarray(first, end);
    if (fate === 'new') stretch.after[file].copy(written, 0, at + first, at + end);
    else if (fate === 'zeros') written.fill(0);
    else for (let i = 0; i < written.length; i += 1) written[i] = (i * 37 + at * 11 + index) % 256;
  });
  return result;
}

function changedRange(old: Buffer, now: Buffer): readonly [first: number, end: number] {
  let first = 0;
  while (first < old.length && old[first] === now[first]) first += 1;
  let end = old.length;
  while (end > first && old[end - 1] === now[end - 1]) end -= 1;
  return [first, end];
}

/** The bytes of a file that were on their way. */
export function unsyncedRange(
  { before, after }: UnsyncedStretch,
  file: keyof Disk,
): readonly [first: number, end: number] {
  const length = Math.max(before[file].length, after[file].length);
  const whole = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
  return changedRange(whole(before[file]), whole(after[file]));
}

/** What was written up to this byte is there, behind it the file is as before: as long as it was, or it ends here. */
export function cutAt(stretch: UnsyncedStretch, file: keyof Disk, at: number): Disk {
  const bytes = Buffer.concat([stretch.after[file].subarray(0, at), stretch.before[file].subarray(at)]);
  return { ...stretch.before, [file]: bytes };
}

const PLACE = makeTempDir();

/**
 * Opens what the disk has, as the next writer does.
 *
 * @returns the inputs that are there. @throws what the writer throws, or an Error when rows are missing or halved
 */
export function inputsAfter(disk: Disk, mark?: string): number {
  rmSync(PLACE, { recursive: true, force: true });
  mkdirSync(PLACE, { recursive: true });
  for (const file of FILES) if (disk[file].length > 0) writeFileSync(join(PLACE, file), disk[file]);
  if (mark !== undefined) copyFileSync(mark, join(PLACE, 'journal.mark'));
  const writer = createJournalWriter(join(PLACE, 'journal.sqlite'), { synchronous: 'OFF' });
  const last = writer.lastSeq();
  writer.append([makeRow('inputs', last.inputs + 1), makeRow('decisions', last.inputs + 1)]);
  writer.close();
  const report = verifyRunJournal(PLACE);
  if (!report.ok) throw new Error(report.findings.map(({ message }) => message).join('; '));
  const reader = openJournalReader(PLACE);
  const rows = [...reader.rows('inputs')].length;
  reader.close();
  if (rows !== last.inputs + 1 || last.decisions !== last.inputs)
    throw new Error(`half a group: ${JSON.stringify(last)}`);
  return last.inputs;
}
