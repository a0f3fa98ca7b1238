import { describe, expect, it } from 'vitest';
import { createVirtualClock } from './virtualClock.ts';

describe('the virtual clock', () => {
  it('fires chained timers at their own times within one run', async () => {
    const clock = createVirtualClock(0);
    const fired: number[] = [];
    clock.after(10, () => {
      fired.push(clock.nowMs());
      clock.after(10, () => fired.push(clock.nowMs()));
    });
    await clock.run(25);
    expect(fired).toEqual([10, 20]);
    expect(clock.nowMs()).toBe(25);
  });

  it('fires timers of the same instant in the order in which they were armed', async () => {
    const clock = createVirtualClock(0);
    const fired: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) clock.after(5, () => fired.push(name));
    await clock.run(5);
    expect(fired.join('')).toBe('abcde');
  });

  it('lets promise chains settle before the next timer', async () => {
    const clock = createVirtualClock(0);
    const seen: string[] = [];
    clock.after(1, () => {
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => seen.push('chain'));
    });
    clock.after(1, () => seen.push('timer'));
    await clock.run(1);
    expect(seen).toEqual(['chain', 'timer']);
  });

  it('stops a periodic timer from within itself, and a cancelled one never fires', async () => {
    const clock = createVirtualClock(0);
    let ticks = 0;
    const cancel = clock.every(10, () => {
      ticks += 1;
      if (ticks === 3) cancel();
    });
    clock.after(5, () => expect.unreachable())();
    await clock.run(1000);
    expect(ticks).toBe(3);
    expect(clock.pendingTimers()).toBe(0);
  });
});
