import { expect, it } from 'vitest';
import { createDrillPlan } from './drillPlan.ts';

it('gives each drill to one incarnation: done ones never again, missed ones at once, later ones at their time', () => {
  const plan = createDrillPlan([
    { id: 0, atMs: 1000, target: 'lane:0' },
    { id: 1, atMs: 5000, target: 'edge' },
    { id: 2, atMs: 9000, target: 'core', mode: 'spin' },
  ]);
  expect(plan.left(100).map(({ atMs }) => atMs)).toEqual([1000, 5000, 9000]);
  plan.drilled(0);
  // The first core died at 4 s, the second begins at 6 s.
  expect(plan.left(6100)).toEqual([
    { id: 1, atMs: 0, target: 'edge' },
    { id: 2, atMs: 3000, target: 'core', mode: 'spin' },
  ]);
  plan.drilled(1);
  plan.drilled(2);
  expect(plan.left(20_000)).toEqual([]);
});
