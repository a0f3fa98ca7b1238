import { describe, expect, it } from 'vitest';
import { startTestbed, type Testbed } from './simTestbed.ts';

/**
 * The market against the figures measured on recordings (Binance BTC, 2024-08-08). Ten simulated minutes per seed; the
 * bounds leave room for a sample of that length.
 */
const SECONDS = 600;

interface Measured {
  readonly oneTickShare: number;
  readonly crossed: number;
  readonly levelOneToTwo: number[];
  readonly fifthLevelTicks: number[];
  readonly levelsPerMessage: number[];
  readonly secondMovesBps: number[];
  readonly tradeGapsMs: number[];
  readonly tradeSigns: number[];
}

describe.each([
  ['SOL/USDT', 1],
  ['SOL/USDT', 7],
  ['RAY/USDT', 7],
  ['BTC/USDT', 3],
])('the market of %s under seed %i', (pair, seed) => {
  const bed = startTestbed(seed);
  const measured = measure(bed, pair);

  it('has a spread of one tick 99 % of the time and is never crossed', () => {
    expect(measured.oneTickShare).toBeGreaterThan(0.985);
    expect(measured.oneTickShare).toBeLessThan(0.9995);
    expect(measured.crossed).toBe(0);
  });

  it('has a best level about 30 times the second, and empty ticks in between', () => {
    expect(quantile(measured.levelOneToTwo, 0.5)).toBeGreaterThan(24);
    expect(quantile(measured.levelOneToTwo, 0.5)).toBeLessThan(37);
    expect(quantile(measured.fifthLevelTicks, 0.5)).toBeGreaterThan(18);
    expect(quantile(measured.fifthLevelTicks, 0.5)).toBeLessThan(150);
  });

  it('sends ten depth messages a second with a median of 22 levels and a long tail', () => {
    expect(measured.levelsPerMessage.length).toBeGreaterThan(SECONDS * 10 * 0.99);
    expect(quantile(measured.levelsPerMessage, 0.5)).toBeGreaterThan(19);
    expect(quantile(measured.levelsPerMessage, 0.5)).toBeLessThan(26);
    expect(quantile(measured.levelsPerMessage, 0.9)).toBeGreaterThan(90);
    expect(quantile(measured.levelsPerMessage, 0.9)).toBeLessThan(120);
    expect(quantile(measured.levelsPerMessage, 0.99)).toBeGreaterThan(300);
    expect(quantile(measured.levelsPerMessage, 0.99)).toBeLessThan(450);
  });

  it('stands still in the median second and moves 4 to 6 bps in the hundredth', () => {
    expect(quantile(measured.secondMovesBps, 0.5)).toBe(0);
    expect(quantile(measured.secondMovesBps, 0.99)).toBeGreaterThan(3.4);
    expect(quantile(measured.secondMovesBps, 0.99)).toBeLessThan(7);
  });

  it('trades in clusters whose signs remember each other', () => {
    const mean = average(measured.tradeGapsMs);
    const deviation = Math.sqrt(average(measured.tradeGapsMs.map((gap) => (gap - mean) ** 2)));
    expect(deviation / mean).toBeGreaterThan(1.4);
    expect(deviation / mean).toBeLessThan(1.8);
    for (const [lag, target] of [
      [1, 0.4],
      [5, 0.24],
      [10, 0.16],
    ] as const) {
      expect(Math.abs(autocorrelation(measured.tradeSigns, lag) - target)).toBeLessThan(0.11);
    }
  });
});

it('the venues’ mids move together around one fair price', () => {
  const bed = startTestbed(21);
  const mid = (venue: 'okx' | 'binance' | 'bybit') => {
    const { book, instrument } = bed.world.inside.market(venue, 'SOL/USDT');
    return ((book.bestTick('bid') + book.bestTick('ask')) / 2) * instrument.tickSize;
  };
  const distances: number[] = [];
  const moves: number[] = [];
  const start = mid('okx');
  for (let second = 0; second < SECONDS; second += 1) {
    bed.clock.advance(1000);
    distances.push(Math.abs(mid('okx') / mid('binance') - 1) * 1e4, Math.abs(mid('okx') / mid('bybit') - 1) * 1e4);
    moves.push(Math.abs(mid('okx') / start - 1) * 1e4);
  }
  expect(quantile(distances, 0.99)).toBeLessThan(4);
  expect(Math.max(...moves)).toBeGreaterThan(3 * quantile(distances, 0.99));
});

it('the same seed gives the same frames, another seed others', () => {
  const framesOf = (seed: number) => {
    const bed = startTestbed(seed);
    const socket = bed.listen('binance', '/stream?streams=solusdt@depth@100ms/solusdt@trade');
    bed.clock.advance(3000);
    return JSON.stringify(socket.frames);
  };
  expect(framesOf(5)).toBe(framesOf(5));
  expect(framesOf(5)).not.toBe(framesOf(6));
});

function measure(bed: Testbed, pair: string): Measured {
  const market = bed.world.inside.market('binance', pair);
  const { book } = market;
  const symbol = market.instrument.venueSymbol.toLowerCase();
  const levelsPerMessage: number[] = [];
  const tradeTimes: number[] = [];
  const tradeSigns: number[] = [];
  const nothing = { ping() {}, close() {} };
  bed.world.openSocket('binance', `/ws/${symbol}@depth@100ms`, {
    ...nothing,
    send(text) {
      const { b, a } = JSON.parse(text);
      levelsPerMessage.push(b.length + a.length);
    },
  });
  bed.world.openSocket('binance', `/ws/${symbol}@trade`, {
    ...nothing,
    // One taker order may print several trades at one instant.
    send(text) {
      if (tradeTimes.at(-1) === bed.clock.nowMs()) return;
      tradeTimes.push(bed.clock.nowMs());
      tradeSigns.push(JSON.parse(text).m ? -1 : 1);
    },
  });

  let [samples, oneTick, crossed] = [0, 0, 0];
  const [mids, levelOneToTwo, fifthLevelTicks]: number[][] = [[], [], []];
  for (let i = 0; i < SECONDS * 20; i += 1) {
    // A step that is no divisor of 100 ms sees the book at every phase of the beat.
    bed.clock.advance(50 - (i % 2 === 0 ? 7 : -7));
    const [bid, ask] = [book.bestTick('bid'), book.bestTick('ask')];
    samples += 1;
    if (ask - bid === 1) oneTick += 1;
    if (ask <= bid) crossed += 1;
    if (i % 20 !== 0) continue;
    mids!.push((bid + ask) / 2);
    const top = book.top('bid', 5);
    levelOneToTwo!.push(top[0]![1] / top[1]![1]);
    fifthLevelTicks!.push(top[0]![0] - top[4]![0]);
  }
  return {
    oneTickShare: oneTick / samples,
    crossed,
    levelOneToTwo: levelOneToTwo!,
    fifthLevelTicks: fifthLevelTicks!,
    levelsPerMessage,
    secondMovesBps: mids!.slice(1).map((mid, index) => Math.abs(mid / mids![index]! - 1) * 1e4),
    tradeGapsMs: tradeTimes.slice(1).map((time, index) => time - tradeTimes[index]!),
    tradeSigns,
  };
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

function autocorrelation(values: readonly number[], lag: number): number {
  const mean = average(values);
  const spread = values.map((value) => value - mean);
  const shared = average(spread.slice(lag).map((value, index) => value * spread[index]!));
  return shared / average(spread.map((value) => value * value));
}
