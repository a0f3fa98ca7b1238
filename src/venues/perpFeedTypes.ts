import type { Instrument } from '../domain/instruments.ts';
import type { Clock, Random, Transport, VenueEndpoints } from '../domain/ports.ts';
import type { ConnectPacer } from './connectPacer.ts';
import type { FeedProtocol } from './feedProtocol.ts';
import type { VenueClock } from './venueClock.ts';
import type { FeedCounters, PricedBook } from './venueFeed.ts';

/** A linear perpetual of one venue. `stepSize` and `minQty` in base, as for spot. */
export interface PerpInstrument extends Instrument {
  /** Base that one unit of the venue's sizes stands for: OKX `ctVal · ctMult`; 1 on Binance USDⓈ-M and Bybit linear. */
  readonly contractSize: number;
}

/** Best bid and offer by the venue's own quick stream. Quantities in base; NaN = that side is empty, or nothing came yet. */
export interface PerpQuote {
  bidPx: number;
  bidQty: number;
  askPx: number;
  askQty: number;
  receivedMs: number;
}

/** The newest of each figure; NaN before the first. */
export interface PerpFigures {
  markPx: number;
  indexPx: number;
  /** Fraction per interval; negative: shorts pay longs. */
  fundingRate: number;
  nextFundingMs: number;
  /** Base. */
  openInterest: number;
  /** When the newest of them came. */
  receivedMs: number;
}

/** A position closed by force. `closed` is the side of the position, whatever the venue's own word for it. */
export interface Liquidation {
  readonly px: number;
  /** Base. */
  readonly qty: number;
  readonly closed: 'long' | 'short';
  readonly venueTimeMs: number;
}

export interface PerpFeedDeps {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly random: Random;
  /** Of the derivatives: `binance` is fapi and fstream. */
  readonly endpoints: VenueEndpoints;
  readonly instrument: PerpInstrument;
  /** One per venue, shared by its feeds. */
  readonly venueClock: VenueClock;
  readonly pacer?: ConnectPacer;
  /** After each applied book change and each change of trust. */
  readonly onBook: (feed: PerpFeed) => void;
  readonly onQuote?: (feed: PerpFeed) => void;
  readonly onFigures?: (feed: PerpFeed) => void;
  /** Quantity in base. */
  readonly onTrade?: (feed: PerpFeed, px: number, qty: number, takerSide: 'buy' | 'sell', venueTimeMs: number) => void;
  readonly onLiquidation?: (feed: PerpFeed, liquidation: Liquidation) => void;
  readonly onTrouble?: (feed: PerpFeed, code: string, message: string) => void;
}

/** One perpetual of one venue: book, quotes, trades, figures, liquidations. */
export interface PerpFeed {
  readonly instrument: PerpInstrument;
  readonly book: PricedBook;
  readonly quote: Readonly<PerpQuote>;
  readonly figures: Readonly<PerpFigures>;
  readonly counters: FeedCounters & { readonly liquidations: number; readonly repeatedTrades: number };
  /** As of spot feeds, and by how much the newest book message came later than the quickest of its venue. */
  ageMs(nowMs: number): number;
  start(): void;
  stop(): void;
}

/** What differs between the venues' perpetuals. */
export interface PerpProtocol {
  /** The connection that carries the book. */
  readonly book: FeedProtocol;
  /** A second one, where the venue splits its streams (Binance: depth on /public, trades and mark price on /market). */
  readonly events: FeedProtocol | null;
  /** Asked every ten seconds, where open interest is in no stream. */
  readonly openInterestUrl: string | null;
}

export type PerpProtocolOf = (instrument: PerpInstrument, endpoints: VenueEndpoints) => PerpProtocol;
