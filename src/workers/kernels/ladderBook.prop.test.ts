import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createScale } from './decimalScale.ts';
import { LadderBook } from './ladderBook.ts';
import type { LadderSide } from './ladderSide.ts';
import { createLevelBuffer } from './levelScanner.ts';
import { vwapPrice } from './vwap.ts';

/** Ticks around a centre that jumps by far more than the smallest window, so that far levels and re-anchoring happen. */
const level = fc.record({
  centre: fc.constantFrom(1_000, 5_000, 100_000, 3_000_000_000),
  offset: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: -40, max: 40 }) }, fc.integer({ min: -900, max: 3_000 })),
  lots: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1e12 })),
});
const message = fc.record({
  bids: fc.array(level, { maxLength: 12 }),
  asks: fc.array(level, { maxLength: 12 }),
  replaces: fc.integer({ min: 0, max: 30 }).map((n) => n === 0),
});

function fill(levels: readonly { centre: number; offset: number; lots: number }[]) {
  const buffer = createLevelBuffer(16);
  levels.forEach(({ centre, offset, lots }, i) => {
    buffer.ticks[i] = centre + offset;
    buffer.lots[i] = lots;
  });
  buffer.count = levels.length;
  return buffer;
}

const sorted = (plain: Map<number, number>, direction: 1 | -1) => [...plain].sort((a, b) => (a[0] - b[0]) * direction);

function expectSame(side: LadderSide, plain: Map<number, number>): void {
  const wanted = sorted(plain, side.direction);
  const { ticks, lots } = side.levels();
  expect([...ticks].map((tick, i) => [tick, lots[i]])).toEqual(wanted);
  expect(side.count).toBe(wanted.length);
  expect(side.bestTick).toBe(wanted[0]?.[0] ?? Number.NaN);
  expect(side.bestLots).toBe(wanted[0]?.[1] ?? 0);
}

describe('the ladder book', () => {
  it('holds what a plain sorted map holds, whatever comes, far levels and moved windows included', () => {
    let reanchors = 0;
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 25 }), (messages) => {
        const book = new LadderBook({ windowTicks: 2048, maxFarLevels: 10_000 });
        const plain = { bids: new Map<number, number>(), asks: new Map<number, number>() };
        for (const { bids, asks, replaces } of messages) {
          if (replaces) {
            plain.bids.clear();
            plain.asks.clear();
            book.replace(fill(bids), fill(asks));
          } else book.apply(fill(bids), fill(asks));
          for (const [name, levels] of [['bids', bids] as const, ['asks', asks] as const]) {
            for (const { centre, offset, lots } of levels) {
              if (lots === 0) plain[name].delete(centre + offset);
              else plain[name].set(centre + offset, lots);
            }
            expectSame(book[name], plain[name]);
          }
        }
        reanchors += book.bids.reanchors + book.asks.reanchors;
      }),
      { numRuns: 300 },
    );
    expect(reanchors).toBeGreaterThan(100);
  });

  it('prices a notional as a walk over the sorted levels does', () => {
    const price = createScale(2, 1);
    const size = createScale(3, 1);
    const near = fc.record({
      centre: fc.constant(5_000),
      offset: fc.integer({ min: -500, max: 500 }),
      lots: fc.integer({ min: 1, max: 100_000 }),
    });
    fc.assert(
      fc.property(fc.array(near, { maxLength: 12 }), fc.integer({ min: 1, max: 40_000 }), (levels, notional) => {
        const book = new LadderBook({ windowTicks: 2048, maxFarLevels: 10 });
        book.apply(fill(levels), fill(levels));
        const plain = new Map(levels.map((l) => [l.centre + l.offset, l.lots]));
        for (const side of [book.bids, book.asks]) {
          const walked = walk(sorted(plain, side.direction), notional);
          const priced = vwapPrice(side, notional, price, size);
          if (Number.isNaN(walked)) expect(priced).toBeNaN();
          else expect(priced / walked).toBeCloseTo(1, 12);
        }
      }),
    );
  });

  it('forgets far levels beyond its limit and counts them', () => {
    const book = new LadderBook({ windowTicks: 2048, maxFarLevels: 2 });

    book.apply(
      fill([
        { centre: 100_000, offset: 0, lots: 1 },
        { centre: 1_000, offset: 1, lots: 1 },
        { centre: 1_000, offset: 2, lots: 1 },
        { centre: 1_000, offset: 3, lots: 1 },
      ]),
      createLevelBuffer(1),
    );

    expect(book.bids.count).toBe(3);
    expect(book.bids.farDropped).toBe(1);
  });

  it('still prices levels a quarter window deep after the best price drifted to the edge of the window', () => {
    const book = new LadderBook({ windowTicks: 2048, maxFarLevels: 1_000 });
    const deep = { centre: 100_000, offset: -1_400, lots: 1_000 };
    book.apply(fill([{ centre: 100_000, offset: 0, lots: 1 }, deep]), createLevelBuffer(1));
    book.apply(
      fill([
        { centre: 100_000, offset: -1_000, lots: 1 },
        { centre: 100_000, offset: 0, lots: 0 },
      ]),
      createLevelBuffer(1),
    );

    expect(book.bids.bestTick).toBe(99_000);
    expect(book.bids.lotsForNotional(99_000 + 98_600 * 10)).toBeCloseTo(11, 9);
  });

  it('moves to finer increments without changing a price or a size', () => {
    const book = new LadderBook({ windowTicks: 2048, maxFarLevels: 10 });
    book.apply(fill([{ centre: 1_000, offset: 0, lots: 7 }]), fill([{ centre: 1_000, offset: 5, lots: 9 }]));

    book.rescale(5, 100);

    expect([book.bids.bestTick, book.bids.bestLots]).toEqual([5_000, 700]);
    expect([book.asks.bestTick, book.asks.bestLots]).toEqual([5_025, 900]);
  });
});

/** Prices in units of 0.01, sizes of 0.001. */
function walk(levels: readonly [number, number][], notional: number): number {
  let left = notional;
  let base = 0;
  for (const [ticks, lots] of levels) {
    const [px, qty] = [ticks / 100, lots / 1000];
    if (px * qty >= left) return notional / (base + left / px);
    left -= px * qty;
    base += qty;
  }
  return Number.NaN;
}
