import { expect, it } from 'vitest';
import type { ControlMessage } from '../../domain/control.ts';
import { createVirtualClock } from '../virtualClock.ts';
import { armDrills } from './drillTimers.ts';

it('acts out each drill once at its time, and one that is due before the tree stands as soon as it does', async () => {
  const clock = createVirtualClock(0);
  const acted: { readonly atMs: number; readonly message: ControlMessage; readonly id: number }[] = [];
  const timers = armDrills(
    clock,
    [
      { id: 3, atMs: 0, target: 'edge' },
      { id: 4, atMs: 4000, target: 'lane:0', mode: 'spin' },
    ],
    (message, { id }) => acted.push({ atMs: clock.nowMs(), message, id }),
  );
  await clock.run(1500);
  expect(acted).toEqual([]);
  timers.treeIsUp();
  expect(acted).toMatchObject([{ atMs: 1500, id: 3, message: { action: 'crash', target: 'edge' } }]);
  await clock.run(60_000);
  expect(acted).toHaveLength(2);
  expect(acted[1]).toMatchObject({ atMs: 4000, id: 4, message: { action: 'error-sim', args: { mode: 'spin' } } });
  expect(new Set(acted.map(({ message }) => message.id)).size).toBe(2);
});
