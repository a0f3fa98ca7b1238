import { createVirtualClock } from '../src/core/virtualClock.ts';
import type { CexVenue } from '../src/domain/instruments.ts';
import { createRandom } from '../src/domain/random.ts';
import { checkFaultPlan } from '../src/sim/faults/faultPlan.ts';
import { withFaults } from '../src/sim/faults/faultyWorld.ts';
import { createInMemoryTransport } from '../src/sim/inMemoryTransport.ts';
import { defaultSimConfig } from '../src/sim/simConfig.ts';
import { SIM_INSTRUMENTS } from '../src/sim/simInstruments.ts';
import { createSimWorld, type SimWorld } from '../src/sim/simWorld.ts';
import { createSpotFeed } from '../src/venues/createSpotFeed.ts';
import type { BookTrust } from '../src/venues/venueFeed.ts';

/** When the fault begins; the book has been live for long by then. */
export const FAULT_AT_MS = 10_000;
/** A live book may lag behind what the venue published by the network, and by what a fault holds back. */
const FRESH_MS = 1_500;

export interface FeedOutcome {
  readonly hits: number;
  /** In order, without repetitions, from the fault on. */
  readonly trusts: readonly BookTrust[];
  /** From the fault's begin until the book was live for good; 0 = it never stopped. */
  readonly liveAgainMs: number;
  /** Times that a live book showed a best bid and ask that its venue had not published of late. */
  readonly wrongWhileLive: number;
  /** Times that a book gave a price though it was not live. */
  readonly pricedNotLive: number;
  readonly troubles: readonly string[];
  readonly resyncs: number;
  readonly reconnects: number;
  readonly badFrames: number;
  readonly trades: number;
  readonly live: boolean;
}

/** One feed of SOL/USDT against the embedded venue with one fault, on the virtual clock. */
export async function runFeedFault(
  venue: CexVenue,
  faults: readonly { readonly fault: string; readonly [field: string]: unknown }[],
  forMs = 40_000,
): Promise<FeedOutcome> {
  const clock = createVirtualClock();
  const startMs = clock.nowMs();
  const random = createRandom(7);
  const instrument = SIM_INSTRUMENTS.find((one) => one.venue === venue && one.pair === 'SOL/USDT')!;
  const truth = withTruth(
    createSimWorld({ clock, random: random.fork('sim'), config: defaultSimConfig }),
    venue,
    clock.nowMs,
  );
  const plan = checkFaultPlan({ faults: faults.map((one) => ({ venue, atMs: FAULT_AT_MS, ...one })) }, 'test');
  const world = withFaults(truth.world, { clock, random: random.fork('faults'), plan, announce: () => {} });
  const { transport, endpoints } = createInMemoryTransport(world, { clock, random: random.fork('network') });

  const trusts: BookTrust[] = [];
  const troubles: string[] = [];
  let liveAgainMs = 0;
  let wrongWhileLive = 0;
  let pricedNotLive = 0;
  const sinceFaultMs = () => clock.nowMs() - startMs - FAULT_AT_MS;
  const feed = createSpotFeed({
    ...{ clock, transport, endpoints, instrument, random: random.fork('feed') },
    onBook({ book }) {
      const { trust } = book;
      const prices = [book.bestBidPx(), book.bestAskPx(), book.midPx(), book.vwapPx('ask', 100)];
      if (trust !== 'live') pricedNotLive += prices.some((px) => !Number.isNaN(px)) ? 1 : 0;
      else if (!truth.published(prices[0]! / instrument.tickSize, prices[1]! / instrument.tickSize))
        wrongWhileLive += 1;
      if (sinceFaultMs() < 0) return;
      if (trust === 'live' && trusts.length > 0 && trusts.at(-1) !== 'live') liveAgainMs = sinceFaultMs();
      if (trusts.at(-1) !== trust) trusts.push(trust);
    },
    onTrouble: (_, code) => {
      if (sinceFaultMs() >= 0 && troubles.at(-1) !== code) troubles.push(code);
    },
  });
  feed.start();
  await clock.run(startMs + forMs);
  const { resyncs, reconnects, badFrames, trades } = feed.counters;
  const outcome = {
    hits: world.faults.counts().reduce((sum, { hits }) => sum + hits, 0),
    ...{ trusts, liveAgainMs, wrongWhileLive, pricedNotLive, troubles, resyncs, reconnects, badFrames, trades },
    live: feed.book.trust === 'live',
  };
  feed.stop();
  world.stop();
  return outcome;
}

/** Notes the best bid and ask at each message by which the venue tells its book, before any fault. */
function withTruth(world: SimWorld, venue: CexVenue, nowMs: () => number) {
  let tops: { readonly atMs: number; readonly bid: number; readonly ask: number }[] = [];
  const note = () => {
    const { book } = world.inside.market(venue, 'SOL/USDT');
    tops.push({ atMs: nowMs(), bid: book.bestTick('bid'), ask: book.bestTick('ask') });
    if (tops.length > 1_000) tops = tops.slice(-500);
  };
  const noting: SimWorld = {
    ...world,
    handleHttp(asked, request) {
      note();
      return world.handleHttp(asked, request);
    },
    openSocket: (asked, target, connection) =>
      world.openSocket(asked, target, {
        ping: () => connection.ping(),
        close: (code, reason) => connection.close(code, reason),
        send(text) {
          note();
          connection.send(text);
        },
      }),
  };
  return {
    world: noting,
    published: (bid: number, ask: number) =>
      tops.some((top) => nowMs() - top.atMs <= FRESH_MS && Math.round(bid) === top.bid && Math.round(ask) === top.ask),
  };
}
