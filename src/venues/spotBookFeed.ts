import type { CexVenue, Instrument } from '../domain/instruments.ts';
import { BookAudit } from './bookAudit.ts';
import { BookKeeper } from './bookKeeper.ts';
import { BookWatch } from './bookWatch.ts';
import { FrameKind } from './decodedFrame.ts';
import type { FeedProtocol } from './feedProtocol.ts';
import { MarketBook } from './marketBook.ts';
import { RollingConnection } from './rollingConnection.ts';
import { TradeIds } from './tradeIds.ts';
import { VenueClock } from './venueClock.ts';
import type { FeedCounters, PricedBook, SpotFeed, SpotFeedDeps } from './venueFeed.ts';
import { newCounters } from './venueFeed.ts';

/** How far heartbeats may vouch for a book that does not change (`docs/BOTS.md`, stale rule). */
const VOUCH_MS = 10_000;
/** A book message that comes so much later than the quickest prices nothing any more, until they come in time again. */
const LATE_MS = 1_000;
const IN_TIME_MS = 500;

/** One spot market of one venue: what comes over its connection goes to the book's keeper or to whoever hears trades. */
export class SpotBookFeed implements SpotFeed {
  readonly venue: CexVenue;
  readonly instrument: Instrument;
  readonly counters: FeedCounters = newCounters();
  readonly #deps: SpotFeedDeps;
  readonly #book: MarketBook;
  readonly #keeper: BookKeeper;
  readonly #watch: BookWatch;
  readonly #connection: RollingConnection;
  readonly #audit: BookAudit;
  readonly #venueClock: VenueClock;
  readonly #tradeIds = new TradeIds();
  /** By how much the newest book message came later than the venue's quickest. */
  #delayMs = 0;
  /** The venue's own time of it; NaN before the first of a connection. */
  #venueTimeMs = Number.NaN;

  constructor(deps: SpotFeedDeps, protocol: FeedProtocol) {
    this.#deps = deps;
    this.venue = deps.instrument.venue;
    this.instrument = deps.instrument;
    this.#book = new MarketBook(protocol.createDecoder());
    const onTrouble = (code: string, message: string) => this.#trouble(code, message);
    const { clock, transport, random } = deps;
    const send = (texts: readonly string[]) => this.#connection.send(texts);
    const keeperPorts = { clock, transport, random, onBook: () => this.#onBook(), onTrouble, send };
    this.#venueClock = deps.venueClock ?? new VenueClock();
    this.#keeper = new BookKeeper(keeperPorts, protocol, this.#book, this.counters);
    this.#connection = new RollingConnection(deps, protocol, {
      onOpen: () => this.#onOpen(),
      onFrame: (bytes) => this.#onFrame(bytes),
      onDown: (reason) => this.#onDown(reason),
      onCheck: (nowMs) => this.#watch.check(nowMs, this.ageMs(nowMs)),
      takesUp: (bytes) => this.#takesUp(bytes),
    });
    const reconnect = (reason: string) => this.#connection.reconnect(reason);
    const clearAttempts = () => this.#connection.clearAttempts();
    this.#watch = new BookWatch({ onTrouble, reconnect, clearAttempts }, protocol, this.#keeper, this.counters);
    this.#audit = new BookAudit(
      { clock, transport, random: random.fork('audit') },
      deps.instrument,
      deps.endpoints,
      this.#book,
      { onWrong: (text) => this.#keeper.distrust(text), onTrouble },
    );
  }

  #onBook(): void {
    this.#audit.seen();
    this.#deps.onBook(this);
  }

  get book(): PricedBook {
    return this.#book;
  }

  bookReceivedMs(): number {
    return this.#keeper.receivedMs;
  }

  bookVenueMs(): number {
    return this.#keeper.venueMs;
  }

  ageMs(nowMs: number): number {
    return nowMs - Math.min(this.#connection.lastFrameMs, this.#keeper.receivedMs + VOUCH_MS) + this.#delayMs;
  }

  start(): void {
    this.#connection.start();
    this.#audit.start();
  }

  stop(): void {
    this.#connection.stop();
    this.#audit.stop();
    this.#keeper.unsync();
    this.#book.trust = 'syncing';
  }

  #onOpen(): void {
    const nowMs = this.#deps.clock.nowMs();
    this.#watch.opened(nowMs);
    this.#delayMs = 0;
    this.#venueTimeMs = Number.NaN;
    this.#keeper.isLate = false;
    this.#keeper.askedAtMs = nowMs;
    this.#keeper.reconnectUncounted = this.#connection.opened > 1;
    this.#keeper.setTrust('syncing');
  }

  #onDown(reason: string): void {
    this.#keeper.unsync();
    this.#trouble('net.closed', `connection lost: ${reason}`);
    if (this.#book.trust === 'live') this.counters.stale += 1;
    this.#keeper.setTrust('stale');
  }

  /** Of the connection that is to follow the present one: the first book message that fits. */
  #takesUp(bytes: Uint8Array): boolean {
    const kind = this.#book.decode(bytes);
    if (kind !== FrameKind.depth && kind !== FrameKind.snapshot) return false;
    return this.#isOurs() && this.#keeper.takesUp();
  }

  #isOurs(): boolean {
    const { symbol } = this.#book.decoder.frame;
    return symbol === '' || symbol === this.instrument.venueSymbol;
  }

  #onFrame(bytes: Uint8Array): void {
    this.counters.frames += 1;
    const kind = this.#book.decode(bytes);
    const { frame } = this.#book.decoder;
    if (!this.#isOurs()) {
      this.#refuse('venue.unknown-message', `frame of ${frame.symbol}, which was not subscribed`);
      return;
    }
    switch (kind) {
      case FrameKind.depth:
        this.#watch.bookFrameMs = this.#connection.lastFrameMs;
        this.#judgeDelay();
        this.#keeper.onDepth(bytes);
        break;
      case FrameKind.snapshot:
        this.#watch.bookFrameMs = this.#connection.lastFrameMs;
        this.#keeper.onStreamSnapshot();
        break;
      case FrameKind.trade:
        this.#onTrades();
        break;
      case FrameKind.ack:
        this.#watch.acks += 1;
        break;
      case FrameKind.refused:
        this.#trouble('venue.subscription-refused', frame.message);
        this.#connection.reconnect(`refused: ${frame.message}`);
        break;
      case FrameKind.closing:
        this.#trouble('net.closed', `the venue announced a restart: ${frame.message}`);
        this.#connection.roll();
        break;
      case FrameKind.badFrame:
        this.#refuse('venue.bad-frame', frame.message);
        break;
      case FrameKind.unknownMessage:
        this.#refuse('venue.unknown-message', frame.message);
        break;
    }
  }

  /** A slow consumer, or a slow way: the sequence stays right while what it says grows old. */
  #judgeDelay(): void {
    const { venueTimeMs, bids, asks } = this.#book.decoder.frame;
    // A repetition of an unchanged book may carry the time of its last change.
    if (bids.count + asks.count === 0) return;
    const delayMs = this.#venueClock.observeInOrder(venueTimeMs, this.#connection.lastFrameMs, this.#venueTimeMs);
    this.#venueTimeMs = venueTimeMs;
    this.#delayMs = Number.isNaN(delayMs) ? 0 : delayMs;
    if (this.#keeper.isLate) {
      this.#keeper.isLate = this.#delayMs > IN_TIME_MS;
      return;
    }
    if (this.#delayMs <= LATE_MS) return;
    this.#keeper.isLate = true;
    this.counters.late += 1;
    if (this.#book.trust === 'live') this.#keeper.setTrust('stale');
    this.#trouble('net.timeout', `messages come ${Math.round(this.#delayMs)} ms late: paused until they come in time`);
  }

  #onTrades(): void {
    const { frame } = this.#book.decoder;
    const { onTrade } = this.#deps;
    for (let i = 0; i < frame.tradeCount; i += 1) {
      if (!this.#tradeIds.isNew(frame.tradeId[i]!)) continue;
      this.counters.trades += 1;
      const side = frame.tradeTakerSold[i] === 1 ? 'sell' : 'buy';
      onTrade?.(this, frame.tradePx[i]!, frame.tradeQty[i]!, side, frame.tradeTimeMs[i]!);
    }
  }

  #refuse(code: string, message: string): void {
    this.counters.badFrames += 1;
    this.#trouble(code, message);
  }

  #trouble(code: string, message: string): void {
    this.#deps.onTrouble?.(this, code, message);
  }
}
