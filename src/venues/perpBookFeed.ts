import { BookKeeper } from './bookKeeper.ts';
import { BookWatch } from './bookWatch.ts';
import { FrameKind } from './decodedFrame.ts';
import type { FrameDecoder } from './frameDecoder.ts';
import { MarketBook } from './marketBook.ts';
import { OpenInterestPoll } from './openInterestPoll.ts';
import { PerpEvents } from './perpEvents.ts';
import type { PerpFeed, PerpFeedDeps, PerpFigures, PerpInstrument, PerpProtocol, PerpQuote } from './perpFeedTypes.ts';
import { RollingConnection } from './rollingConnection.ts';
import type { PricedBook } from './venueFeed.ts';
import { newCounters } from './venueFeed.ts';

/** How far other messages may vouch for a book that does not change, as for spot. */
const VOUCH_MS = 10_000;
/** A connection without a book that stands for so long has proven itself; a flapping one keeps its count. */
const PROVEN_AFTER_MS = 30_000;

/** One perpetual: the book's keeper, its events, one or two connections, open interest by REST where no stream has it. */
export class PerpBookFeed implements PerpFeed {
  readonly instrument: PerpInstrument;
  readonly #deps: PerpFeedDeps;
  readonly #counters = { ...newCounters(), liquidations: 0 };
  readonly #book: MarketBook;
  readonly #keeper: BookKeeper;
  readonly #watch: BookWatch;
  readonly #events: PerpEvents;
  readonly #bookLink: RollingConnection;
  readonly #eventLink: RollingConnection | null;
  readonly #poll: OpenInterestPoll | null;
  /** By how much the newest book message came later than the venue's quickest. */
  #delayMs = 0;
  /** The venue's own time of it; NaN before the first of a connection. */
  #venueTimeMs = Number.NaN;

  constructor(deps: PerpFeedDeps, protocol: PerpProtocol) {
    this.#deps = deps;
    const { instrument, clock, transport, random } = deps;
    this.instrument = instrument;
    this.#book = new MarketBook(protocol.book.createDecoder(), undefined, instrument.contractSize);
    const onTrouble = (code: string, message: string) => this.#trouble(code, message);
    const send = (texts: readonly string[]) => this.#bookLink.send(texts);
    const keeperPorts = { clock, transport, random, onBook: () => deps.onBook(this), onTrouble, send };
    this.#keeper = new BookKeeper(keeperPorts, protocol.book, this.#book, this.#counters);
    this.#events = new PerpEvents(instrument.venueSymbol, instrument.contractSize, {
      trade: (px, qty, side, timeMs) => {
        this.#counters.trades += 1;
        deps.onTrade?.(this, px, qty, side, timeMs);
      },
      liquidation: (liquidation) => {
        this.#counters.liquidations += 1;
        deps.onLiquidation?.(this, liquidation);
      },
      quoteChanged: () => deps.onQuote?.(this),
      figuresChanged: () => deps.onFigures?.(this),
    });
    this.#bookLink = new RollingConnection(deps, protocol.book, {
      onOpen: () => this.#onOpen(),
      onFrame: (bytes) => this.#onFrame(bytes, this.#book.decode(bytes), this.#book.decoder, this.#bookLink),
      onDown: (reason) => this.#onDown(reason),
      onCheck: (nowMs) => this.#watch.check(nowMs, this.ageMs(nowMs)),
      takesUp: (bytes) =>
        isBook(this.#book.decode(bytes)) && this.#isOurs(this.#book.decoder) && this.#keeper.takesUp(),
    });
    const reconnect = (reason: string) => this.#bookLink.reconnect(reason);
    const clearAttempts = () => this.#bookLink.clearAttempts();
    this.#watch = new BookWatch({ onTrouble, reconnect, clearAttempts }, protocol.book, this.#keeper, this.#counters);
    this.#eventLink = protocol.events === null ? null : this.#createEventLink(protocol.events);
    const { openInterestUrl } = protocol;
    this.#poll =
      openInterestUrl === null
        ? null
        : new OpenInterestPoll(deps, openInterestUrl, protocol.book.createDecoder(), {
            onAnswer: (frame) => this.#events.take(frame, clock.nowMs()),
            onTrouble,
          });
  }

  get book(): PricedBook {
    return this.#book;
  }

  get quote(): Readonly<PerpQuote> {
    return this.#events.quote;
  }

  get figures(): Readonly<PerpFigures> {
    return this.#events.figures;
  }

  get counters() {
    return { ...this.#counters, repeatedTrades: this.#events.tradeIds.repeated };
  }

  ageMs(nowMs: number): number {
    return nowMs - Math.min(this.#bookLink.lastFrameMs, this.#keeper.receivedMs + VOUCH_MS) + this.#delayMs;
  }

  start(): void {
    this.#bookLink.start();
    this.#eventLink?.start();
    this.#poll?.start();
  }

  stop(): void {
    this.#bookLink.stop();
    this.#eventLink?.stop();
    this.#poll?.stop();
    this.#keeper.unsync();
    this.#book.trust = 'syncing';
  }

  #createEventLink(protocol: NonNullable<PerpProtocol['events']>): RollingConnection {
    const decoder = protocol.createDecoder();
    const link: RollingConnection = new RollingConnection(this.#deps, protocol, {
      onOpen: () => {},
      onFrame: (bytes) => this.#onFrame(bytes, decoder.decodeRefining(bytes), decoder, link),
      onDown: (reason) => this.#trouble('net.closed', `event connection lost: ${reason}`),
      onCheck: (nowMs) => {
        if (nowMs - link.openedAtMs >= PROVEN_AFTER_MS) link.clearAttempts();
      },
      takesUp: (bytes) => decoder.decodeRefining(bytes) > 0 && this.#isOurs(decoder),
    });
    return link;
  }

  #onOpen(): void {
    const nowMs = this.#deps.clock.nowMs();
    this.#watch.opened(nowMs);
    this.#keeper.askedAtMs = nowMs;
    this.#keeper.reconnectUncounted = this.#bookLink.opened > 1;
    this.#events.reconnected();
    this.#delayMs = 0;
    this.#venueTimeMs = Number.NaN;
    this.#keeper.setTrust('syncing');
  }

  #onDown(reason: string): void {
    this.#keeper.unsync();
    this.#trouble('net.closed', `connection lost: ${reason}`);
    if (this.#book.trust === 'live') this.#counters.stale += 1;
    this.#keeper.setTrust('stale');
  }

  #isOurs({ frame }: FrameDecoder): boolean {
    return frame.symbol === '' || frame.symbol === this.instrument.venueSymbol || frame.kind === FrameKind.liquidation;
  }

  #onFrame(bytes: Uint8Array, kind: FrameKind, decoder: FrameDecoder, link: RollingConnection): void {
    this.#counters.frames += 1;
    const { frame } = decoder;
    if (!this.#isOurs(decoder)) {
      this.#refuse('venue.unknown-message', `frame of ${frame.symbol}, which was not subscribed`);
      return;
    }
    if (isBook(kind)) this.#onBookFrame(bytes, kind);
    else if (this.#events.take(frame, link.lastFrameMs)) return;
    else if (kind === FrameKind.ack) this.#watch.acks += 1;
    else if (kind === FrameKind.refused) {
      this.#trouble('venue.subscription-refused', frame.message);
      link.reconnect(`refused: ${frame.message}`);
    } else if (kind === FrameKind.closing) {
      this.#trouble('net.closed', `the venue announced a restart: ${frame.message}`);
      link.roll();
    } else if (kind < 0) {
      this.#refuse(kind === FrameKind.unknownMessage ? 'venue.unknown-message' : 'venue.bad-frame', frame.message);
    }
  }

  #onBookFrame(bytes: Uint8Array, kind: FrameKind): void {
    const receivedMs = this.#bookLink.lastFrameMs;
    this.#watch.bookFrameMs = receivedMs;
    const { venueTimeMs } = this.#book.decoder.frame;
    const delayMs = this.#deps.venueClock.observeInOrder(venueTimeMs, receivedMs, this.#venueTimeMs);
    this.#venueTimeMs = venueTimeMs;
    this.#delayMs = Number.isNaN(delayMs) ? 0 : delayMs;
    if (kind === FrameKind.snapshot) this.#keeper.onStreamSnapshot();
    else this.#keeper.onDepth(bytes);
  }

  #refuse(code: string, message: string): void {
    this.#counters.badFrames += 1;
    this.#trouble(code, message);
  }

  #trouble(code: string, message: string): void {
    this.#deps.onTrouble?.(this, code, message);
  }
}

const isBook = (kind: FrameKind) => kind === FrameKind.depth || kind === FrameKind.snapshot;
