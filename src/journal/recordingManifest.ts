import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NightjarError } from '../domain/errors.ts';
import { writeFileDurably } from './durableFile.ts';

/** Whose frames a file of a recording holds. */
export interface RecordedMarket {
  /** `binance`, `okx`, `bybit`. */
  readonly venue: string;
  /** As the frames tell it: `spot`, `usdm`, `swap`, `linear`, … */
  readonly market: string;
  /** The venue's own. */
  readonly symbol: string;
}

/** One part of one connection's frames. Counts are of what is in the file; a lost frame is in none. */
export interface RecordedFile extends RecordedMarket {
  readonly file: string;
  /** Counted from 1 over all connections of the market. */
  readonly connection: number;
  /** Counted from 1. */
  readonly part: number;
  readonly frames: number;
  /** Unpacked, and as stored. */
  readonly bytes: number;
  readonly storedBytes: number;
  /** Receive times; null without a frame. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** Frames that came on this connection while the part was open and are in no file. */
  readonly lostFrames: number;
  readonly lostBytes: number;
  /** Of the stored bytes; null while the part is open. */
  readonly sha256: string | null;
}

/** What the live feed saw of a market by the end, to compare a replay with. */
export interface RecordedBookEnd extends RecordedMarket {
  readonly trust: string;
  /** As `nightjar replay` computes it; null unless the book was live at the end and no frame of it was lost. */
  readonly bookHash: string | null;
  readonly gaps: number;
  readonly resyncs: number;
  readonly reconnects: number;
}

export type RecordingEnd = 'running' | 'clean' | 'disk_full' | 'failed';

export interface RecordingManifest {
  readonly kind: 'nightjar-recording';
  readonly manifestVersion: 1;
  readonly nightjarVersion: string;
  /** `venues`, `sim seed 7`, `import tardis`: where the frames come from. */
  readonly source: string;
  readonly startedAtMs: number;
  /** Null while it runs, or when it ended without a word. */
  readonly endedAtMs: number | null;
  readonly ended: RecordingEnd;
  /** Why it ended; '' when there is nothing to say. */
  readonly reason: string;
  readonly venues: readonly string[];
  readonly markets: readonly RecordedMarket[];
  readonly frames: number;
  readonly lostFrames: number;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly books: readonly RecordedBookEnd[];
  readonly files: readonly RecordedFile[];
}

export const MANIFEST_NAME = 'manifest.json';

/** `binance-spot-SOLUSDT.c0001.p0001.zst`; in the order of their names the files of a market are in the order of time. */
export function recordingFileName(of: RecordedMarket, connection: number, part: number): string {
  const number = (value: number) => String(value).padStart(4, '0');
  return `${of.venue}-${of.market}-${of.symbol}.c${number(connection)}.p${number(part)}.zst`;
}

/** The market that a file's name tells; null for a file that is none of a recording. */
export function marketOfFileName(name: string): RecordedMarket | null {
  const match = /^([a-z]+)-([a-z]+)-([A-Za-z0-9_.-]+)\.c\d{4,}\.p\d{4,}\.zst$/.exec(name);
  return match === null ? null : { venue: match[1]!, market: match[2]!, symbol: match[3]! };
}

export function writeRecordingManifest(folder: string, manifest: RecordingManifest): void {
  writeFileDurably(join(folder, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** @returns null when the folder's manifest is none of a recording, or there is none */
export function readRecordingManifest(folder: string): RecordingManifest | null {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, MANIFEST_NAME), 'utf8')) as RecordingManifest;
    return manifest.kind === 'nightjar-recording' ? manifest : null;
  } catch {
    return null;
  }
}

/**
 * The files of a recording in the order in which they are replayed: by market, then by time. Told by their names, so that
 * a recording whose end was never written is read as well.
 * @throws NightjarError data.unreadable when there is none
 */
export function recordingFiles(folder: string): { readonly path: string; readonly market: RecordedMarket }[] {
  const files = readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const market = marketOfFileName(name);
      return market === null ? [] : [{ path: join(folder, name), market }];
    });
  if (files.length > 0) return files;
  throw new NightjarError('data.unreadable', `${folder} holds no recording`, {
    folder,
    remedy: `looked for ${MANIFEST_NAME} of a recording and files like ${recordingFileName({ venue: 'binance', market: 'spot', symbol: 'SOLUSDT' }, 1, 1)}`,
  });
}
