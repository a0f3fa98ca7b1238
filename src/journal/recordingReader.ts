import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { PassThrough, type Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { NightjarError } from '../domain/errors.ts';

/** @param offset of the line's first byte in the unpacked file */
export type VisitLine = (line: Uint8Array, lineNumber: number, offset: number) => void;

/** What stopped a file before its end; the lines before it have all been visited. */
export interface RecordingDamage {
  readonly code: 'recording.truncated';
  /** Line in which the damage lies; counted from 1. */
  readonly line: number;
  readonly offset: number;
  readonly reason: string;
}

export interface RecordingEnd {
  readonly lines: number;
  /** Unpacked. */
  readonly bytes: number;
  readonly damage: RecordingDamage | null;
}

const CHUNK_BYTES = 1 << 18;
/** The longest real frame is a snapshot of 5000 levels, about 300 kB. */
export const MAX_LINE_BYTES = 1 << 24;

/**
 * Visits the lines of a recording in order: plain text, gzip (several members) or zstd (several frames), told by the
 * first bytes. A line without its newline at the end of the file is visited too.
 * @throws NightjarError data.unreadable when the file cannot be opened
 */
export async function readRecording(path: string, visit: VisitLine): Promise<RecordingEnd> {
  const packing = await packingOf(path);
  const splitter = new LineSplitter(visit);
  const failure = await unpack(path, packing.strict(), (chunk) => splitter.push(chunk));
  if (failure !== null && packing.lenient !== null) {
    // The last write of a cut stream fails as a whole and takes its output along: a lenient pass brings that output back.
    const delivered = splitter.bytes;
    let seen = 0;
    await unpack(path, packing.lenient(), (chunk) => {
      const skip = Math.min(chunk.length, Math.max(0, delivered - seen));
      seen += chunk.length;
      if (skip < chunk.length) splitter.push(chunk.subarray(skip));
    });
  }
  splitter.end();
  const { lines, bytes } = splitter;
  const damage: RecordingDamage | null =
    failure === null ? null : { code: 'recording.truncated', line: lines, offset: bytes, reason: failure };
  return { lines, bytes, damage };
}

interface Packing {
  readonly strict: () => Transform;
  readonly lenient: (() => Transform) | null;
}

async function packingOf(path: string): Promise<Packing> {
  const magic = await firstBytes(path);
  if (magic[0] === 0x1f && magic[1] === 0x8b) {
    return {
      strict: () => createGunzip({ chunkSize: CHUNK_BYTES }),
      lenient: () => createGunzip({ chunkSize: CHUNK_BYTES, finishFlush: constants.Z_SYNC_FLUSH }),
    };
  }
  // 0x184D2A50 to 5F: a skippable frame may come first.
  const isSkippable = (magic[0]! & 0xf0) === 0x50 && magic[1] === 0x2a && magic[2] === 0x4d && magic[3] === 0x18;
  if (isSkippable || (magic[0] === 0x28 && magic[1] === 0xb5 && magic[2] === 0x2f && magic[3] === 0xfd)) {
    return {
      strict: () => createZstdDecompress({ chunkSize: CHUNK_BYTES }),
      lenient: () => createZstdDecompress({ chunkSize: CHUNK_BYTES, finishFlush: constants.ZSTD_e_flush }),
    };
  }
  return { strict: () => new PassThrough(), lenient: null };
}

async function firstBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const { buffer } = await file.read({ buffer: new Uint8Array(4), length: 4 });
      return buffer;
    } finally {
      await file.close();
    }
  } catch (error) {
    const reason = (error as Error).message;
    throw new NightjarError('data.unreadable', `cannot read the recording ${path}: ${reason}`, { path }, error);
  }
}

/** @returns null at a clean end, else what went wrong */
async function unpack(path: string, stage: Transform, use: (chunk: Uint8Array) => void): Promise<string | null> {
  let bug: unknown = null;
  const sink = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      try {
        use(chunk);
        done();
      } catch (error) {
        bug = error;
        done(error as Error);
      }
    },
  });
  try {
    await pipeline(createReadStream(path, { highWaterMark: CHUNK_BYTES }), stage, sink);
    return null;
  } catch (error) {
    if (bug !== null) throw bug;
    return (error as Error).message;
  }
}

/** Cuts chunks into lines without copying, but for the line that spans two chunks. */
class LineSplitter {
  lines = 0;
  bytes = 0;
  readonly #visit: VisitLine;
  #rest: Uint8Array = new Uint8Array(0);
  #lineOffset = 0;

  constructor(visit: VisitLine) {
    this.#visit = visit;
  }

  push(chunk: Uint8Array): void {
    const chunkOffset = this.bytes;
    this.bytes += chunk.length;
    let from = 0;
    for (;;) {
      const newline = chunk.indexOf(10, from);
      if (newline < 0) break;
      const piece = chunk.subarray(from, newline);
      this.#line(this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]));
      this.#rest = EMPTY;
      from = newline + 1;
      this.#lineOffset = chunkOffset + from;
    }
    // Beyond the limit the rest is dropped: what is left of the line cannot end in a brace and is refused by its reader.
    if (from < chunk.length && this.#rest.length < MAX_LINE_BYTES) {
      this.#rest = Buffer.concat([this.#rest, chunk.subarray(from)]);
    }
  }

  end(): void {
    if (this.#rest.length > 0) this.#line(this.#rest);
    this.#rest = EMPTY;
  }

  #line(line: Uint8Array): void {
    this.lines += 1;
    const end = line.length > 0 && line[line.length - 1] === 13 ? line.length - 1 : line.length;
    this.#visit(line.subarray(0, end), this.lines, this.#lineOffset);
  }
}

const EMPTY = new Uint8Array(0);
