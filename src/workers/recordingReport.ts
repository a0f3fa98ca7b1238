import { createHash } from 'node:crypto';
import type { ErrorCode } from '../domain/errors.ts';
import type { CexVenue } from '../domain/instruments.ts';
import { toDecimalText } from './kernels/decimalScale.ts';
import type { RecordingBook } from './recordingBook.ts';

/** One line that was refused, or the place where a file ends too early. */
export interface BadLine {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Of the line's first byte in the unpacked file. */
  readonly offset: number;
  readonly code: ErrorCode;
  readonly reason: string;
}

export interface RecordedBookReport {
  readonly venue: CexVenue;
  readonly market: string;
  readonly symbol: string;
  /** Depth frames read, applied or not. */
  readonly depthUpdates: number;
  readonly snapshots: number;
  readonly gaps: number;
  readonly resyncs: number;
  readonly crossed: number;
  readonly old: number;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly bidLevels: number;
  readonly askLevels: number;
  /** '' when the side is empty. */
  readonly bestBid: string;
  readonly bestAsk: string;
  readonly bookHash: string;
}

export interface RecordingReport {
  readonly files: readonly string[];
  /** The sum of `frames`: every line is accounted for. */
  readonly lines: number;
  readonly bytes: number;
  /** Lines by what they were; `badLine` = without a receive time, `badFrame` = not JSON or malformed. */
  readonly frames: Readonly<Record<string, number>>;
  /** Of the book; several are joined by commas. */
  readonly venue: string;
  readonly market: string;
  readonly symbol: string;
  readonly depthUpdates: number;
  readonly trades: number;
  readonly gaps: number;
  readonly resyncs: number;
  readonly crossed: number;
  readonly old: number;
  /** Receive times; null without a readable line. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** Files that end too early or are damaged. */
  readonly truncatedFiles: number;
  readonly badLineCount: number;
  /** The first of them, at most `maxBadLines`. */
  readonly badLines: readonly BadLine[];
  /** Of the only book; of several, SHA-256 over their hashes, each with a newline, in order of appearance. */
  readonly bookHash: string;
  readonly books: readonly RecordedBookReport[];
}

export function reportBook(book: RecordingBook): RecordedBookReport {
  const { price, size } = book.book.decoder.frame;
  const { bids, asks } = book.book.ladder;
  const text = (tick: number) => (Number.isNaN(tick) ? '' : toDecimalText(tick, price));
  return {
    venue: book.venue,
    market: book.market,
    symbol: book.symbol,
    depthUpdates: book.depthUpdates,
    snapshots: book.snapshots,
    gaps: book.gaps,
    resyncs: book.resyncs,
    crossed: book.crossed,
    old: book.old,
    tickSize: toDecimalText(1, price),
    lotSize: toDecimalText(1, size),
    bidLevels: bids.count,
    askLevels: asks.count,
    bestBid: text(bids.bestTick),
    bestAsk: text(asks.bestTick),
    bookHash: book.hash(),
  };
}

export function hashOfHashes(books: readonly RecordedBookReport[]): string {
  const hash = createHash('sha256');
  for (const book of books) hash.update(`${book.bookHash}\n`);
  return hash.digest('hex');
}
