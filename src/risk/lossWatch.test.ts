import { describe, expect, it } from 'vitest';
import { createLossWatch } from './lossWatch.ts';

const NOON = Date.UTC(2026, 0, 5, 12);

describe('the loss watch', () => {
  it('counts the loss of the day from its midnight in UTC and the drawdown from the best moment', () => {
    const watch = createLossWatch();
    expect(watch.note('a', 30, NOON)).toEqual({ dayLoss: 0, drawdown: 0 });
    expect(watch.note('a', -10, NOON + 1)).toEqual({ dayLoss: 10, drawdown: 40 });
    const nextDay = Date.UTC(2026, 0, 6);
    expect(watch.note('a', -10, nextDay - 1).dayLoss).toBe(10);
    expect(watch.note('a', -12, nextDay)).toEqual({ dayLoss: 2, drawdown: 42 });
  });

  it('keeps bots apart', () => {
    const watch = createLossWatch();
    watch.note('a', -40, NOON);
    expect(watch.note('b', -1, NOON)).toEqual({ dayLoss: 1, drawdown: 1 });
  });
});
