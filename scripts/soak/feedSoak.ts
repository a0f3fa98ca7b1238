import { createVirtualClock, VIRTUAL_START_MS } from '../../src/core/virtualClock.ts';
import { CEX_VENUES, type Instrument } from '../../src/domain/instruments.ts';
import { createRandom } from '../../src/domain/random.ts';
import { budgetedTransport } from '../../src/venues/budgetedTransport.ts';
import { CONNECT_BURST, CONNECT_SPACING_MS, ConnectPacer } from '../../src/venues/connectPacer.ts';
import { createSpotFeed } from '../../src/venues/createSpotFeed.ts';
import { createRateWords, RateBudget } from '../../src/venues/rateBudget.ts';
import { VenueClock } from '../../src/venues/venueClock.ts';
import { createLanePricer } from '../../src/workers/lanePricer.ts';
import { FeedSoakMarket, soakTick } from './feedSoakMarket.ts';
import { createFeedSoakNetwork } from './feedSoakNetwork.ts';
import type { SoakWorld } from './soakWorld.ts';

/** An order would be priced so often per pair. */
const PRICE_EVERY_MS = 250;
/** What a market can move by while a message is under way and the venue waits for its next change. */
const MOVED_TICKS = 4;

const endpoints = {
  binance: { rest: 'http://binance', ws: 'ws://binance' },
  okx: { rest: 'http://okx', ws: 'ws://okx' },
  bybit: { rest: 'http://bybit', ws: 'ws://bybit' },
  jupiter: { rest: 'http://jupiter' },
};

/** The feeds of so many pairs at three venues behind one budget and one pace of connections, each priced as a bot would. */
export function startFeedSoak(seed: number, symbols: number): SoakWorld {
  const clock = createVirtualClock();
  const random = createRandom(seed).fork('soak');
  const instruments = Array.from({ length: symbols }, (_, i) =>
    CEX_VENUES.map((venue) => instrumentOf(venue, i)),
  ).flat();
  const markets = instruments.map(
    (instrument) => new FeedSoakMarket(instrument, random.fork(instrument.venueSymbol + instrument.venue)),
  );
  const network = createFeedSoakNetwork(markets, clock, random.fork('network'));
  const budget = new RateBudget(createRateWords());
  const transport = budgetedTransport(network.transport, { budget, clock, endpoints, onBan: () => {} });
  const shared = Object.fromEntries(
    CEX_VENUES.map((venue) => {
      const pacer = new ConnectPacer(CONNECT_SPACING_MS[venue], CONNECT_BURST[venue]);
      return [venue, { venueClock: new VenueClock(), pacer }];
    }),
  );
  const feeds = markets.map((market) =>
    createSpotFeed({
      ...{ clock, transport, endpoints, instrument: market.instrument, ...shared[market.instrument.venue] },
      random: random.fork(`feed/${market.instrument.venue}/${market.instrument.pair}`),
      onBook: () => {},
    }),
  );
  const tally = { priced: 0, unpriced: 0, notLive: 0, wrong: 0 };
  for (let i = 0; i < symbols; i += 1) {
    const own = feeds.slice(i * CEX_VENUES.length, (i + 1) * CEX_VENUES.length);
    const options = { nearSide: 'bid', ladderNotional: 100, maxAgeMs: 2_000 } as const;
    const pricer = createLanePricer({ feeds: own, fxFeeds: own, ...options });
    clock.every(PRICE_EVERY_MS, () => {
      pricer.refresh(clock.nowMs());
      const { cbVenue, bestBidPx } = pricer.prices;
      if (Number.isNaN(cbVenue)) {
        tally.unpriced += 1;
        return;
      }
      tally.priced += 1;
      if (own[cbVenue]!.book.trust !== 'live') tally.notLive += 1;
      const { bestBidVenue } = pricer.prices;
      const market = markets[i * CEX_VENUES.length + bestBidVenue]!;
      if (Math.abs(bestBidPx / soakTick - (market.midTicks - 1)) > MOVED_TICKS) tally.wrong += 1;
    });
  }
  for (const feed of feeds) feed.start();

  const sum = (name: keyof (typeof feeds)[number]['counters']) =>
    feeds.reduce((total, { counters }) => total + counters[name], 0);
  const figures = () => ({
    ...network.counts,
    ...tally,
    looks: tally.priced,
    frames: sum('frames'),
    reconnects: sum('reconnects'),
    gaps: sum('gaps'),
    resyncs: sum('resyncs'),
    wrongBooks: sum('wrong'),
    late: sum('late'),
    live: feeds.filter(({ book }) => book.trust === 'live').length,
  });
  return {
    runTo: (atMs) => clock.run(VIRTUAL_START_MS + atMs),
    cutAll: network.cutAll,
    figures,
    faults() {
      const { notLive, wrong, priced, resyncs, lost } = figures();
      return [
        ...(priced === 0 ? ['nothing was ever priced'] : []),
        ...(notLive > 0 ? [`${notLive} prices of books that were not live`] : []),
        ...(wrong > 0 ? [`${wrong} prices that their venue did not have`] : []),
        ...(resyncs > 2 * lost + symbols ? [`${resyncs} resyncs after ${lost} lost messages`] : []),
      ];
    },
    close() {
      for (const feed of feeds) feed.stop();
    },
  };
}

function instrumentOf(venue: Instrument['venue'], i: number): Instrument {
  const base = `S${i}X`;
  const venueSymbol = venue === 'okx' ? `${base}-USDT` : `${base}USDT`;
  const rules = { tickSize: soakTick, stepSize: 1, minQty: 1, minNotional: 1 };
  return { venue, pair: `${base}/USDT`, venueSymbol, base, quote: 'USDT', ...rules };
}
