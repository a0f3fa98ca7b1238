import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWallClock } from './wallClock.ts';

const dayMs = 86_400_000;

describe('wall clock', () => {
  beforeEach(() => {
    // The clock reads `performance` of node:perf_hooks, which is the global one: both move together under fake timers.
    vi.useFakeTimers({ now: 1_700_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('fires a delay beyond 24.8 days on its day and not at once', () => {
    const clock = createWallClock();
    const fired = vi.fn();

    clock.after(60 * dayMs, fired);
    vi.advanceTimersByTime(59.9 * dayMs);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(0.2 * dayMs);

    expect(fired).toHaveBeenCalledTimes(1);
  });

  it('keeps the phase of a rhythm whose period is no whole number of milliseconds', () => {
    const clock = createWallClock();
    const beats: number[] = [];
    const startMs = clock.nowMs();

    clock.every(33.4, () => beats.push(clock.nowMs() - startMs));
    vi.advanceTimersByTime(33_400);

    expect(beats.length).toBeGreaterThanOrEqual(999);
    expect(beats.at(-1)! / beats.length).toBeCloseTo(33.4, 1);
  });

  it('goes on with a rhythm whose callback threw', () => {
    const clock = createWallClock();
    let beats = 0;
    clock.every(10, () => {
      beats += 1;
      if (beats === 1) throw new Error('first beat');
    });

    expect(() => vi.advanceTimersByTime(10)).toThrow('first beat');
    vi.advanceTimersByTime(20);

    expect(beats).toBe(3);
  });

  it('cancels a pending delay, a stepped long delay and a rhythm', () => {
    const clock = createWallClock();
    const fired = vi.fn();
    const cancels = [clock.after(5, fired), clock.after(40 * dayMs, fired), clock.every(10, fired)];

    vi.advanceTimersByTime(1);
    for (const cancel of cancels) cancel();
    vi.advanceTimersByTime(41 * dayMs);
    for (const cancel of cancels) cancel();

    expect(fired).not.toHaveBeenCalled();
  });

  it('refuses a delay that is no number and a period of zero', () => {
    const clock = createWallClock();
    expect(() => clock.after(Number.NaN, () => {})).toThrow(RangeError);
    expect(() => clock.every(0, () => {})).toThrow(RangeError);
  });
});

describe('wall clock on real timers', () => {
  it('never fires a delay more than a millisecond early and runs 0 in a later turn', async () => {
    const clock = createWallClock();
    let sameTurn = true;
    const startMs = clock.nowMs();
    await new Promise<void>((resolve) => {
      clock.after(0, () => {
        expect(sameTurn).toBe(false);
        clock.after(7.3, resolve);
      });
      sameTurn = false;
    });
    expect(clock.nowMs() - startMs).toBeGreaterThan(6.3);
  });
});
