import { expect, it } from 'vitest';
import { differenceBps } from './units.ts';

it.each([
  [101, 100, 100],
  [99, 100, -100],
  [100, 100, 0],
  [100.005, 100, 0.5],
])('%d against %d differs by %d bps', (price, reference, bps) => {
  expect(differenceBps(price, reference)).toBeCloseTo(bps, 9);
});
