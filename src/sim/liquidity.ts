import type { Random } from '../domain/ports.ts';
import type { BookSide, LimitBook } from './limitBook.ts';

/** Shape of one book in its own units. */
export interface LiquidityShape {
  readonly bestLots: number;
  readonly smallLots: number;
  readonly gapTicks: number;
  /** Quantities are whole multiples of this. */
  readonly grainLots: number;
}

/** Levels per side that the market keeps about full; never more than OKX shows. */
const TARGET_LEVELS = 300;
const MOST_LEVELS = 390;
/** Level changes per 100 ms message: log-normal with the measured median 22, 90 % 104, 99 % about 370. */
const CHANGES_MEDIAN = 22;
const CHANGES_SIGMA = 1.21;
const MOST_CHANGES = 600;
/** Chance per step that one side's best level vanishes until the next step: what keeps the spread off one tick ~1 % of the time. */
const THIN_CHANCE = 0.004;
const BEST_SIGMA = 0.3;
const SMALL_SIGMA = 0.7;

/**
 * The market's own resting orders: one large best level, then levels about thirty times smaller over many empty ticks
 * (measured on Binance BTC, 2024-08-08: real books decay neither smoothly nor densely).
 */
export function createLiquidity(book: LimitBook, shape: LiquidityShape, random: Random) {
  const grains = (lots: number) => Math.max(1, Math.round(lots / shape.grainLots)) * shape.grainLots;
  const bestLots = () => grains(shape.bestLots * Math.exp(BEST_SIGMA * random.normal()));
  const smallLots = () => grains(shape.smallLots * Math.exp(SMALL_SIGMA * random.normal()));
  const spanTicks = Math.round(shape.gapTicks * TARGET_LEVELS);
  const behind = (side: BookSide, best: number, distance: number) =>
    side === 'bid' ? best - distance : best + distance;
  const best = { bid: Number.NaN, ask: Number.NaN };

  /** The large order moves to the new best; what it leaves behind is a level like any other. */
  const moveBest = (side: BookSide, tick: number) => {
    const old = best[side];
    best[side] = tick;
    if (old !== tick && book.marketLotsAt(side, old) > 0) book.setMarketLots(side, old, smallLots());
    const present = book.marketLotsAt(side, tick);
    if (old !== tick || present === 0) book.setMarketLots(side, tick, bestLots());
    else if (random.next() < 0.4) {
      const next = grains(present + 0.5 * (bestLots() - present));
      book.setMarketLots(side, tick, next, random.next() < 0.5 ? 'front' : 'back');
    }
  };

  const addLevel = (side: BookSide) => {
    const distance = 2 + Math.floor(spanTicks * random.next() ** 2);
    const tick = behind(side, best[side], distance);
    if (tick > 0 && book.marketLotsAt(side, tick) === 0) book.setMarketLots(side, tick, smallLots());
  };

  /** One change behind the best level, nearer levels more often, as measured. */
  const changeOne = (side: BookSide) => {
    const count = book.levelCount(side);
    const rank = 1 + Math.floor((count - 1) * random.next() ** 2);
    const tick = book.tickAt(side, rank);
    const choice = random.next();
    const crowding = count / TARGET_LEVELS;
    if (Number.isNaN(tick) || (choice > 0.4 + 0.3 * crowding && count < MOST_LEVELS)) addLevel(side);
    else if (choice < 0.4) book.setMarketLots(side, tick, smallLots(), random.next() < 0.5 ? 'front' : 'back');
    else book.setMarketLots(side, tick, 0);
  };

  return {
    /** Fills an empty book around a best bid and ask. */
    seed(bidTick: number, askTick: number): void {
      moveBest('bid', bidTick);
      moveBest('ask', askTick);
      for (const side of ['bid', 'ask'] as const) {
        let tick = best[side];
        for (let i = 1; i < TARGET_LEVELS; i += 1) {
          tick = behind(side, tick, Math.max(1, Math.ceil(random.exponential(shape.gapTicks))));
          if (tick > 0) book.setMarketLots(side, tick, smallLots());
        }
      }
    },

    /** Quotes around new best ticks; the caller has cleared what would cross. */
    step(bidTick: number, askTick: number): void {
      moveBest('bid', bidTick);
      moveBest('ask', askTick);
      const wanted = Math.min(MOST_CHANGES, CHANGES_MEDIAN * Math.exp(CHANGES_SIGMA * random.normal()));
      // A try may hit a level that has changed already, so tries are bounded apart from successes.
      for (let tries = 2 * wanted; tries > 0 && book.dirtyCount() < wanted; tries -= 1) {
        changeOne(random.next() < 0.5 ? 'bid' : 'ask');
      }
      if (random.next() < THIN_CHANCE) {
        const side = random.next() < 0.5 ? 'bid' : 'ask';
        book.setMarketLots(side, best[side], 0);
      }
    },
  };
}
