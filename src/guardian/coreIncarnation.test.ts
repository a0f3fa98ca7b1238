import { expect, it } from 'vitest';
import { createVirtualClock } from '../core/virtualClock.ts';
import { ChildFake } from './childFake.ts';
import { LEAVE_MS, runIncarnation } from './coreIncarnation.ts';
import type { CoreBoot, FromCore } from './coreMessages.ts';
import { createLatchHold } from './latchHold.ts';

function startIncarnation() {
  const clock = createVirtualClock(0);
  const child = new ChildFake();
  const hold = createLatchHold(() => {});
  const watchdog = { beat() {}, stop() {} };
  const end = runIncarnation(child.asProcess(), {} as CoreBoot, watchdog, hold, () => {}, clock);
  return { clock, child, end };
}

it.each<FromCore>([
  { type: 'stopped', clean: false, escalated: true, openOrders: 1 },
  { type: 'failed', code: 'port.busy', message: 'taken' },
])('a core that has said "$type" and does not leave is ended, so that no thread of it keeps the run', async (last) => {
  const { clock, child, end } = startIncarnation();
  child.emit('message', last);
  await clock.run(LEAVE_MS - 1);
  expect(child.signalCode).toBeNull();
  await clock.run(LEAVE_MS);
  expect(await end).toMatchObject({ how: 'SIGKILL', [last.type]: last });
});

it('a core that leaves in time is not ended', async () => {
  const { clock, child, end } = startIncarnation();
  child.emit('message', { type: 'stopped', clean: true, escalated: false, openOrders: 0 } satisfies FromCore);
  child.disconnect();
  await clock.run(10 * LEAVE_MS);
  expect(child.signalCode).toBeNull();
  expect((await end).how).toBe('code 0');
});
