import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CEX_VENUES, type CexVenue, type Instrument } from '../domain/instruments.ts';
import type { BookTrust, SpotFeed } from '../venues/venueFeed.ts';
import { createLanePricer } from './lanePricer.ts';

interface Book {
  readonly bid: number;
  readonly spread: number;
  readonly slope: number;
  readonly depth: number;
  readonly trust: BookTrust;
  readonly ageMs: number;
}

const notional = 10;
const maxAgeMs = 1000;

const books = fc.tuple(
  ...CEX_VENUES.map(() =>
    fc.record({
      bid: fc.double({ min: 90, max: 110, noNaN: true }),
      spread: fc.double({ min: 0.001, max: 1, noNaN: true }),
      slope: fc.double({ min: 0, max: 2, noNaN: true }),
      depth: fc.constantFrom(1, 9, 10, 1000),
      trust: fc.constantFrom<BookTrust>('live', 'live', 'live', 'stale', 'crossed'),
      ageMs: fc.constantFrom(0, 1000, 1001),
    }),
  ),
);

function feedOf(venue: CexVenue, book: Book): SpotFeed {
  return {
    venue,
    instrument: { venue, pair: 'SOL/USDT', stepSize: 0.001, minQty: 0, minNotional: 0 } as Instrument,
    book: {
      trust: book.trust,
      bestBidPx: () => book.bid,
      bestAskPx: () => book.bid + book.spread,
      bestBidQty: () => 1,
      bestAskQty: () => 1,
      midPx: () => book.bid + book.spread / 2,
      vwapPx: (side: 'bid' | 'ask', wanted: number) => {
        if (wanted > book.depth) return Number.NaN;
        return side === 'bid' ? book.bid - book.slope : book.bid + book.spread + book.slope;
      },
    },
    ageMs: () => book.ageMs,
  } as unknown as SpotFeed;
}

const usable = (book: Book) => book.trust === 'live' && book.ageMs <= maxAgeMs;

function price(nearSide: 'bid' | 'ask', market: readonly Book[], fx: readonly Book[]) {
  const pricer = createLanePricer({
    feeds: market.map((book, i) => feedOf(CEX_VENUES[i]!, book)).reverse(),
    fxFeeds: fx.map((book, i) => feedOf(CEX_VENUES[i]!, book)),
    nearSide,
    ladderNotional: notional,
    maxAgeMs,
  });
  pricer.refresh(0);
  return pricer.prices;
}

describe('lane pricer', () => {
  it('never prices the ladder better than the top of book', () => {
    fc.assert(
      fc.property(books, books, (market, fx) => {
        const bids = price('bid', market, fx);
        if (!Number.isNaN(bids.cbPx)) expect(bids.cbTopPx).toBeGreaterThanOrEqual(bids.cbPx);
        const asks = price('ask', market, fx);
        if (!Number.isNaN(asks.cbPx)) expect(asks.cbTopPx).toBeLessThanOrEqual(asks.cbPx);
      }),
    );
  });

  it('is the best over the usable venues that absorb the notional, and undefined without one', () => {
    fc.assert(
      fc.property(books, books, (market, fx) => {
        const prices = price('bid', market, fx);
        const open = market.filter(usable);
        const absorbing = open.filter(({ depth }) => depth >= notional);
        expect(prices.cbTopPx).toBe(open.length === 0 ? Number.NaN : Math.max(...open.map(({ bid }) => bid)));
        expect(prices.cbPx).toBe(
          absorbing.length === 0 ? Number.NaN : Math.max(...absorbing.map(({ bid, slope }) => bid - slope)),
        );
        expect(Number.isNaN(prices.fxBps)).toBe(open.length === 0 || !fx.some(usable));
        if (open.length > 0) expect(prices.bookAgeMs).toBeLessThanOrEqual(fx.some(usable) ? maxAgeMs : 1001);
      }),
    );
  });

  it('names the venue whose prices it shows, the first in tie order where they are equal', () => {
    fc.assert(
      fc.property(books, books, (market, fx) => {
        const prices = price('bid', market, fx);
        if (Number.isNaN(prices.cbTopPx)) return;
        const first = market.findIndex((book) => usable(book) && book.bid === prices.cbTopPx);
        expect(prices.cbTopVenue).toBe(first);
        const source = market[Number.isNaN(prices.cbVenue) ? first : prices.cbVenue]!;
        expect(prices.midPx).toBe(source.bid + source.spread / 2);
      }),
    );
    const same = { bid: 100, spread: 1, slope: 0, depth: 100, trust: 'live' as const, ageMs: 0 };
    expect(price('bid', [same, same, same], [same, same, same])).toMatchObject({ cbTopVenue: 0, cbVenue: 0 });
    expect(price('ask', [same, same, same], [same, same, same])).toMatchObject({ cbTopVenue: 0, cbVenue: 0 });
  });
});
