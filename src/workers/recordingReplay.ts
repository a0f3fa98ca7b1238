import { basename } from 'node:path';
import type { ErrorCode } from '../domain/errors.ts';
import type { CexVenue } from '../domain/instruments.ts';
import type { RecordedMarket } from '../journal/recordingManifest.ts';
import { readRecording } from '../journal/recordingReader.ts';
import type { DecodedFrame } from '../venues/decodedFrame.ts';
import { FrameKind, frameKindNames } from '../venues/decodedFrame.ts';
import { MarketBook } from '../venues/marketBook.ts';
import { decoderOf, RecordingBook } from './recordingBook.ts';
import type { BadLine, RecordingReport } from './recordingReport.ts';
import { hashOfHashes, reportBook } from './recordingReport.ts';

export type { BadLine, RecordingReport } from './recordingReport.ts';

export interface ReplayOptions {
  /** Bad lines listed in full; all are counted. Default 100. */
  readonly maxBadLines?: number;
  /** After each file, and about each 64 k lines. */
  readonly onProgress?: (linesSoFar: number, file: string) => void;
}

/** A file of `nightjar record`: whose book a frame without a name belongs to is known. */
export interface OwnedFile {
  readonly path: string;
  readonly market: RecordedMarket;
}

/**
 * Reads raw recordings through the decoders and books of live feeds and says what it saw. Several files are one run, in
 * the given order. Trouble in a file is counted and reported; the rest goes on.
 * @throws NightjarError data.unreadable when a file cannot be opened
 */
export async function replayRecordings(
  files: readonly (string | OwnedFile)[],
  options: ReplayOptions = {},
): Promise<RecordingReport> {
  const replay = new RecordingReplay(options);
  for (const file of files) {
    if (typeof file === 'string') await replay.read(file, null);
    else await replay.read(file.path, file.market);
  }
  return replay.finish(files.map((file) => (typeof file === 'string' ? file : file.path)));
}

/** Snapshots that came before any frame which names their symbol. */
const MAX_ORPHANS = 16;

class RecordingReplay {
  readonly #options: ReplayOptions;
  readonly #maxBadLines: number;
  readonly #books: RecordingBook[] = [];
  /** Decoders without a book, to find out whose frame it is. */
  readonly #probes: Readonly<Record<CexVenue, MarketBook>> = {
    binance: probeOf('binance'),
    okx: probeOf('okx'),
    bybit: probeOf('bybit'),
  };
  readonly #frames: Record<string, number> = {};
  readonly #badLines: BadLine[] = [];
  readonly #orphans: { readonly bytes: Uint8Array; readonly id: number }[] = [];
  /** The venue of the newest frame first: it is asked first. */
  #venues: CexVenue[] = ['binance', 'okx', 'bybit'];
  #current: RecordingBook | null = null;
  #lines = 0;
  #bytes = 0;
  #badLineCount = 0;
  #truncatedFiles = 0;
  #trades = 0;
  #firstSymbol = '';
  #firstMs: number | null = null;
  #lastMs: number | null = null;
  #file = '';
  #owner: RecordedMarket | null = null;
  #line = 0;
  #offset = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#maxBadLines = options.maxBadLines ?? 100;
  }

  async read(file: string, owner: RecordedMarket | null): Promise<void> {
    this.#file = basename(file);
    this.#owner = owner;
    const linesBefore = this.#lines;
    const end = await readRecording(file, (line, lineNumber, offset) => {
      this.#lines += 1;
      this.#line = lineNumber;
      this.#offset = offset;
      this.#takeLine(line);
      if (lineNumber % 65_536 === 0) this.#options.onProgress?.(this.#lines, file);
    });
    this.#lines = linesBefore + end.lines;
    this.#bytes += end.bytes;
    if (end.damage !== null) {
      this.#truncatedFiles += 1;
      this.#line = end.damage.line;
      this.#offset = end.damage.offset;
      this.#report(end.damage.code, end.damage.reason);
    }
    this.#options.onProgress?.(this.#lines, file);
  }

  finish(files: readonly string[]): RecordingReport {
    for (const book of this.#books) book.finish();
    const books = this.#books.map(reportBook);
    const sum = (field: 'depthUpdates' | 'gaps' | 'resyncs' | 'crossed' | 'old') =>
      books.reduce((total, book) => total + book[field], 0);
    const names = (field: 'venue' | 'market' | 'symbol') => [...new Set(books.map((book) => book[field]))].join(',');
    return {
      files: files.map((file) => basename(file)),
      lines: this.#lines,
      bytes: this.#bytes,
      frames: this.#frames,
      venue: names('venue'),
      market: names('market'),
      symbol: books.length === 0 ? this.#firstSymbol : names('symbol'),
      depthUpdates: sum('depthUpdates'),
      trades: this.#trades,
      gaps: sum('gaps'),
      resyncs: sum('resyncs'),
      crossed: sum('crossed'),
      old: sum('old'),
      firstMs: this.#firstMs,
      lastMs: this.#lastMs,
      truncatedFiles: this.#truncatedFiles,
      badLineCount: this.#badLineCount,
      badLines: this.#badLines,
      bookHash: books.length === 1 ? books[0]!.bookHash : hashOfHashes(books),
      books,
    };
  }

  #takeLine(line: Uint8Array): void {
    const space = line.indexOf(32);
    const receivedMs = space < 0 ? Number.NaN : readNanoseconds(line, space);
    if (Number.isNaN(receivedMs)) {
      this.#count('badLine');
      this.#report('recording.bad-line', 'does not begin with a receive time in nanoseconds and a space');
      return;
    }
    this.#firstMs = Math.min(this.#firstMs ?? receivedMs, receivedMs);
    this.#lastMs = Math.max(this.#lastMs ?? receivedMs, receivedMs);
    this.#takeFrame(line.subarray(space + 1));
  }

  #takeFrame(bytes: Uint8Array): void {
    const book = this.#current;
    if (book === null) {
      this.#identify(bytes);
      return;
    }
    const { decoder } = book.book;
    const kind = decoder.decode(bytes);
    const isMine = book.owns(decoder.frame) || (decoder.frame.symbol === '' && this.#owns(book));
    if (kind < 0 || (isBookKind(kind) && !isMine)) this.#identify(bytes);
    else this.#take(bytes, kind, book);
  }

  /** A frame that the current book does not know may be another market's, or another venue's, or finer than the grid. */
  #identify(bytes: Uint8Array): void {
    let refusal: DecodedFrame | null = null;
    for (const venue of this.#venues) {
      const probe = this.#probes[venue];
      const kind = probe.decode(bytes);
      const { frame } = probe.decoder;
      if (kind < 0) {
        if (refusal === null || kind === FrameKind.unknownMessage) refusal = frame;
        continue;
      }
      if (venue !== this.#venues[0]) this.#venues = [venue, ...this.#venues.filter((other) => other !== venue)];
      this.#route(bytes, kind, venue, frame);
      return;
    }
    this.#refuse(refusal!);
  }

  #route(bytes: Uint8Array, kind: FrameKind, venue: CexVenue, frame: DecodedFrame): void {
    if (!isBookKind(kind)) {
      this.#take(bytes, kind, null, frame);
      return;
    }
    const book = frame.symbol === '' ? this.#bookOfNameless(bytes, venue, frame.lastId) : this.#bookOf(venue, frame);
    if (book === null) {
      this.#count(frameKindNames[kind]);
      return;
    }
    this.#current = book;
    this.#take(bytes, book.book.decode(bytes), book);
  }

  /** @param frame the decoded frame, when it is not the book's own */
  #take(bytes: Uint8Array, kind: FrameKind, book: RecordingBook | null, frame = book!.book.decoder.frame): void {
    if (kind < 0) {
      this.#refuse(frame);
      return;
    }
    this.#count(frameKindNames[kind]);
    this.#trades += frame.tradeCount;
    if (this.#firstSymbol === '') this.#firstSymbol = frame.symbol;
    if (kind === FrameKind.depth) book!.takeDepth(bytes);
    else if (kind === FrameKind.snapshot) book!.takeSnapshot(bytes);
  }

  #bookOf(venue: CexVenue, frame: DecodedFrame): RecordingBook {
    const known = this.#books.find((book) => book.venue === venue && book.owns(frame));
    if (known !== undefined) return known;
    const book = new RecordingBook(venue, frame.market, frame.symbol, this.#owner !== null);
    this.#books.push(book);
    if (this.#owner !== null) return book;
    const orphan = this.#orphans.sort((a, b) => Math.abs(a.id - frame.lastId) - Math.abs(b.id - frame.lastId)).shift();
    if (venue === 'binance' && orphan !== undefined && book.book.decode(orphan.bytes) > 0) {
      book.takeSnapshot(orphan.bytes);
    }
    return book;
  }

  #owns({ venue, market, symbol }: RecordingBook): boolean {
    const owner = this.#owner;
    return owner !== null && venue === owner.venue && market === owner.market && symbol === owner.symbol;
  }

  #bookOfNameless(bytes: Uint8Array, venue: CexVenue, id: number): RecordingBook | null {
    const owner = this.#owner;
    if (owner === null || owner.venue !== venue) return this.#bookNear(bytes, venue, id);
    const known = this.#books.find((book) => this.#owns(book));
    if (known !== undefined) return known;
    const book = new RecordingBook(venue, owner.market, owner.symbol, true);
    this.#books.push(book);
    return book;
  }

  /** A REST snapshot names no symbol on Binance: it belongs to the book whose ids are nearest, or to one still to come. */
  #bookNear(bytes: Uint8Array, venue: CexVenue, id: number): RecordingBook | null {
    const nearest = this.#books
      .filter((book) => book.venue === venue)
      .sort((a, b) => a.distanceTo(id) - b.distanceTo(id))[0];
    if (nearest !== undefined) return nearest;
    if (this.#orphans.length < MAX_ORPHANS) this.#orphans.push({ bytes: bytes.slice(), id });
    else this.#report('venue.bad-frame', 'one more snapshot whose market no frame has named');
    return null;
  }

  #refuse(frame: DecodedFrame): void {
    this.#count(frameKindNames[frame.kind]);
    const code = frame.kind === FrameKind.unknownMessage ? 'venue.unknown-message' : 'venue.bad-frame';
    this.#report(code, frame.message);
  }

  #count(name: string): void {
    this.#frames[name] = (this.#frames[name] ?? 0) + 1;
  }

  #report(code: ErrorCode, reason: string): void {
    this.#badLineCount += 1;
    if (this.#badLines.length >= this.#maxBadLines) return;
    this.#badLines.push({ file: this.#file, line: this.#line, offset: this.#offset, code, reason });
  }
}

const isBookKind = (kind: FrameKind) => kind === FrameKind.depth || kind === FrameKind.snapshot;

const probeOf = (venue: CexVenue) => new MarketBook(decoderOf[venue](), { windowTicks: 2048, maxFarLevels: 1 });

/** The first 13 of 19 digits are milliseconds; NaN unless the text before the space is 19 digits, as from 2001 to 2286. */
function readNanoseconds(line: Uint8Array, space: number): number {
  if (space !== 19) return Number.NaN;
  let millis = 0;
  let rest = 0;
  for (let at = 0; at < 19; at += 1) {
    const digit = line[at]! - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    if (at < 13) millis = millis * 10 + digit;
    else rest = rest * 10 + digit;
  }
  return millis + rest / 1e6;
}
