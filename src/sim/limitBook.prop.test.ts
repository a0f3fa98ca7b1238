import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLimitBook, type RestingOrder } from './limitBook.ts';

/** The plainest book that obeys price-time priority: one list in order of arrival, searched anew each time. */
function createPlainBook() {
  const entries: { tick: number; lots: number; order: RestingOrder | null }[] = [];
  return {
    entries,
    take(maxLots: number, limitTick: number): string[] {
      const taken: string[] = [];
      let left = maxLots;
      while (left > 0) {
        const open = entries.filter((entry) => entry.lots > 0 && entry.tick <= limitTick);
        const best = Math.min(...open.map((entry) => entry.tick));
        const first = open.find((entry) => entry.tick === best);
        if (first === undefined) break;
        const lots = Math.min(left, first.lots);
        first.lots -= lots;
        left -= lots;
        taken.push(`${first.tick}:${lots}:${first.order === null ? 'market' : entries.indexOf(first)}`);
      }
      return taken;
    },
  };
}

const restOrTake = fc.oneof(
  fc.record({
    kind: fc.constant('rest' as const),
    tick: fc.integer({ min: 100, max: 110 }),
    lots: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({
    kind: fc.constant('take' as const),
    tick: fc.integer({ min: 98, max: 112 }),
    lots: fc.integer({ min: 1, max: 60 }),
  }),
  fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat(50) }),
);

describe('limit book', () => {
  it('fills resting orders best price first, then first come first served, never beyond the limit', () => {
    fc.assert(
      fc.property(fc.array(restOrTake, { maxLength: 80 }), (steps) => {
        const book = createLimitBook();
        const plain = createPlainBook();
        for (const step of steps) {
          if (step.kind === 'rest') {
            const order: RestingOrder = { side: 'ask', tick: step.tick, leavesLots: step.lots };
            book.rest(order);
            plain.entries.push({ tick: step.tick, lots: step.lots, order });
          } else if (step.kind === 'cancel') {
            const entry = plain.entries[step.pick % Math.max(1, plain.entries.length)];
            if (entry === undefined) continue;
            expect(book.remove(entry.order!)).toBe(entry.lots);
            entry.lots = 0;
          } else {
            const taken: string[] = [];
            const count = book.take('ask', step.lots, step.tick, (tick, lots, order) =>
              taken.push(`${tick}:${lots}:${plain.entries.findIndex((entry) => entry.order === order)}`),
            );
            expect(taken).toEqual(plain.take(step.lots, step.tick));
            expect(count).toBe(taken.reduce((sum, text) => sum + Number(text.split(':')[1]), 0));
          }
          for (const { tick } of plain.entries) {
            const open = plain.entries.filter((entry) => entry.tick === tick);
            expect(book.lotsAt('ask', tick)).toBe(open.reduce((sum, entry) => sum + entry.lots, 0));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('reports every changed level exactly once per drain, with its present size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ tick: fc.integer({ min: 1, max: 12 }), lots: fc.integer({ min: 0, max: 9 }) })),
        (steps) => {
          const book = createLimitBook();
          const shown = new Map<number, number>();
          for (const [index, { tick, lots }] of steps.entries()) {
            book.setMarketLots('bid', tick, lots);
            if (index % 3 !== 2) continue;
            const changes = book.drainChanges('bid');
            expect(new Set(changes.map(([changed]) => changed)).size).toBe(changes.length);
            for (const [changed, size] of changes) shown.set(changed, size);
          }
          for (const [changed, size] of book.drainChanges('bid')) shown.set(changed, size);
          const present = [...shown].filter(([, size]) => size > 0).sort(([a], [b]) => b - a);
          expect(book.top('bid', 100)).toEqual(present);
        },
      ),
    );
  });

  it('lets an order of ours wait behind what stood there before it', () => {
    const book = createLimitBook();
    book.setMarketLots('bid', 100, 50);
    const ours: RestingOrder = { side: 'bid', tick: 100, leavesLots: 10 };
    book.rest(ours);
    book.setMarketLots('bid', 100, 80);
    book.take('bid', 45, 100, () => {});
    expect(ours.leavesLots).toBe(10);
    // A withdrawal from the front shortens the queue, one from the back does not.
    book.setMarketLots('bid', 100, 32, 'front');
    book.take('bid', 4, 100, () => {});
    expect(ours.leavesLots).toBe(8);
  });
});
