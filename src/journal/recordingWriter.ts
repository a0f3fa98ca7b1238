import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../domain/ports.ts';
import type {
  RecordedBookEnd,
  RecordedFile,
  RecordedMarket,
  RecordingEnd,
  RecordingManifest,
} from './recordingManifest.ts';
import { writeRecordingManifest } from './recordingManifest.ts';
import type { RecordedChunk, RecordingDisk } from './recordingPart.ts';
import { RecordingPart } from './recordingPart.ts';

/** Unpacked size of a zstd frame: large enough to pack well, small enough for one-shot reading in parallel. */
export const FRAME_BYTES = 4 << 20;
/** A thin market's lines reach the disk after so long, however few; a crash loses no more. */
const FRAME_AGE_MS = 10_000;
const MANIFEST_EVERY_MS = 10_000;
const DAY_MS = 86_400_000;
/** Given back to a disk that is full, so that the manifest can say so. */
const RESERVE_BYTES = 1 << 18;
const RESERVE_NAME = '.reserve';

export interface RecordingPlan {
  /** Exists and is empty. */
  readonly folder: string;
  readonly nightjarVersion: string;
  readonly source: string;
  /** None: told by the files at the end. */
  readonly markets: readonly RecordedMarket[];
  /** Stored size at which a connection goes on in its next file; it also does at midnight UTC. */
  readonly rotateBytes: number;
  /** The recording ends while so much is left: a journal on the same disk needs it more. */
  readonly minFreeBytes: number;
}

interface Connection {
  readonly of: RecordedMarket;
  readonly number: number;
  part: RecordingPart;
  partNumber: number;
  day: number;
}

/** The files of one recording and its manifest. Writes in the thread that calls it. */
export class RecordingWriter {
  /** Set when the disk took no more; what comes later is only counted as lost. */
  trouble: { readonly ended: RecordingEnd; readonly reason: string } | null = null;
  readonly #plan: RecordingPlan;
  readonly #disk: RecordingDisk;
  readonly #clock: Clock;
  readonly #startedAtMs: number;
  readonly #open = new Map<number, Connection>();
  readonly #closed: RecordedFile[] = [];
  readonly #connectionsOf = new Map<string, number>();
  #manifestAtMs: number;

  constructor(plan: RecordingPlan, disk: RecordingDisk, clock: Clock) {
    this.#plan = plan;
    this.#disk = disk;
    this.#clock = clock;
    this.#startedAtMs = clock.nowMs();
    this.#manifestAtMs = this.#startedAtMs;
    writeFileSync(join(plan.folder, RESERVE_NAME), new Uint8Array(RESERVE_BYTES), { flag: 'wx' });
    this.#writeManifest('running', '', []);
  }

  /** @param id of the caller's choice, never used again */
  open(id: number, of: RecordedMarket): void {
    if (this.trouble !== null) return;
    const key = `${of.venue} ${of.market} ${of.symbol}`;
    const number = (this.#connectionsOf.get(key) ?? 0) + 1;
    this.#connectionsOf.set(key, number);
    this.#guarded(() => {
      const part = new RecordingPart(this.#disk, this.#plan.folder, of, number, 1);
      this.#open.set(id, { of, number, part, partNumber: 1, day: this.#today() });
    });
  }

  append(id: number, chunk: RecordedChunk): void {
    const connection = this.#open.get(id);
    if (connection === undefined || this.trouble !== null) {
      this.lose(id, chunk.frames, chunk.bytes.length);
      return;
    }
    connection.part.add(chunk, this.#clock.nowMs());
    if (connection.part.openBytes >= FRAME_BYTES) this.#guarded(() => this.#store(connection));
  }

  /** Frames that came and are in no file. */
  lose(id: number, frames: number, bytes: number): void {
    const part = this.#open.get(id)?.part;
    if (part !== undefined) part.lose(frames, bytes);
    else this.#strayLost += frames;
  }

  /** The connection is gone; whatever it brought is stored. */
  close(id: number): void {
    const connection = this.#open.get(id);
    if (connection === undefined || this.trouble !== null) return;
    this.#guarded(() => {
      connection.part.store();
      this.#closed.push(connection.part.close());
      this.#open.delete(id);
    });
  }

  /** To be called about once a second: stores what waits too long, looks how much room is left, renews the manifest. */
  tick(): void {
    if (this.trouble !== null) return;
    const nowMs = this.#clock.nowMs();
    this.#guarded(() => {
      const free = this.#disk.freeBytes(this.#plan.folder);
      if (free < this.#plan.minFreeBytes) {
        for (const connection of this.#open.values()) connection.part.store();
        const text = `${megabytes(free)} MB are free, which is less than the ${megabytes(this.#plan.minFreeBytes)} MB to be left`;
        this.trouble = { ended: 'disk_full', reason: text };
        return;
      }
      for (const connection of this.#open.values()) {
        if (nowMs - connection.part.openSinceMs >= FRAME_AGE_MS) this.#store(connection);
      }
      if (nowMs - this.#manifestAtMs >= MANIFEST_EVERY_MS) this.#writeManifest('running', '', []);
    });
  }

  /** Closes every file. @returns the manifest as it was written; where not even that could be, as it would have been */
  end(asked: RecordingEnd, reason: string, books: readonly RecordedBookEnd[]): RecordingManifest {
    for (const { part } of this.#open.values()) {
      if (this.trouble === null) this.#guarded(() => part.store());
      else part.abandon();
    }
    for (const { part } of this.#open.values()) this.#guarded(() => this.#closed.push(part.close()));
    this.#open.clear();
    rmSync(join(this.#plan.folder, RESERVE_NAME), { force: true });
    const { ended, reason: why } = this.trouble ?? { ended: asked, reason };
    const comparable = books.map((book) => (this.#isWhole(book) ? book : { ...book, bookHash: null }));
    this.#guarded(() => this.#writeManifest(ended, why, comparable));
    return this.#manifest(ended, why, comparable);
  }

  /** Whether a replay can end in the book that the live feed had: nothing of it is missing. */
  #isWhole({ venue, market, symbol }: RecordedMarket): boolean {
    const own = this.#closed.filter((file) => file.venue === venue && file.market === market && file.symbol === symbol);
    return this.trouble === null && own.every(({ lostFrames }) => lostFrames === 0);
  }

  totals(): { frames: number; lostFrames: number; bytes: number; storedBytes: number } {
    const files = this.#files();
    const sum = (of: (file: RecordedFile) => number) => files.reduce((total, file) => total + of(file), 0);
    return {
      frames: sum((file) => file.frames),
      lostFrames: this.#strayLost + sum((file) => file.lostFrames),
      bytes: sum((file) => file.bytes),
      storedBytes: sum((file) => file.storedBytes),
    };
  }

  /** Lost frames of connections that never got a file. */
  #strayLost = 0;

  #today(): number {
    return Math.floor(this.#clock.nowMs() / DAY_MS);
  }

  #store(connection: Connection): void {
    connection.part.store();
    const day = this.#today();
    if (connection.part.storedBytes < this.#plan.rotateBytes && connection.day === day) return;
    const next = new RecordingPart(
      this.#disk,
      this.#plan.folder,
      connection.of,
      connection.number,
      connection.partNumber + 1,
    );
    this.#closed.push(connection.part.close());
    connection.part = next;
    connection.partNumber += 1;
    connection.day = day;
  }

  /** What the disk refuses ends the recording and never the thread. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      const isFull = code === 'ENOSPC' || code === 'EDQUOT';
      this.trouble ??= { ended: isFull ? 'disk_full' : 'failed', reason: message };
    }
  }

  #files(): RecordedFile[] {
    return [...this.#closed, ...[...this.#open.values()].map(({ part }) => part.describe())];
  }

  #writeManifest(ended: RecordingEnd, reason: string, books: readonly RecordedBookEnd[]): void {
    this.#manifestAtMs = this.#clock.nowMs();
    writeRecordingManifest(this.#plan.folder, this.#manifest(ended, reason, books));
  }

  #manifest(ended: RecordingEnd, reason: string, books: readonly RecordedBookEnd[]): RecordingManifest {
    const { nightjarVersion, source } = this.#plan;
    const files = this.#files().sort((a, b) => (a.file < b.file ? -1 : 1));
    const markets = this.#plan.markets.length > 0 ? this.#plan.markets : marketsOf(files);
    return {
      kind: 'nightjar-recording',
      manifestVersion: 1,
      nightjarVersion,
      source,
      startedAtMs: this.#startedAtMs,
      endedAtMs: ended === 'running' ? null : this.#clock.nowMs(),
      ended,
      reason,
      venues: [...new Set(markets.map(({ venue }) => venue))],
      markets,
      ...this.totals(),
      books,
      files,
    };
  }
}

function marketsOf(files: readonly RecordedFile[]): RecordedMarket[] {
  const all = files.map(({ venue, market, symbol }) => ({ venue, market, symbol }));
  return [...new Map(all.map((of) => [`${of.venue} ${of.market} ${of.symbol}`, of])).values()];
}

const megabytes = (bytes: number) => Math.round(bytes / 1e6);
