import type { Pair } from '../domain/instruments.ts';
import type { Random } from '../domain/ports.ts';
import { MARKET_SHAPES } from './simInstruments.ts';

/** How often the fair prices may jump, ms. */
export const FAIR_STEP_MS = 100;

/**
 * Jumps come in clusters, as on real books: most seconds see none (so the median one-second move is 0), the 99th
 * percentile sees 4 to 6 bps. Each jump raises the rate of the next ones for about two seconds.
 */
const CALM_JUMPS_PER_S = 0.16;
const EXCITED_JUMPS_PER_S = 0.35;
const EXCITEMENT_DECAY_MS = 2000;
const JUMP_MEAN_BPS = 1.1;
/** Pull back to the start price per step, so that a day-long run stays in sight of its instruments' increments. */
const PULL_PER_STEP = 2e-6;

/** Share of a common market jump that each pair follows; USDC/USDT follows none and moves a tenth as far. */
const PAIR_MOVES: Readonly<Record<Pair, { readonly beta: number; readonly scale: number }>> = {
  'BTC/USDT': { beta: 0.8, scale: 0.8 },
  'SOL/USDT': { beta: 1, scale: 1 },
  'RAY/USDT': { beta: 0.9, scale: 1.1 },
  'USDC/USDT': { beta: 0, scale: 0.12 },
};

export interface FairPrices {
  /** Quote per base. */
  priceOf(pair: Pair): number;
  /** One step of `FAIR_STEP_MS`. */
  step(): void;
}

/** One latent fair price per pair, shared by all venues: what makes their mids move together. */
export function createFairPrices(random: Random, volatility: number): FairPrices {
  const common = createJumps(random.fork('common'));
  const walks = Object.entries(MARKET_SHAPES).map(([pair, shape]) => {
    const { beta, scale } = PAIR_MOVES[pair]!;
    return { pair, beta, scale, start: shape.startPrice, price: shape.startPrice, own: createJumps(random.fork(pair)) };
  });
  const prices = new Map<Pair, number>(walks.map(({ pair, price }) => [pair, price]));

  return {
    priceOf: (pair) => prices.get(pair) ?? Number.NaN,
    step() {
      const commonBps = common();
      for (const walk of walks) {
        const moveBps = (walk.beta * commonBps + walk.scale * walk.own()) * volatility;
        const pull = (walk.start / walk.price - 1) * PULL_PER_STEP;
        walk.price *= 1 + moveBps / 1e4 + pull;
        prices.set(walk.pair, walk.price);
      }
    },
  };
}

/** Self-exciting jumps, in bps per step: mostly 0. */
function createJumps(random: Random): () => number {
  const decay = Math.exp(-FAIR_STEP_MS / EXCITEMENT_DECAY_MS);
  let excitement = 0;
  return () => {
    const ratePerS = CALM_JUMPS_PER_S + EXCITED_JUMPS_PER_S * excitement;
    excitement *= decay;
    if (random.next() >= (ratePerS * FAIR_STEP_MS) / 1000) return 0;
    excitement = Math.min(3, excitement + 1);
    const sizeBps = random.exponential(JUMP_MEAN_BPS);
    return random.next() < 0.5 ? sizeBps : -sizeBps;
  };
}
