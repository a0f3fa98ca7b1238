import type { Instrument } from '../domain/instruments.ts';
import type { Clock, Random } from '../domain/ports.ts';
import { hash32 } from '../domain/random.ts';
import { createLimitBook, type LimitBook, type RestingOrder } from './limitBook.ts';
import { createLiquidity } from './liquidity.ts';
import type { MarketShape } from './simInstruments.ts';
import { createTradeFlow } from './tradeFlow.ts';

/** Depth messages leave every 100 ms. */
export const DEPTH_PERIOD_MS = 100;

export interface PublicTrade {
  readonly id: number;
  readonly tick: number;
  readonly lots: number;
  readonly takerSide: 'buy' | 'sell';
  readonly timeMs: number;
}

export interface DepthChange {
  /** First and last update id that this change covers; `first` is one above the last change's `last`. */
  readonly firstId: number;
  readonly lastId: number;
  readonly bids: readonly [tick: number, lots: number][];
  readonly asks: readonly [tick: number, lots: number][];
  readonly timeMs: number;
}

export interface MarketListener {
  onDepth(market: VenueMarket, change: DepthChange): void;
  onTrade(market: VenueMarket, trade: PublicTrade): void;
  /** The best price or size of a side changed. */
  onTop(market: VenueMarket): void;
}

/** A lot of a resting order of ours was taken at its price. */
export type OnMakerFill = (order: RestingOrder, lots: number, trade: PublicTrade) => void;

export interface VenueMarket {
  readonly instrument: Instrument;
  readonly book: LimitBook;
  /** The venue's clock, whole ms. */
  nowMs(): number;
  /** Id of the last change that listeners have seen. */
  lastPublishedId(): number;
  /** A taker order of ours; returns its fills. Also tells the listeners. */
  takeFor(side: 'buy' | 'sell', lots: number, limitTick: number): readonly PublicTrade[];
  /** After orders were rested or removed outside: tells listeners of a changed best. */
  checkTop(): void;
}

interface MarketDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly instrument: Instrument;
  readonly shape: MarketShape;
  /** This venue's fair price at the moment. */
  readonly fairPrice: () => number;
  readonly listener: MarketListener;
  readonly onMakerFill: OnMakerFill;
}

/** Distance of fair price and mid at which the venue re-quotes: below it the mid stands still. */
const REQUOTE_TICKS = 0.8;
const REQUOTE_BPS = 0.5;
/** A taker order of the market's own flow never sweeps further than this. */
const SWEEP_BPS = 12;

/** One venue's market in one pair: book, its own liquidity and taker flow, on a beat of 100 ms. */
export function createVenueMarket(deps: MarketDeps): VenueMarket {
  const { clock, instrument, shape, fairPrice, listener, onMakerFill } = deps;
  const { tickSize, stepSize } = instrument;
  const book = createLimitBook();
  const toLots = (qty: number) => Math.max(1, Math.round(qty / stepSize));
  const liquidity = createLiquidity(
    book,
    {
      bestLots: toLots(shape.bestQty),
      smallLots: toLots(shape.smallQty),
      gapTicks: shape.gapTicks,
      grainLots: toLots(Math.max(shape.grainQty, stepSize)),
    },
    deps.random.fork('liquidity'),
  );
  const flow = createTradeFlow(deps.random.fork('flow'), shape.tradeGapMs, shape.tradeQty);
  const basis = createBasis(deps.random.fork('basis'));
  let bidTick = Math.floor(fairPrice() / tickSize);
  let lastPublishedId = 0;
  // Ids of different markets must not look alike: a ledger keys fills by them.
  let lastTradeId = hash32(`${instrument.venue}/${instrument.pair}`);
  let topKey = '';

  const takeFrom = (side: 'buy' | 'sell', lots: number, limitTick: number): PublicTrade[] => {
    const trades: PublicTrade[] = [];
    const fills: [RestingOrder, number, PublicTrade][] = [];
    const timeMs = Math.floor(clock.nowMs());
    book.take(side === 'buy' ? 'ask' : 'bid', lots, limitTick, (tick, taken, order) => {
      lastTradeId += 1;
      const trade: PublicTrade = { id: lastTradeId, tick, lots: taken, takerSide: side, timeMs };
      trades.push(trade);
      if (order !== null) fills.push([order, taken, trade]);
    });
    for (const [order, taken, trade] of fills) onMakerFill(order, taken, trade);
    for (const trade of trades) listener.onTrade(market, trade);
    return trades;
  };

  const checkTop = () => {
    const bid = book.bestTick('bid');
    const ask = book.bestTick('ask');
    const key = `${bid}:${book.lotsAt('bid', bid)}:${ask}:${book.lotsAt('ask', ask)}`;
    if (key === topKey) return;
    topKey = key;
    listener.onTop(market);
  };

  /** Withdraws the market's own orders that new best ticks would cross and lets somebody take ours that stand there. */
  const uncross = (side: 'bid' | 'ask', limitTick: number) => {
    for (;;) {
      const tick = book.bestTick(side);
      const crosses = side === 'ask' ? tick <= limitTick : tick >= limitTick;
      if (!crosses) return;
      book.setMarketLots(side, tick, 0);
      const ours = book.lotsAt(side, tick);
      if (ours > 0) takeFrom(side === 'ask' ? 'buy' : 'sell', ours, tick);
    }
  };

  const step = () => {
    const fairTicks = (fairPrice() * basis()) / tickSize;
    const threshold = Math.max(REQUOTE_TICKS, (fairTicks * REQUOTE_BPS) / 1e4);
    if (Math.abs(fairTicks - (bidTick + 0.5)) > threshold) bidTick = Math.max(1, Math.floor(fairTicks));
    uncross('ask', bidTick);
    uncross('bid', bidTick + 1);
    liquidity.step(bidTick, bidTick + 1);
    publish();
    checkTop();
  };

  const publish = () => {
    const lastId = book.updateId();
    if (lastId === lastPublishedId) return;
    const firstId = lastPublishedId + 1;
    lastPublishedId = lastId;
    const bids = book.drainChanges('bid');
    const asks = book.drainChanges('ask');
    listener.onDepth(market, { firstId, lastId, bids, asks, timeMs: Math.floor(clock.nowMs()) });
  };

  const trade = () => {
    const { side, qty } = flow.nextOrder();
    const opposite = side === 'buy' ? 'ask' : 'bid';
    const reach = Math.max(1, Math.round((book.bestTick(opposite) * SWEEP_BPS) / 1e4));
    const limitTick = side === 'buy' ? book.bestTick('ask') + reach : book.bestTick('bid') - reach;
    if (!Number.isNaN(limitTick)) takeFrom(side, toLots(qty), limitTick);
    checkTop();
    clock.after(flow.nextGapMs(), trade);
  };

  const market: VenueMarket = {
    instrument,
    book,
    nowMs: () => Math.floor(clock.nowMs()),
    lastPublishedId: () => lastPublishedId,
    takeFor(side, lots, limitTick) {
      const trades = takeFrom(side, lots, limitTick);
      checkTop();
      return trades;
    },
    checkTop,
  };

  liquidity.seed(bidTick, bidTick + 1);
  book.drainChanges('bid');
  book.drainChanges('ask');
  lastPublishedId = book.updateId();
  // Venues do not beat in step with each other.
  clock.after(deps.random.next() * DEPTH_PERIOD_MS, () => clock.every(DEPTH_PERIOD_MS, step));
  clock.after(flow.nextGapMs(), trade);
  return market;
}

/** Slow difference between a venue's price and the common one: a factor around 1, standard deviation 0.4 bp, 20 s memory. */
function createBasis(random: Random): () => number {
  const keep = Math.exp(-DEPTH_PERIOD_MS / 20_000);
  const push = 0.4 * Math.sqrt(1 - keep * keep);
  let bps = 0.4 * random.normal();
  return () => {
    bps = bps * keep + push * random.normal();
    return 1 + bps / 1e4;
  };
}
