import type { CexVenue } from '../domain/instruments.ts';
import { createBinanceDecoder } from '../venues/binance/decode.ts';
import { FuturesSequence, SpotSequence } from '../venues/binance/sequence.ts';
import { createBybitDecoder } from '../venues/bybit/decode.ts';
import { BybitSequence } from '../venues/bybit/sequence.ts';
import type { DecodedFrame } from '../venues/decodedFrame.ts';
import { FrameBuffer } from '../venues/frameBuffer.ts';
import type { FrameDecoder } from '../venues/frameDecoder.ts';
import { MarketBook } from '../venues/marketBook.ts';
import { createOkxDecoder } from '../venues/okx/decode.ts';
import { OkxSequence } from '../venues/okx/sequence.ts';
import type { Sequence } from '../venues/sequence.ts';
import { Verdict } from '../venues/sequence.ts';
import { bookHash } from './recordingHash.ts';

/** Depth frames that wait for a snapshot; when there are more, the recording is taken to have none. */
const BUFFER_FRAMES = 4_096;
/** As many as a live feed keeps while it waits for a snapshot. */
const RECENT_FRAMES = 1_000;

export const decoderOf: Readonly<Record<CexVenue, () => FrameDecoder>> = {
  binance: () => createBinanceDecoder(),
  okx: () => createOkxDecoder(),
  bybit: () => createBybitDecoder(),
};

function sequenceOf(venue: CexVenue, market: string): Sequence {
  if (venue === 'okx') return new OkxSequence();
  if (venue === 'bybit') return new BybitSequence();
  return market === 'spot' ? new SpotSequence() : new FuturesSequence();
}

/**
 * One market of a recording: the decoder, the book and the sequence rule of live feeds, but a recording cannot be asked
 * for a snapshot. So a gap is counted and the book goes on; changes are kept beside it in case a snapshot follows.
 */
export class RecordingBook {
  readonly venue: CexVenue;
  readonly market: string;
  readonly symbol: string;
  readonly book: MarketBook;
  depthUpdates = 0;
  snapshots = 0;
  gaps = 0;
  /** Snapshots that replaced a book. */
  resyncs = 0;
  /** Times the book became crossed or locked. */
  crossed = 0;
  /** Depth frames that repeated what the book had, or were older. */
  old = 0;
  readonly #sequence: Sequence;
  readonly #buffer = new FrameBuffer(BUFFER_FRAMES);
  /** The newest depth frames; null where a snapshot says nothing that the book does not know. */
  readonly #recent: FrameBuffer | null;
  #state: 'waiting' | 'synced' | 'gapped' = 'waiting';
  #isCrossed = false;

  /**
   * @param isOurs  the recording is one of `nightjar record`: a REST snapshot in it was asked for by a live feed, which had
   *                reason not to trust its book, and is taken as that feed took it
   */
  constructor(venue: CexVenue, market: string, symbol: string, isOurs = false) {
    this.venue = venue;
    this.market = market;
    this.symbol = symbol;
    this.book = new MarketBook(decoderOf[venue]());
    this.#sequence = sequenceOf(venue, market);
    this.#recent = isOurs && venue === 'binance' ? new FrameBuffer(RECENT_FRAMES) : null;
  }

  /** How far `id` is from the ids of this book; infinite before the first depth frame. */
  distanceTo(id: number): number {
    const near = this.#state === 'waiting' ? this.#buffer.firstId : this.#sequence.lastId;
    return Number.isNaN(near) ? Number.POSITIVE_INFINITY : Math.abs(id - near);
  }

  /** Whether a book frame names this market; a nameless one (Binance REST snapshot) may be anybody's. */
  owns(frame: DecodedFrame): boolean {
    return frame.symbol === this.symbol && frame.market === this.market;
  }

  /** @param bytes a depth frame, just decoded by `book` */
  takeDepth(bytes: Uint8Array): void {
    this.depthUpdates += 1;
    this.#recent?.push(bytes, this.book.decoder.frame.firstId);
    if (this.#state !== 'waiting') {
      const isFirstOfGap = this.#state === 'synced' && this.#sequence.judge(this.book.decoder.frame) === Verdict.gap;
      if (isFirstOfGap || this.#state === 'gapped') this.#buffer.push(bytes, this.book.decoder.frame.firstId);
      this.#judgeAndApply();
      return;
    }
    this.#buffer.push(bytes, this.book.decoder.frame.firstId);
    if (this.#buffer.length === BUFFER_FRAMES) this.#startWithoutSnapshot();
  }

  /** @param bytes a snapshot, just decoded by `book` */
  takeSnapshot(bytes: Uint8Array): void {
    this.snapshots += 1;
    const id = this.book.decoder.frame.lastId;
    if (this.#state === 'synced' && id <= this.#sequence.lastId && this.venue === 'binance') {
      if (this.#recent !== null && this.#recent.firstId <= id + 1) this.#startAgain(id, this.#recent);
      return;
    }
    if (this.#state === 'gapped' && this.#buffer.firstId > id + 1) return;
    if (this.#state === 'waiting') {
      this.book.decoder.refineGrid(bytes, true);
      this.book.decode(bytes);
    } else this.resyncs += 1;
    this.book.replace();
    this.#sequence.reset(id);
    this.#state = 'synced';
    this.#noteCrossed();
    // A snapshot in the stream (OKX, Bybit) stands between the changes; only one from REST may lie among older ones.
    if (this.venue === 'binance') this.#drain();
    this.#buffer.clear();
  }

  /** The book stands where `recent` ends; it is made once more from an older snapshot and the frames since. */
  #startAgain(id: number, recent: FrameBuffer): void {
    const { old } = this;
    this.resyncs += 1;
    this.book.replace();
    this.#sequence.reset(id);
    recent.drain((bytes) => {
      this.book.decode(bytes);
      this.#judgeAndApply();
      return true;
    });
    // They were counted when they came.
    this.old = old;
    this.#noteCrossed();
  }

  /** The recording is over: a book that never saw a snapshot is made from the changes alone. */
  finish(): void {
    if (this.#state === 'waiting' && this.#buffer.length > 0) this.#startWithoutSnapshot();
  }

  hash(): string {
    return bookHash(this.book);
  }

  #startWithoutSnapshot(): void {
    this.#state = 'synced';
    let isFirst = true;
    this.#buffer.drain((bytes) => {
      this.book.decode(bytes);
      if (isFirst) this.#apply();
      else this.#judgeAndApply();
      isFirst = false;
      return true;
    });
  }

  #drain(): void {
    this.#buffer.drain((bytes) => {
      this.book.decode(bytes);
      this.#judgeAndApply();
      return true;
    });
  }

  #judgeAndApply(): void {
    const verdict = this.#sequence.judge(this.book.decoder.frame);
    if (verdict === Verdict.old) {
      this.old += 1;
      return;
    }
    if (verdict === Verdict.gap) {
      this.gaps += 1;
      this.#state = 'gapped';
    }
    this.#apply();
  }

  #apply(): void {
    this.book.apply();
    this.#sequence.take(this.book.decoder.frame);
    this.#noteCrossed();
  }

  #noteCrossed(): void {
    const isCrossed = this.book.ladder.isCrossed();
    if (isCrossed && !this.#isCrossed) this.crossed += 1;
    this.#isCrossed = isCrossed;
  }
}
