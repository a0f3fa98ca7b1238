import { CEX_VENUES } from '../domain/instruments.ts';
import type { DurationMs, EpochMs } from '../domain/units.ts';
import type { SpotFeed } from '../venues/venueFeed.ts';

/** The CEX side of one bot's evaluation, overwritten in place; NaN = undefined. Fields as in `ArbEvaluation`. */
export interface LanePrices {
  cbTopPx: number;
  cbTopVenue: number;
  cbPx: number;
  cbVenue: number;
  midPx: number;
  fxBps: number;
  compositeMidPx: number;
  bestBidPx: number;
  bestBidVenue: number;
  bestAskPx: number;
  bestAskVenue: number;
  bookAgeMs: number;
}

export interface LanePricer {
  readonly prices: LanePrices;
  /** Prices every book anew; allocates nothing. */
  refresh(nowMs: EpochMs): void;
}

export interface LanePricerOptions {
  /** The pair's feeds, in any order. */
  readonly feeds: readonly SpotFeed[];
  /** The USDC/USDT feeds. */
  readonly fxFeeds: readonly SpotFeed[];
  /** `bid`: we would sell on the CEX (buyDex). */
  readonly nearSide: 'bid' | 'ask';
  readonly ladderNotional: number;
  /** A book older than this prices nothing. */
  readonly maxAgeMs: DurationMs;
}

/** Best prices over the venues: a venue takes part while its book is live and young enough; ties go to the first of CEX_VENUES. */
export function createLanePricer(options: LanePricerOptions): LanePricer {
  const { nearSide, ladderNotional, maxAgeMs } = options;
  const feeds = byVenue(options.feeds);
  const fxFeeds = byVenue(options.fxFeeds);
  const better = nearSide === 'bid' ? (a: number, b: number) => a > b : (a: number, b: number) => a < b;
  const prices: LanePrices = {
    cbTopPx: Number.NaN,
    cbTopVenue: Number.NaN,
    cbPx: Number.NaN,
    cbVenue: Number.NaN,
    midPx: Number.NaN,
    fxBps: Number.NaN,
    compositeMidPx: Number.NaN,
    bestBidPx: Number.NaN,
    bestBidVenue: Number.NaN,
    bestAskPx: Number.NaN,
    bestAskVenue: Number.NaN,
    bookAgeMs: Number.NaN,
  };

  const usable = (feed: SpotFeed | undefined, nowMs: EpochMs): feed is SpotFeed =>
    feed !== undefined && feed.book.trust === 'live' && feed.ageMs(nowMs) <= maxAgeMs;

  const refreshVenues = (nowMs: EpochMs) => {
    let midSum = 0;
    let midCount = 0;
    for (let venue = 0; venue < feeds.length; venue += 1) {
      const feed = feeds[venue];
      if (!usable(feed, nowMs)) continue;
      const { book } = feed;
      const bid = book.bestBidPx();
      const ask = book.bestAskPx();
      // NaN compares as false either way, so `!(… <= …)` lets the first price in and an empty side out.
      if (bid > 0 && !(bid <= prices.bestBidPx)) {
        prices.bestBidPx = bid;
        prices.bestBidVenue = venue;
      }
      if (ask > 0 && !(ask >= prices.bestAskPx)) {
        prices.bestAskPx = ask;
        prices.bestAskVenue = venue;
      }
      const vwap = book.vwapPx(nearSide, ladderNotional);
      if (vwap > 0 && (Number.isNaN(prices.cbPx) || better(vwap, prices.cbPx))) {
        prices.cbPx = vwap;
        prices.cbVenue = venue;
      }
      const mid = book.midPx();
      if (mid > 0) {
        midSum += mid;
        midCount += 1;
      }
    }
    prices.cbTopPx = nearSide === 'bid' ? prices.bestBidPx : prices.bestAskPx;
    prices.cbTopVenue = nearSide === 'bid' ? prices.bestBidVenue : prices.bestAskVenue;
    prices.compositeMidPx = midCount > 0 ? midSum / midCount : Number.NaN;
  };

  /** USDC/USDT of the venue that gave the price, else of the first live one in tie order. */
  const fxVenue = (preferred: number, nowMs: EpochMs): number => {
    if (usable(fxFeeds[preferred], nowMs) && fxFeeds[preferred]!.book.midPx() > 0) return preferred;
    for (let venue = 0; venue < fxFeeds.length; venue += 1) {
      if (usable(fxFeeds[venue], nowMs) && fxFeeds[venue]!.book.midPx() > 0) return venue;
    }
    return -1;
  };

  return {
    prices,
    refresh(nowMs) {
      prices.bestBidPx = Number.NaN;
      prices.bestBidVenue = Number.NaN;
      prices.bestAskPx = Number.NaN;
      prices.bestAskVenue = Number.NaN;
      prices.cbPx = Number.NaN;
      prices.cbVenue = Number.NaN;
      prices.midPx = Number.NaN;
      prices.fxBps = Number.NaN;
      refreshVenues(nowMs);

      const venue = Number.isNaN(prices.cbVenue) ? prices.cbTopVenue : prices.cbVenue;
      if (Number.isNaN(venue)) {
        prices.bookAgeMs = youngestAgeMs(feeds, nowMs);
        return;
      }
      prices.midPx = feeds[venue]!.book.midPx();
      prices.bookAgeMs = Math.max(feeds[venue]!.ageMs(nowMs), feeds[prices.cbTopVenue]!.ageMs(nowMs));
      const fx = fxVenue(venue, nowMs);
      if (fx < 0) {
        prices.bookAgeMs = Math.max(prices.bookAgeMs, youngestAgeMs(fxFeeds, nowMs));
        return;
      }
      prices.fxBps = (fxFeeds[fx]!.book.midPx() - 1) * 1e4;
      prices.bookAgeMs = Math.max(prices.bookAgeMs, fxFeeds[fx]!.ageMs(nowMs));
    },
  };
}

/** Indexed by the venue's place in CEX_VENUES, which is the tie order. */
function byVenue(feeds: readonly SpotFeed[]): readonly (SpotFeed | undefined)[] {
  return CEX_VENUES.map((venue) => feeds.find((feed) => feed.venue === venue));
}

/** Where nothing is usable: how far the best candidate is from being so. NaN before any first frame. */
function youngestAgeMs(feeds: readonly (SpotFeed | undefined)[], nowMs: EpochMs): DurationMs {
  let youngest = Number.NaN;
  for (let venue = 0; venue < feeds.length; venue += 1) {
    const age = feeds[venue]?.ageMs(nowMs) ?? Number.NaN;
    if (!(age >= youngest) && age >= 0) youngest = age;
  }
  return youngest;
}
