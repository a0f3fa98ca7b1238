import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { RecordedMarket, RecordingManifest } from '../journal/recordingManifest.ts';
import { readRecordingManifest, recordingFiles } from '../journal/recordingManifest.ts';
import type { ReplayOptions } from './recordingReplay.ts';
import { replayRecordings } from './recordingReplay.ts';
import type { RecordingReport } from './recordingReport.ts';

/** A market's book at the end: as the live feed had it, and as the replay made it. */
export interface BookComparison extends RecordedMarket {
  /** Null where the live book was not live at the end, or lost frames, or its end was never written. */
  readonly live: string | null;
  /** Null where no depth frame was read. */
  readonly replayed: string | null;
  /** Null where there is nothing to compare with. */
  readonly isEqual: boolean | null;
}

/** What the manifest of a recording says, against what was read. */
export interface RecordingCheck {
  readonly source: string;
  readonly ended: string;
  readonly reason: string;
  readonly lostFrames: number;
  readonly books: readonly BookComparison[];
  readonly filesChecked: number;
  /** Their bytes are not those that were recorded, or they are gone. */
  readonly filesDamaged: readonly string[];
  /** False when a book or a file is not as recorded. */
  readonly isOk: boolean;
}

export interface RecordingFolderReport extends RecordingReport {
  /** Null when the manifest is missing or unreadable: the frames are read all the same. */
  readonly recording: RecordingCheck | null;
}

/**
 * Replays a folder of `nightjar record` and compares files and books with its manifest.
 * @throws NightjarError data.unreadable when it holds no recording
 */
export async function replayRecordingFolder(folder: string, options: ReplayOptions): Promise<RecordingFolderReport> {
  const report = await replayRecordings(recordingFiles(folder), options);
  const manifest = readRecordingManifest(folder);
  return { ...report, recording: manifest === null ? null : await check(folder, manifest, report) };
}

async function check(folder: string, manifest: RecordingManifest, report: RecordingReport): Promise<RecordingCheck> {
  const books = manifest.markets.map((of) => compare(of, manifest, report));
  const sealed = manifest.files.filter(({ sha256 }) => sha256 !== null);
  const filesDamaged: string[] = [];
  for (const { file, sha256 } of sealed) {
    if ((await sha256Of(join(folder, file))) !== sha256) filesDamaged.push(file);
  }
  return {
    source: manifest.source,
    ended: manifest.ended,
    reason: manifest.reason,
    lostFrames: manifest.lostFrames,
    books,
    filesChecked: sealed.length,
    filesDamaged,
    isOk: filesDamaged.length === 0 && books.every(({ isEqual }) => isEqual !== false),
  };
}

function compare(of: RecordedMarket, manifest: RecordingManifest, report: RecordingReport): BookComparison {
  const isSame = (other: RecordedMarket) =>
    other.venue === of.venue && other.market === of.market && other.symbol === of.symbol;
  const live = manifest.books.find(isSame)?.bookHash ?? null;
  const replayed = report.books.find(isSame)?.bookHash ?? null;
  return { ...of, live, replayed, isEqual: live === null ? null : live === replayed };
}

async function sha256Of(path: string): Promise<string | null> {
  if (!existsSync(path)) return null;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
