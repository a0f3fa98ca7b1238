import type { CexVenue, Instrument } from '../domain/instruments.ts';
import type { Clock, Random, Transport, VenueEndpoints } from '../domain/ports.ts';
import type { ConnectPacer } from './connectPacer.ts';
import type { VenueClock } from './venueClock.ts';

/** Only `live` prices anything. */
export type BookTrust = 'syncing' | 'live' | 'stale' | 'gap' | 'crossed';

/** One venue's order book as pricing sees it: numbers out, nothing allocated per call. Prices in quote, quantities in base. */
export interface PricedBook {
  readonly trust: BookTrust;
  /** NaN when the side is empty or the book is not live. */
  bestBidPx(): number;
  bestAskPx(): number;
  bestBidQty(): number;
  bestAskQty(): number;
  midPx(): number;
  /** Mean price of selling (`bid`) or buying (`ask`) base worth `notional` quote; NaN when the side cannot absorb it. */
  vwapPx(side: 'bid' | 'ask', notional: number): number;
}

/** Totals since the feed was created; plain numbers that the feed counts up. */
export interface FeedCounters {
  frames: number;
  bookUpdates: number;
  trades: number;
  gaps: number;
  resyncs: number;
  crossed: number;
  stale: number;
  reconnects: number;
  /** Frames refused: not JSON, unknown, truncated. */
  badFrames: number;
  /** Times that messages came so late that the book was paused for it. */
  late: number;
  /** Audits over REST that found the content wrong. */
  wrong: number;
}

export const newCounters = (): FeedCounters => ({
  frames: 0,
  bookUpdates: 0,
  trades: 0,
  gaps: 0,
  resyncs: 0,
  crossed: 0,
  stale: 0,
  reconnects: 0,
  badFrames: 0,
  late: 0,
  wrong: 0,
});

/** One spot market of one venue: socket, snapshot, sync, gap, resync, keep-alive, reconnect with backoff. */
export interface SpotFeed {
  readonly venue: CexVenue;
  readonly instrument: Instrument;
  readonly book: PricedBook;
  readonly counters: FeedCounters;
  /** Receive time of the newest applied book change, our clock; NaN before the first. */
  bookReceivedMs(): number;
  /** The venue's own time of that change; NaN where the venue gives none. */
  bookVenueMs(): number;
  /**
   * Age of the book on our clock: time since the last frame of ANY channel of the connection (heartbeats included), at
   * most 10 s behind the last change; a venue silent because nothing changes is not stale (`docs/BOTS.md`, stale rule).
   */
  ageMs(nowMs: number): number;
  start(): void;
  /** Closes the socket and cancels every timer. */
  stop(): void;
}

export interface SpotFeedDeps {
  readonly clock: Clock;
  readonly transport: Transport;
  /** For reconnect jitter. */
  readonly random: Random;
  readonly endpoints: VenueEndpoints;
  readonly instrument: Instrument;
  /** Of the venue, shared by its feeds; without it the feed keeps one of its own. */
  readonly venueClock?: VenueClock;
  /** Spaces the connections that share the venue's limit; without it each opens when it likes. */
  readonly pacer?: ConnectPacer;
  /** After each applied book change and each change of trust. */
  readonly onBook: (feed: SpotFeed) => void;
  /** Taker side. */
  readonly onTrade?: (feed: SpotFeed, px: number, qty: number, takerSide: 'buy' | 'sell', venueTimeMs: number) => void;
  /** Trouble worth a log line: gap, crossed, resync, reconnect, bad frame (rate limited by the receiver). */
  readonly onTrouble?: (feed: SpotFeed, code: string, message: string) => void;
}
