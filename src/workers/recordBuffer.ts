import type { ToRecorder } from './recordMessages.ts';

/** A market's lines travel to the writing thread in pieces of this size. */
const CHUNK_BYTES = 64 * 1024;
/** Lines that the writing thread has not taken yet; beyond, a frame is lost and counted: the feeds never wait for a disk. */
export const BUFFER_BYTES = 32 << 20;
/** `1723161253937085768 ` and the newline. */
const LINE_EXTRA_BYTES = 21;
const NEWLINE = 10;
const BLANK = 32;

export type RecordPost = (message: ToRecorder, transfer: readonly ArrayBuffer[]) => void;

interface Chunk {
  bytes: Uint8Array<ArrayBuffer>;
  used: number;
  frames: number;
  firstMs: number;
  lastMs: number;
}

interface Lost {
  frames: number;
  bytes: number;
}

/** Lines of all connections on their way to the writing thread: one copy each, in chunks that are used again. */
export class RecordBuffer {
  /** Lines taken, and frames that found no room. */
  frames = 0;
  lostFrames = 0;
  readonly #post: RecordPost;
  readonly #capacity: number;
  readonly #open = new Map<number, Chunk>();
  readonly #lost = new Map<number, Lost>();
  readonly #free: ArrayBuffer[] = [];
  readonly #time = new NanosecondText();
  /** Bytes that are with the writing thread. */
  #away = 0;

  constructor(post: RecordPost, capacity: number = BUFFER_BYTES) {
    this.#post = post;
    this.#capacity = capacity;
  }

  /**
   * One line of a connection; the bytes are copied.
   * @param receivedMs epoch milliseconds with a fraction
   */
  take(connection: number, receivedMs: number, frame: Uint8Array): void {
    const needed = frame.length + LINE_EXTRA_BYTES;
    const chunk = this.#roomFor(connection, needed);
    if (chunk === null) {
      this.#lose(connection, frame.length);
      return;
    }
    const { bytes } = chunk;
    let at = chunk.used;
    this.#time.write(bytes, at, receivedMs);
    bytes[at + 19] = BLANK;
    at += 20;
    bytes.set(frame, at);
    // A line is one frame: a newline inside is a blank to JSON all the same.
    for (let i = frame.indexOf(NEWLINE); i >= 0; i = frame.indexOf(NEWLINE, i + 1)) bytes[at + i] = BLANK;
    at += frame.length;
    bytes[at] = NEWLINE;
    chunk.used = at + 1;
    if (chunk.frames === 0) chunk.firstMs = receivedMs;
    chunk.lastMs = receivedMs;
    chunk.frames += 1;
    this.frames += 1;
  }

  /** Hands over what has come so far. */
  flush(): void {
    for (const connection of this.#open.keys()) this.#handOver(connection);
    for (const [connection, { frames, bytes }] of this.#lost) {
      this.#post({ type: 'lost', connection, frames, bytes }, []);
    }
    this.#lost.clear();
  }

  /** The writing thread has taken what this held. */
  giveBack(buffer: ArrayBuffer): void {
    this.#away -= buffer.byteLength;
    if (buffer.byteLength === CHUNK_BYTES) this.#free.push(buffer);
  }

  #roomFor(connection: number, needed: number): Chunk | null {
    const open = this.#open.get(connection);
    if (open !== undefined && open.bytes.length - open.used >= needed) return open;
    if (open !== undefined) this.#handOver(connection);
    const size = Math.max(CHUNK_BYTES, needed);
    if (this.#away + size > this.#capacity) return null;
    const buffer = size === CHUNK_BYTES ? (this.#free.pop() ?? new ArrayBuffer(size)) : new ArrayBuffer(size);
    const chunk = { bytes: new Uint8Array(buffer), used: 0, frames: 0, firstMs: Number.NaN, lastMs: Number.NaN };
    this.#open.set(connection, chunk);
    return chunk;
  }

  #handOver(connection: number): void {
    const chunk = this.#open.get(connection)!;
    this.#open.delete(connection);
    const { bytes, used, frames, firstMs, lastMs } = chunk;
    this.#away += bytes.byteLength;
    const message = { type: 'chunk', connection, buffer: bytes.buffer, length: used, frames, firstMs, lastMs } as const;
    this.#post(message, [bytes.buffer]);
  }

  #lose(connection: number, bytes: number): void {
    this.lostFrames += 1;
    const lost = this.#lost.get(connection) ?? { frames: 0, bytes: 0 };
    lost.frames += 1;
    lost.bytes += bytes;
    this.#lost.set(connection, lost);
  }
}

/**
 * 19 digits of nanoseconds, as fine as a double of milliseconds holds them (about 250 ns). Seconds and the rest apart: each
 * is a small whole number, with which digits are quick, and the seconds are mostly those of the frame before.
 */
class NanosecondText {
  readonly #secondDigits = new Uint8Array(10);
  #second = Number.NaN;

  write(bytes: Uint8Array, at: number, ms: number): void {
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      this.#second = second;
      for (let i = 9, rest = second; i >= 0; i -= 1, rest = Math.floor(rest / 10))
        this.#secondDigits[i] = 48 + (rest % 10);
    }
    const digits = this.#secondDigits;
    for (let i = 0; i < 10; i += 1) bytes[at + i] = digits[i]!;
    let rest = ((ms - second * 1000) * 1e6) | 0;
    for (let i = at + 18; i >= at + 10; i -= 1) {
      const next = (rest / 10) | 0;
      bytes[i] = 48 + (rest - next * 10);
      rest = next;
    }
  }
}
