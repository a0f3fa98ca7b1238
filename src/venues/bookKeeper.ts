import type { CancelTimer, Clock, Random, Transport } from '../domain/ports.ts';
import { backoffMs } from './backoff.ts';
import { checksumFits } from './checksum.ts';
import { FrameKind } from './decodedFrame.ts';
import type { FeedProtocol } from './feedProtocol.ts';
import { FrameBuffer } from './frameBuffer.ts';
import type { MarketBook } from './marketBook.ts';
import type { Sequence } from './sequence.ts';
import { Verdict } from './sequence.ts';
import { SnapshotFetcher } from './snapshotFetcher.ts';
import type { BookTrust, FeedCounters } from './venueFeed.ts';

/** A lost delete can cross a book for an instant while both sides of one trade arrive; longer is a wrong book. */
const CROSSED_HOLD_MS = 250;
/** 100 s of Binance's depth stream. */
const BUFFER_FRAMES = 1_000;

export interface KeeperPorts {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly random: Random;
  /** After each applied change and each change of trust. */
  readonly onBook: () => void;
  readonly onTrouble: (code: string, message: string) => void;
  /** Sends on the connection that carries the book. */
  readonly send: (texts: readonly string[]) => void;
}

/** Keeps one book in step with its stream: snapshot and buffer, sequence, gap, resync, crossed. Knows no socket. */
export class BookKeeper {
  isSynced = false;
  /** When the subscription, or the newest wish for a snapshot, was sent. */
  askedAtMs = Number.NaN;
  /** Receive time and the venue's own time of the newest applied change. */
  receivedMs = Number.NaN;
  venueMs = Number.NaN;
  /** Since when the book has been good without a break; NaN while it is not. */
  goodSinceMs = Number.NaN;
  /** Depth frames that repeated what the book already had, or were older. */
  oldFrames = 0;
  /** Connected again and not yet proven by a change behind a snapshot. */
  reconnectUncounted = false;
  /** Messages come too late: the book is kept in step, and prices nothing. */
  isLate = false;
  readonly book: MarketBook;
  readonly #ports: KeeperPorts;
  readonly #protocol: FeedProtocol;
  readonly #counters: FeedCounters;
  readonly #sequence: Sequence;
  readonly #fetcher: SnapshotFetcher | null;
  readonly #buffer = new FrameBuffer(BUFFER_FRAMES);
  /** The snapshot is in, but only a fitting change will show that it was not an old one. */
  #awaitsChange = false;
  #resyncAttempt = 0;
  #cancelCrossed: CancelTimer | null = null;
  #cancelResync: CancelTimer | null = null;

  constructor(ports: KeeperPorts, protocol: FeedProtocol, book: MarketBook, counters: FeedCounters) {
    this.#ports = ports;
    this.#protocol = protocol;
    this.book = book;
    this.#counters = counters;
    this.#sequence = protocol.createSequence();
    this.#fetcher =
      protocol.snapshotUrl === null
        ? null
        : new SnapshotFetcher(ports, protocol.snapshotUrl, {
            onSnapshot: (body) => this.#onRestSnapshot(body),
            onFailure: ports.onTrouble,
          });
  }

  get buffered(): number {
    return this.#buffer.length;
  }

  /** Forgets everything that hangs on this connection or this book; the book's levels stay until the next snapshot. */
  unsync(): void {
    this.isSynced = false;
    this.#awaitsChange = false;
    this.goodSinceMs = Number.NaN;
    this.#buffer.clear();
    this.#fetcher?.cancel();
    this.#cancelCrossed?.();
    this.#cancelCrossed = null;
    this.#cancelResync?.();
    this.#cancelResync = null;
  }

  /** Good data for a while: the next trouble starts the backoff afresh. */
  clearAttempts(): void {
    this.#resyncAttempt = 0;
  }

  setTrust(trust: BookTrust): void {
    if (this.book.trust === trust) return;
    this.book.trust = trust;
    this.#ports.onBook();
  }

  /** Whether the frame just decoded, of another connection to the same stream, takes up where the book stands. */
  takesUp(): boolean {
    const { frame } = this.book.decoder;
    if (!this.isSynced) return true;
    if (frame.kind === FrameKind.snapshot) return !(frame.lastId < this.#sequence.lastId) || frame.lastId === 1;
    return this.#sequence.judge(frame) === Verdict.apply || frame.lastId === this.#sequence.lastId;
  }

  /** @param bytes the depth frame that `book` has just decoded */
  onDepth(bytes: Uint8Array): void {
    if (!this.isSynced) {
      if (this.#fetcher === null) return;
      this.#buffer.push(bytes, this.book.decoder.frame.firstId);
      if (this.#cancelResync === null) this.#fetcher.request();
      return;
    }
    switch (this.#judgeAndApply()) {
      case Verdict.apply:
        this.#changed();
        break;
      case Verdict.gap:
        this.#gap(bytes);
        break;
    }
  }

  /** `book` has just decoded a whole book of the stream. */
  onStreamSnapshot(): void {
    this.#cancelResync?.();
    this.#cancelResync = null;
    const { lastId, venueTimeMs } = this.book.decoder.frame;
    // Lower ids alone are the venue's own restart of its counter, as is 1; an earlier time as well is a book out of a cache.
    if (lastId > 1 && lastId < this.#sequence.lastId && venueTimeMs < this.venueMs) {
      const text = `snapshot ${lastId} is older than what the book had (${this.#sequence.lastId})`;
      this.#ports.onTrouble('venue.bad-response', text);
      this.resync();
      if (this.book.trust === 'live') this.setTrust('gap');
      return;
    }
    this.book.replace();
    this.#sequence.reset(lastId);
    this.#counters.bookUpdates += 1;
    this.isSynced = true;
    this.#changed();
  }

  #judgeAndApply(): Verdict {
    const { frame } = this.book.decoder;
    const verdict = this.#sequence.judge(frame);
    if (verdict === Verdict.old) this.oldFrames += 1;
    if (verdict !== Verdict.apply) return verdict;
    this.book.apply();
    this.#sequence.take(frame);
    this.#counters.bookUpdates += 1;
    this.#awaitsChange = false;
    if (this.reconnectUncounted) {
      this.reconnectUncounted = false;
      this.#counters.reconnects += 1;
      this.#ports.onTrouble('feed.reconnected', 'connected again: snapshot and a later change applied');
    }
    return verdict;
  }

  /** Snapshot first, then what was buffered. The buffer outlives a snapshot that is of no use. */
  #onRestSnapshot(body: Uint8Array): boolean {
    if (this.book.decode(body) !== FrameKind.snapshot) {
      const { message } = this.book.decoder.frame;
      this.#ports.onTrouble('venue.bad-response', `snapshot is none: ${message === '' ? 'another message' : message}`);
      return false;
    }
    const snapshotId = this.book.decoder.frame.lastId;
    if (this.#buffer.firstId > snapshotId + 1) {
      const text = `snapshot ${snapshotId} is older than the stream (${this.#buffer.firstId})`;
      this.#ports.onTrouble('venue.bad-response', text);
      return false;
    }
    this.book.replace();
    this.#sequence.reset(snapshotId);
    this.#counters.bookUpdates += 1;
    // Any buffered change that the snapshot already has shows that the snapshot is no older than the stream.
    this.#awaitsChange = this.#buffer.length === 0;
    let hasGap = false;
    this.#buffer.drain((bytes) => {
      this.book.decode(bytes);
      hasGap = this.#judgeAndApply() === Verdict.gap;
      return !hasGap;
    });
    if (hasGap) {
      this.#counters.gaps += 1;
      this.#ports.onTrouble('venue.book-gap', this.#gapText());
      return false;
    }
    this.isSynced = true;
    this.#changed();
    return true;
  }

  /** The book has just changed: crossed, or live again. */
  #changed(): void {
    const nowMs = this.#ports.clock.nowMs();
    const { venueTimeMs, checksum } = this.book.decoder.frame;
    // OKX sends 0 for "none computed"; only what it did compute is compared.
    if ((checksum < 0 || checksum > 0) && !checksumFits(checksum, this.book)) {
      this.#wrongChecksum(checksum);
      return;
    }
    this.receivedMs = nowMs;
    this.venueMs = venueTimeMs;
    if (this.book.ladder.isCrossed()) {
      this.#crossed();
      return;
    }
    if (this.#cancelCrossed !== null) {
      this.#cancelCrossed();
      this.#cancelCrossed = null;
    }
    if (!this.#awaitsChange) {
      if (Number.isNaN(this.goodSinceMs)) this.goodSinceMs = nowMs;
      this.book.trust = this.isLate ? 'stale' : 'live';
    }
    this.#ports.onBook();
  }

  /** Its content was found wrong though its sequence was right: not quotable, and made anew. */
  distrust(message: string): void {
    this.#counters.wrong += 1;
    this.#ports.onTrouble('venue.book-gap', message);
    this.resync();
    this.setTrust('gap');
  }

  #wrongChecksum(checksum: number): void {
    this.#counters.gaps += 1;
    this.#ports.onTrouble('venue.book-gap', `checksum ${checksum} does not fit the book`);
    this.resync();
    this.setTrust('gap');
  }

  #crossed(): void {
    this.goodSinceMs = Number.NaN;
    if (this.#cancelCrossed === null) {
      this.#counters.crossed += 1;
      this.#cancelCrossed = this.#ports.clock.after(CROSSED_HOLD_MS, () => {
        this.#cancelCrossed = null;
        this.#ports.onTrouble('venue.book-crossed', `bid at or above ask for ${CROSSED_HOLD_MS} ms`);
        this.resync();
      });
    }
    this.book.trust = 'crossed';
    this.#ports.onBook();
  }

  #gap(bytes: Uint8Array): void {
    this.#counters.gaps += 1;
    this.#ports.onTrouble('venue.book-gap', this.#gapText());
    const { firstId } = this.book.decoder.frame;
    this.resync();
    if (this.#fetcher !== null) this.#buffer.push(bytes, firstId);
    this.setTrust('gap');
  }

  #gapText(): string {
    const { firstId, prevId, lastId } = this.book.decoder.frame;
    const begins = Number.isNaN(prevId) ? (Number.isNaN(firstId) ? lastId : firstId) : prevId;
    return `after id ${this.#sequence.lastId} came ${begins}`;
  }

  /** Gets a new snapshot: at once the first time, after a backoff when that keeps happening. */
  resync(): void {
    this.unsync();
    this.#counters.resyncs += 1;
    const delayMs = this.#resyncAttempt === 0 ? 0 : backoffMs(this.#resyncAttempt, this.#ports.random);
    this.#resyncAttempt += 1;
    this.askedAtMs = this.#ports.clock.nowMs() + delayMs;
    this.#cancelResync = this.#ports.clock.after(delayMs, () => {
      this.#cancelResync = null;
      if (this.#fetcher !== null) this.#fetcher.request();
      else this.#ports.send(this.#protocol.resubscribeBook ?? []);
    });
  }
}
