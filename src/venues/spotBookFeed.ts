import type { CexVenue, Instrument } from '../domain/instruments.ts';
import type { CancelTimer } from '../domain/ports.ts';
import { backoffMs } from './backoff.ts';
import { FrameKind } from './decodedFrame.ts';
import { FeedConnection } from './feedConnection.ts';
import type { FeedProtocol } from './feedProtocol.ts';
import { FrameBuffer } from './frameBuffer.ts';
import { MarketBook } from './marketBook.ts';
import type { Sequence } from './sequence.ts';
import { Verdict } from './sequence.ts';
import { SnapshotFetcher } from './snapshotFetcher.ts';
import type { BookTrust, FeedCounters, PricedBook, SpotFeed, SpotFeedDeps } from './venueFeed.ts';

/** A book older than this is stale. Bots refuse far earlier (`maxAgeMs`); this one ends the book's trust for everybody. */
const STALE_AFTER_MS = 5_000;
/** How far heartbeats may vouch for a book that does not change (`docs/BOTS.md`, stale rule). */
const VOUCH_MS = 10_000;
/** A lost delete can cross a book for an instant while both sides of one trade arrive; longer is a wrong book. */
const CROSSED_HOLD_MS = 250;
/** Acknowledgements and the first book must come so soon after the socket opened or a new snapshot was asked for. */
const SYNC_DEADLINE_MS = 10_000;
/** OKX repeats an unchanged book each 60 s: a topic silent for longer is dead though the connection lives. */
const TOPIC_SILENT_MS = 90_000;
/** Good data for so long clears the count of attempts. */
const PROVEN_AFTER_MS = 30_000;
/** 100 s of Binance's depth stream. */
const BUFFER_FRAMES = 1_000;

/** One spot market of one venue: sync, gap, resync, crossed and stale books, over a `FeedConnection`. */
export class SpotBookFeed implements SpotFeed {
  readonly venue: CexVenue;
  readonly instrument: Instrument;
  readonly counters: FeedCounters = {
    frames: 0,
    bookUpdates: 0,
    trades: 0,
    gaps: 0,
    resyncs: 0,
    crossed: 0,
    stale: 0,
    reconnects: 0,
    badFrames: 0,
  };
  /** Depth frames that repeated what the book already had, or were older. */
  oldFrames = 0;
  readonly #deps: SpotFeedDeps;
  readonly #protocol: FeedProtocol;
  readonly #book: MarketBook;
  readonly #sequence: Sequence;
  readonly #connection: FeedConnection;
  readonly #fetcher: SnapshotFetcher | null;
  readonly #buffer = new FrameBuffer(BUFFER_FRAMES);
  #isSynced = false;
  /** The snapshot is in, but only a fitting change will show that it was not an old one. */
  #awaitsChange = false;
  #reconnectUncounted = false;
  #acks = 0;
  /** When the subscription, or the newest wish for a snapshot, was sent. */
  #askedAtMs = Number.NaN;
  #bookFrameMs = Number.NaN;
  #receivedMs = Number.NaN;
  #venueMs = Number.NaN;
  #goodSinceMs = Number.NaN;
  #resyncAttempt = 0;
  #cancelCrossed: CancelTimer | null = null;
  #cancelResync: CancelTimer | null = null;

  constructor(deps: SpotFeedDeps, protocol: FeedProtocol) {
    this.#deps = deps;
    this.#protocol = protocol;
    this.venue = deps.instrument.venue;
    this.instrument = deps.instrument;
    this.#book = new MarketBook(protocol.createDecoder());
    this.#sequence = protocol.createSequence();
    this.#connection = new FeedConnection(deps, protocol, {
      onOpen: () => this.#onOpen(),
      onFrame: (bytes) => this.#onFrame(bytes),
      onDown: (reason) => this.#onDown(reason),
      onCheck: (nowMs) => this.#onCheck(nowMs),
    });
    this.#fetcher =
      protocol.snapshotUrl === null
        ? null
        : new SnapshotFetcher(deps, protocol.snapshotUrl, {
            onSnapshot: (body) => this.#onRestSnapshot(body),
            onFailure: (code, message) => this.#trouble(code, message),
          });
  }

  get book(): PricedBook {
    return this.#book;
  }

  bookReceivedMs(): number {
    return this.#receivedMs;
  }

  bookVenueMs(): number {
    return this.#venueMs;
  }

  ageMs(nowMs: number): number {
    return nowMs - Math.min(this.#connection.lastFrameMs, this.#receivedMs + VOUCH_MS);
  }

  start(): void {
    this.#connection.start();
  }

  stop(): void {
    this.#connection.stop();
    this.#unsync();
    this.#book.trust = 'syncing';
  }

  #onOpen(): void {
    this.#acks = 0;
    this.#askedAtMs = this.#deps.clock.nowMs();
    this.#bookFrameMs = this.#askedAtMs;
    this.#reconnectUncounted = this.#connection.opened > 1;
    this.#setTrust('syncing');
  }

  #onDown(reason: string): void {
    this.#unsync();
    this.#trouble('net.closed', `connection lost: ${reason}`);
    if (this.#book.trust === 'live') this.counters.stale += 1;
    this.#setTrust('stale');
  }

  /** Forgets everything that hangs on this connection or this book; the book's levels stay until the next snapshot. */
  #unsync(): void {
    this.#isSynced = false;
    this.#awaitsChange = false;
    this.#goodSinceMs = Number.NaN;
    this.#buffer.clear();
    this.#fetcher?.cancel();
    this.#cancelCrossed?.();
    this.#cancelCrossed = null;
    this.#cancelResync?.();
    this.#cancelResync = null;
  }

  #onFrame(bytes: Uint8Array): void {
    this.counters.frames += 1;
    const kind = this.#book.decode(bytes);
    const { frame } = this.#book.decoder;
    if (frame.symbol !== '' && frame.symbol !== this.instrument.venueSymbol) {
      this.#refuse('venue.unknown-message', `frame of ${frame.symbol}, which was not subscribed`);
      return;
    }
    switch (kind) {
      case FrameKind.depth:
        this.#onDepth(bytes);
        break;
      case FrameKind.snapshot:
        this.#onStreamSnapshot();
        break;
      case FrameKind.trade:
        this.#onTrades();
        break;
      case FrameKind.ack:
        this.#acks += 1;
        break;
      case FrameKind.refused:
        this.#trouble('venue.subscription-refused', frame.message);
        this.#connection.reconnect(`refused: ${frame.message}`);
        break;
      case FrameKind.closing:
        this.#connection.reconnect(`the venue announced a restart: ${frame.message}`);
        break;
      case FrameKind.badFrame:
        this.#refuse('venue.bad-frame', frame.message);
        break;
      case FrameKind.unknownMessage:
        this.#refuse('venue.unknown-message', frame.message);
        break;
    }
  }

  #onTrades(): void {
    const { frame } = this.#book.decoder;
    this.counters.trades += frame.tradeCount;
    const { onTrade } = this.#deps;
    if (onTrade === undefined) return;
    for (let i = 0; i < frame.tradeCount; i += 1) {
      const side = frame.tradeTakerSold[i] === 1 ? 'sell' : 'buy';
      onTrade(this, frame.tradePx[i]!, frame.tradeQty[i]!, side, frame.tradeTimeMs[i]!);
    }
  }

  #onDepth(bytes: Uint8Array): void {
    this.#bookFrameMs = this.#connection.lastFrameMs;
    if (!this.#isSynced) {
      if (this.#fetcher === null) return;
      this.#buffer.push(bytes, this.#book.decoder.frame.firstId);
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

  #judgeAndApply(): Verdict {
    const { frame } = this.#book.decoder;
    const verdict = this.#sequence.judge(frame);
    if (verdict === Verdict.old) this.oldFrames += 1;
    if (verdict !== Verdict.apply) return verdict;
    this.#book.apply();
    this.#sequence.take(frame);
    this.counters.bookUpdates += 1;
    this.#awaitsChange = false;
    if (this.#reconnectUncounted) {
      this.#reconnectUncounted = false;
      this.counters.reconnects += 1;
      this.#trouble('feed.reconnected', 'connected again: snapshot and a later change applied');
    }
    return verdict;
  }

  #onStreamSnapshot(): void {
    this.#cancelResync?.();
    this.#cancelResync = null;
    this.#bookFrameMs = this.#connection.lastFrameMs;
    this.#book.replace();
    this.#sequence.reset(this.#book.decoder.frame.lastId);
    this.counters.bookUpdates += 1;
    this.#isSynced = true;
    this.#changed();
  }

  /** Snapshot first, then what was buffered. The buffer outlives a snapshot that is of no use. */
  #onRestSnapshot(body: Uint8Array): boolean {
    if (this.#book.decode(body) !== FrameKind.snapshot) {
      const { message } = this.#book.decoder.frame;
      this.#trouble('venue.bad-response', `snapshot is none: ${message === '' ? 'another message' : message}`);
      return false;
    }
    const snapshotId = this.#book.decoder.frame.lastId;
    if (this.#buffer.firstId > snapshotId + 1) {
      this.#trouble('venue.bad-response', `snapshot ${snapshotId} is older than the stream (${this.#buffer.firstId})`);
      return false;
    }
    this.#book.replace();
    this.#sequence.reset(snapshotId);
    this.counters.bookUpdates += 1;
    // Any buffered change that the snapshot already has shows that the snapshot is no older than the stream.
    this.#awaitsChange = this.#buffer.length === 0;
    let hasGap = false;
    this.#buffer.drain((bytes) => {
      this.#book.decode(bytes);
      hasGap = this.#judgeAndApply() === Verdict.gap;
      return !hasGap;
    });
    if (hasGap) {
      this.counters.gaps += 1;
      this.#trouble('venue.book-gap', this.#gapText());
      return false;
    }
    this.#isSynced = true;
    this.#changed();
    return true;
  }

  /** The book has just changed: crossed, or live again. */
  #changed(): void {
    const nowMs = this.#deps.clock.nowMs();
    const { venueTimeMs } = this.#book.decoder.frame;
    this.#receivedMs = nowMs;
    this.#venueMs = venueTimeMs;
    if (this.#book.ladder.isCrossed()) {
      this.#crossed();
      return;
    }
    if (this.#cancelCrossed !== null) {
      this.#cancelCrossed();
      this.#cancelCrossed = null;
    }
    if (!this.#awaitsChange) {
      if (Number.isNaN(this.#goodSinceMs)) this.#goodSinceMs = nowMs;
      this.#book.trust = 'live';
    }
    this.#deps.onBook(this);
  }

  #crossed(): void {
    this.#goodSinceMs = Number.NaN;
    if (this.#cancelCrossed === null) {
      this.counters.crossed += 1;
      this.#cancelCrossed = this.#deps.clock.after(CROSSED_HOLD_MS, () => {
        this.#cancelCrossed = null;
        this.#trouble('venue.book-crossed', `bid at or above ask for ${CROSSED_HOLD_MS} ms`);
        this.#resync();
      });
    }
    this.#book.trust = 'crossed';
    this.#deps.onBook(this);
  }

  #gap(bytes: Uint8Array): void {
    this.counters.gaps += 1;
    this.#trouble('venue.book-gap', this.#gapText());
    const { firstId } = this.#book.decoder.frame;
    this.#resync();
    if (this.#fetcher !== null) this.#buffer.push(bytes, firstId);
    this.#setTrust('gap');
  }

  #gapText(): string {
    const { firstId, prevId, lastId } = this.#book.decoder.frame;
    const begins = Number.isNaN(prevId) ? (Number.isNaN(firstId) ? lastId : firstId) : prevId;
    return `after id ${this.#sequence.lastId} came ${begins}`;
  }

  /** Gets a new snapshot: at once the first time, after a backoff when that keeps happening. */
  #resync(): void {
    this.#unsync();
    this.counters.resyncs += 1;
    const delayMs = this.#resyncAttempt === 0 ? 0 : backoffMs(this.#resyncAttempt, this.#deps.random);
    this.#resyncAttempt += 1;
    this.#askedAtMs = this.#deps.clock.nowMs() + delayMs;
    this.#cancelResync = this.#deps.clock.after(delayMs, () => {
      this.#cancelResync = null;
      if (this.#fetcher !== null) this.#fetcher.request();
      else this.#connection.send(this.#protocol.resubscribeBook ?? []);
    });
  }

  #onCheck(nowMs: number): void {
    if (!this.#isSynced) {
      this.#checkSyncing(nowMs);
      return;
    }
    if (nowMs - this.#bookFrameMs > TOPIC_SILENT_MS) {
      this.#connection.reconnect(`no book message for ${TOPIC_SILENT_MS} ms`);
      return;
    }
    if (this.#book.trust === 'live' && this.ageMs(nowMs) > STALE_AFTER_MS) {
      this.counters.stale += 1;
      this.#goodSinceMs = Number.NaN;
      this.#setTrust('stale');
    }
    if (nowMs - this.#goodSinceMs >= PROVEN_AFTER_MS) {
      this.#resyncAttempt = 0;
      this.#connection.clearAttempts();
    }
  }

  /** A stream whose first depth frame is overdue was not subscribed, whatever was acknowledged. REST has its own backoff. */
  #checkSyncing(nowMs: number): void {
    if (nowMs - this.#askedAtMs < SYNC_DEADLINE_MS || this.#buffer.length > 0) return;
    const acks = this.#protocol.acksWanted - this.#acks;
    const reason = acks > 0 ? `${acks} subscriptions not acknowledged` : 'no book after the subscription';
    this.#trouble('venue.subscription-refused', `${reason} within ${SYNC_DEADLINE_MS} ms`);
    this.#connection.reconnect(reason);
  }

  #setTrust(trust: BookTrust): void {
    if (this.#book.trust === trust) return;
    this.#book.trust = trust;
    this.#deps.onBook(this);
  }

  #refuse(code: string, message: string): void {
    this.counters.badFrames += 1;
    this.#trouble(code, message);
  }

  #trouble(code: string, message: string): void {
    this.#deps.onTrouble?.(this, code, message);
  }
}
