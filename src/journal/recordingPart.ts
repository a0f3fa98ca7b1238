import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import type { RecordedFile, RecordedMarket } from './recordingManifest.ts';
import { recordingFileName } from './recordingManifest.ts';

/** The system calls of a recording: a test puts a full disk in their place. */
export interface RecordingDisk {
  /** Creates the file; one that exists is an error. */
  create(path: string): number;
  /** All of it, or throws. */
  write(file: number, bytes: Uint8Array): void;
  truncate(file: number, length: number): void;
  sync(file: number): void;
  close(file: number): void;
  /** Bytes that are free where the folder lies. */
  freeBytes(folder: string): number;
}

/** Lines on their way from the connection to its file, as one piece. */
export interface RecordedChunk {
  readonly bytes: Uint8Array;
  readonly frames: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** One file of a recording while it is written: independent zstd frames, so that what is stored stays readable whatever comes. */
export class RecordingPart {
  storedBytes = 0;
  /** Of the chunks that wait for their zstd frame. */
  openBytes = 0;
  /** When the oldest of them came; NaN when none waits. */
  openSinceMs = Number.NaN;
  readonly name: string;
  readonly #disk: RecordingDisk;
  readonly #of: RecordedMarket;
  readonly #connection: number;
  readonly #part: number;
  readonly #file: number;
  readonly #sha256 = createHash('sha256');
  #waiting: RecordedChunk[] = [];
  #frames = 0;
  #bytes = 0;
  #firstMs: number | null = null;
  #lastMs: number | null = null;
  #lostFrames = 0;
  #lostBytes = 0;
  #digest: string | null = null;

  constructor(disk: RecordingDisk, folder: string, of: RecordedMarket, connection: number, part: number) {
    this.#disk = disk;
    this.#of = of;
    this.#connection = connection;
    this.#part = part;
    this.name = recordingFileName(of, connection, part);
    this.#file = disk.create(`${folder}/${this.name}`);
  }

  add(chunk: RecordedChunk, nowMs: number): void {
    if (this.#waiting.length === 0) this.openSinceMs = nowMs;
    this.#waiting.push(chunk);
    this.openBytes += chunk.bytes.length;
  }

  lose(frames: number, bytes: number): void {
    this.#lostFrames += frames;
    this.#lostBytes += bytes;
  }

  /**
   * Stores what waits as one zstd frame. When the disk refuses, the file ends with the frame before, and what waited is lost.
   * @throws the system's error
   */
  store(): void {
    const waiting = this.#takeWaiting();
    if (waiting.length === 0) return;
    const packed = zstdCompressSync(
      waiting.length === 1 ? waiting[0]!.bytes : Buffer.concat(waiting.map((w) => w.bytes)),
    );
    try {
      this.#disk.write(this.#file, packed);
    } catch (error) {
      this.#loseAll(waiting);
      this.#disk.truncate(this.#file, this.storedBytes);
      throw error;
    }
    this.#sha256.update(packed);
    this.storedBytes += packed.length;
    for (const chunk of waiting) {
      this.#frames += chunk.frames;
      this.#bytes += chunk.bytes.length;
    }
    this.#firstMs ??= waiting[0]!.firstMs;
    this.#lastMs = waiting.at(-1)!.lastMs;
  }

  /** What waits is given up: nothing can be written any more. */
  abandon(): void {
    this.#loseAll(this.#takeWaiting());
  }

  /** Call `store` or `abandon` first. */
  close(): RecordedFile {
    try {
      this.#disk.sync(this.#file);
    } finally {
      this.#disk.close(this.#file);
    }
    this.#digest = this.#sha256.digest('hex');
    return this.describe();
  }

  describe(): RecordedFile {
    const { venue, market, symbol } = this.#of;
    return {
      file: this.name,
      venue,
      market,
      symbol,
      connection: this.#connection,
      part: this.#part,
      frames: this.#frames,
      bytes: this.#bytes,
      storedBytes: this.storedBytes,
      firstMs: this.#firstMs,
      lastMs: this.#lastMs,
      lostFrames: this.#lostFrames,
      lostBytes: this.#lostBytes,
      sha256: this.#digest,
    };
  }

  #takeWaiting(): RecordedChunk[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.openBytes = 0;
    this.openSinceMs = Number.NaN;
    return waiting;
  }

  #loseAll(chunks: readonly RecordedChunk[]): void {
    for (const { frames, bytes } of chunks) this.lose(frames, bytes.length);
  }
}
