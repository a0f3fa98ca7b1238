import { describe, expect, it } from 'vitest';
import { VenueClock } from './venueClock.ts';

/** A message each 100 ms whose way takes 20 to 29 ms, from a venue whose clock stands `skewMs` ahead of ours. */
function observeFor(clock: VenueClock, fromMs: number, ms: number, skewMs: number, extraMs = 0): number {
  let lateMs = Number.NaN;
  for (let at = fromMs; at < fromMs + ms; at += 100) {
    lateMs = clock.observe(at + skewMs, at + 20 + ((at / 100) % 10) + extraMs);
  }
  return lateMs;
}

describe('the clock of a venue', () => {
  it.each([0, 1_520, -3_600_000])('estimates an offset for a clock %i ms ahead, and lateness above it', (skewMs) => {
    const clock = new VenueClock();
    expect(clock.offsetMs).toBeNaN();

    observeFor(clock, 0, 5_000, skewMs);

    expect(clock.offsetMs).toBe(20 - skewMs);
    expect(clock.observe(5_000 + skewMs, 5_000 + 20 + 700)).toBe(700);
  });

  it('follows a clock that is set forward at once, and one set back within a minute', () => {
    const clock = new VenueClock();
    observeFor(clock, 0, 10_000, 0);
    expect(observeFor(clock, 10_000, 1_000, 5_000)).toBeLessThan(10);

    expect(observeFor(clock, 11_000, 1_000, 0)).toBeGreaterThan(4_900);
    expect(observeFor(clock, 12_000, 70_000, 0)).toBeLessThan(10);
  });

  it('forgets what it knew over a long silence', () => {
    const clock = new VenueClock();
    observeFor(clock, 0, 1_000, 5_000);
    expect(clock.observe(600_000, 600_020)).toBe(0);
  });

  it('learns nothing from a message without a time', () => {
    const clock = new VenueClock();
    expect(clock.observe(Number.NaN, 5)).toBeNaN();
    expect(clock.offsetMs).toBeNaN();
  });
});
