import type { Random } from '../domain/ports.ts';

/** One taker order of the market's own flow. */
export interface TakerOrder {
  readonly side: 'buy' | 'sell';
  /** Base quantity. */
  readonly qty: number;
}

export interface TradeFlow {
  /** Time until the next taker order, ms. */
  nextGapMs(): number;
  nextOrder(): TakerOrder;
}

/** Share of gaps inside a burst, and their mean relative to the mean gap: gives a coefficient of variation of 1.6. */
const BURST_SHARE = 0.6;
const BURST_GAP = 0.275;
const CALM_GAP = (1 - BURST_SHARE * BURST_GAP) / (1 - BURST_SHARE);

/**
 * Signs are drawn from two hidden two-state chains, a slow one (split parent orders) and a quick one. Each order follows
 * the slow chain with probability w, so the autocorrelation at lag k is w² a^k + (1−w)² b^k: with these figures
 * .40, .24 and .16 at lags 1, 5 and 10, as measured.
 */
const SLOW_WEIGHT = 0.6;
const SLOW_PERSISTENCE = 0.922;
const QUICK_PERSISTENCE = 0.425;

/** Spread of the order sizes: ln of the measured ratio of the 90th percentile to the median, over 1.28. */
const SIZE_SIGMA = 1.5;
const LARGEST_MULTIPLE = 400;

/** Arrivals, signs and sizes of the market's own taker orders. */
export function createTradeFlow(random: Random, meanGapMs: number, medianQty: number): TradeFlow {
  const flips = (persistence: number) => random.next() < (1 - persistence) / 2;
  let slow = random.next() < 0.5 ? 1 : -1;
  let quick = random.next() < 0.5 ? 1 : -1;

  return {
    nextGapMs: () => random.exponential(meanGapMs * (random.next() < BURST_SHARE ? BURST_GAP : CALM_GAP)),
    nextOrder() {
      if (flips(SLOW_PERSISTENCE)) slow = -slow;
      if (flips(QUICK_PERSISTENCE)) quick = -quick;
      const sign = random.next() < SLOW_WEIGHT ? slow : quick;
      const multiple = Math.min(LARGEST_MULTIPLE, Math.exp(SIZE_SIGMA * random.normal()));
      return { side: sign > 0 ? 'buy' : 'sell', qty: medianQty * multiple };
    },
  };
}
