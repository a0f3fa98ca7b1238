import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fill } from '../domain/orders.ts';
import { createFillBook } from './fillBook.ts';

const makeFill = (change: Partial<Fill> = {}): Fill => ({
  tradeId: 't1',
  clientOrderId: 'nj1',
  venue: 'okx',
  pair: 'SOL/USDT',
  side: 'buy',
  price: 200,
  qty: 0.1,
  fee: 0.02,
  feeCurrency: 'USDT',
  venueTimeMs: 1,
  ...change,
});

describe('fill book', () => {
  it('applies a trade once, however often and in whatever order it is reported', () => {
    const trades = fc.uniqueArray(
      fc.record({ tradeId: fc.string({ minLength: 1 }), lots: fc.integer({ min: 1, max: 999 }) }),
      {
        selector: ({ tradeId }) => tradeId,
      },
    );
    fc.assert(
      fc.property(trades, fc.infiniteStream(fc.nat()), (unique, picks) => {
        const book = createFillBook();
        const fills = unique.map(({ tradeId, lots }) => makeFill({ tradeId, qty: lots / 1000 }));
        const again = fills.map(() => fills[picks.next().value! % fills.length]!);
        for (const fill of [...fills, ...again]) book.apply(fill);
        const exact = unique.reduce((sum, { lots }) => sum + lots, 0) / 1000;
        expect(book.filledQty('nj1')).toBe(exact);
        expect(book.netBaseQty()).toBe(exact);
      }),
    );
  });

  it('tells trades of two markets with the same number apart', () => {
    const book = createFillBook();
    book.apply(makeFill());
    expect(book.apply(makeFill({ pair: 'RAY/USDT' }))).toEqual({ result: 'applied', overfilled: false });
    expect(book.apply(makeFill({ venue: 'bybit' }))).toEqual({ result: 'applied', overfilled: false });
    expect(book.apply(makeFill())).toEqual({ result: 'duplicate' });
  });

  it('refuses a trade that comes back with another content', () => {
    const book = createFillBook();
    book.apply(makeFill());
    expect(() => book.apply(makeFill({ qty: 0.2 }))).toThrow(expect.objectContaining({ code: 'ledger.mismatch' }));
    expect(book.filledQty('nj1')).toBe(0.1);
  });

  it('ignores the echo of an execution without quantity', () => {
    const book = createFillBook();
    expect(book.apply(makeFill({ qty: 0 }))).toEqual({ result: 'ignored' });
    expect(book.apply(makeFill())).toEqual({ result: 'applied', overfilled: false });
  });

  it('books what was filled beyond the order, and says so', () => {
    const book = createFillBook();
    book.ordered('nj1', 0.15);
    expect(book.apply(makeFill())).toEqual({ result: 'applied', overfilled: false });
    expect(book.apply(makeFill({ tradeId: 't2' }))).toEqual({ result: 'applied', overfilled: true });
    expect(book.filledQty('nj1')).toBe(0.2);
  });

  it('nets orders against each other exactly', () => {
    const book = createFillBook();
    book.apply(makeFill({ tradeId: 'a', qty: 0.1 }));
    book.apply(makeFill({ tradeId: 'b', qty: 0.2 }));
    book.apply(makeFill({ tradeId: 'c', qty: 0.3, side: 'sell', clientOrderId: 'nj2' }));
    expect(book.netBaseQty()).toBe(0);
    expect(book.netBaseQty(['nj1'])).toBe(0.3);
  });

  it('knows the trades of an order that was forgotten', () => {
    const book = createFillBook();
    book.apply(makeFill());
    book.forget('nj1');
    expect(book.apply(makeFill())).toEqual({ result: 'duplicate' });
    expect(book.fillsOf('nj1')).toEqual([]);
  });

  it('forgets the oldest trade ids when full, and counts them', () => {
    const book = createFillBook({ capacity: 2 });
    for (const tradeId of ['a', 'b', 'c']) book.apply(makeFill({ tradeId }));
    expect(book.forgottenTrades).toBe(1);
    expect(book.apply(makeFill({ tradeId: 'b' }))).toEqual({ result: 'duplicate' });
  });

  it.each([{ qty: -1 }, { qty: Number.NaN }, { price: 0 }, { tradeId: '' }])('refuses the impossible %j', (change) => {
    expect(() => createFillBook().apply(makeFill(change))).toThrow('cannot be booked');
  });
});
