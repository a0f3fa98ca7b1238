import { describe, expect, it } from 'vitest';
import { createStock } from './stock.ts';

const usdt = (free: number, locked = 0) => [{ venue: 'okx', asset: 'USDT', free, locked }] as const;

describe('the stock', () => {
  it('subtracts what is in flight from what is free, not from what is held', () => {
    const stock = createStock();
    stock.replace(usdt(100));
    stock.reserve('a', 'okx', 'USDT', 30);
    stock.reserve('b', 'okx', 'USDT', 50);
    stock.reserve('a', 'okx', 'USDT', 40);
    expect(stock.free('okx', 'USDT')).toBe(10);
    expect(stock.entries()).toEqual([{ venue: 'okx', asset: 'USDT', free: 100 }]);
    stock.release('a');
    expect(stock.free('okx', 'USDT')).toBe(50);
    stock.reserve('c', 'okx', 'USDT', 60);
    expect(stock.free('okx', 'USDT')).toBe(0);
  });

  it('takes for ours what our own orders lock, and leaves alone what somebody else locks', () => {
    const stock = createStock();
    stock.reserve('a', 'okx', 'USDT', 30);
    stock.replace(usdt(70, 30));
    expect(stock.free('okx', 'USDT')).toBe(70);
    stock.replace(usdt(50, 50));
    expect(stock.free('okx', 'USDT')).toBe(50);
    stock.release('a');
    stock.replace(usdt(50, 50));
    expect(stock.free('okx', 'USDT')).toBe(50);
  });

  it('books a fill with its fee, and a cost without a fill', () => {
    const stock = createStock();
    const fill = { tradeId: 't', clientOrderId: 'nj', venue: 'okx', pair: 'SOL/USDT', side: 'buy' } as const;
    stock.replace(usdt(1_000));
    stock.applyFill({ ...fill, price: 150, qty: 2, fee: 0.5, feeCurrency: 'USDT', venueTimeMs: 0 });
    expect([stock.free('okx', 'USDT'), stock.free('okx', 'SOL')]).toEqual([699.5, 2]);
    stock.charge('okx', 'SOL', 0.5);
    expect(stock.free('okx', 'SOL')).toBe(1.5);
  });
});
