import { describe, expect, it } from 'vitest';
import { TradeIds } from './tradeIds.ts';

describe('trade ids', () => {
  it('are new once, whether they rise or not, and 256 are remembered', () => {
    const ids = new TradeIds();
    expect([5, 6, 5, 4, 4, -7, -7].map((id) => ids.isNew(id))).toEqual([true, true, false, true, false, true, false]);
    expect(ids.repeated).toBe(3);

    for (let id = 100; id < 355; id += 1) expect(ids.isNew(id)).toBe(true);
    expect(ids.isNew(-7)).toBe(false);
    expect(ids.isNew(355)).toBe(true);
    expect(ids.isNew(-7)).toBe(true);
  });

  it('that are absent are all new', () => {
    const ids = new TradeIds();
    expect([Number.NaN, Number.NaN].map((id) => ids.isNew(id))).toEqual([true, true]);
  });
});
