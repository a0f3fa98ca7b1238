import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRateGuard } from './rateGuard.ts';

const everyone = () => true;

describe('rate guard', () => {
  it('gives one slot per interval and takes the bots in turn', () => {
    const guard = createRateGuard(1000, [0, 1, 2]);
    const taken: (number | null)[] = [];
    for (let nowMs = 0; nowMs <= 3500; nowMs += 500) taken.push(guard.take(nowMs, everyone));
    expect(taken).toEqual([0, null, 1, null, 2, null, 0, null]);
  });

  it('skips a bot that is not ready without losing the turn of the others', () => {
    const guard = createRateGuard(1000, [0, 1, 2]);
    expect(guard.take(0, (bot) => bot !== 0)).toBe(1);
    expect(guard.take(1000, everyone)).toBe(2);
    expect(guard.take(2000, everyone)).toBe(0);
    expect(guard.take(3000, () => false)).toBeNull();
    expect(guard.waitMs(3000)).toBe(0);
  });

  it('widens by one interval per 429 and returns to the first at a success', () => {
    const guard = createRateGuard(1000, [0]);
    guard.refused(0, null);
    guard.refused(0, null);
    expect(guard.intervalMs).toBe(3000);
    guard.succeeded();
    expect(guard.intervalMs).toBe(1000);
  });

  it('lets a lifted bot poll once at once, and then puts it back in line', () => {
    const guard = createRateGuard(1000, [0, 1]);
    guard.take(0, everyone);
    guard.lift(0);
    expect(guard.take(10, everyone)).toBe(0);
    expect(guard.take(20, everyone)).toBeNull();
    expect(guard.take(1010, everyone)).toBe(1);
  });

  it('puts a lifted cooldown back at a 429, for the poll and for the last look', () => {
    const guard = createRateGuard(1000, [0, 1]);
    guard.take(0, everyone);
    expect(guard.takeLifted(0, 5)).toBe(true);
    guard.lift(0);
    guard.refused(10, null);
    expect(guard.take(20, everyone)).toBeNull();
    expect(guard.takeLifted(0, 20)).toBe(false);
    guard.lift(0);
    expect(guard.take(30, everyone)).toBeNull();
    expect(guard.takeLifted(0, 2005)).toBe(true);
  });

  it('keeps the lifted poll when the last look goes first', () => {
    const guard = createRateGuard(1000, [0]);
    guard.take(0, everyone);
    guard.lift(0);
    expect(guard.takeLifted(0, 10)).toBe(true);
    expect(guard.take(11, everyone)).toBe(0);
  });

  it('grants a firm quote out of turn only while the slot is free', () => {
    const guard = createRateGuard(1000, [0, 1]);
    guard.take(0, everyone);
    expect(guard.takeFor(0, 999)).toBe(false);
    expect(guard.takeFor(0, 1000)).toBe(true);
    expect(guard.take(1001, everyone)).toBeNull();
  });

  it('is silent until the venue says, for at most a minute', () => {
    const guard = createRateGuard(1000, [0]);
    guard.refused(0, 7000);
    guard.succeeded();
    expect(guard.waitMs(0)).toBe(7000);
    guard.refused(0, 3_600_000);
    expect(guard.waitMs(0)).toBe(60_000);
  });

  it('spaces polls that nothing lifts by the interval, and starves no bot that is always ready', () => {
    const moments = fc.array(fc.record({ waitMs: fc.nat(900), readyMask: fc.nat(15), refused: fc.boolean() }), {
      minLength: 50,
      maxLength: 200,
    });
    fc.assert(
      fc.property(moments, (script) => {
        const guard = createRateGuard(1000, [0, 1, 2, 3]);
        let nowMs = 0;
        let lastTakenAtMs = Number.NEGATIVE_INFINITY;
        let turnsWithoutFirst = 0;
        for (const { waitMs, readyMask, refused } of script) {
          nowMs += waitMs;
          const taken = guard.take(nowMs, (bot) => bot === 0 || (readyMask & (1 << bot)) !== 0);
          if (taken === null) continue;
          expect(nowMs - lastTakenAtMs).toBeGreaterThanOrEqual(guard.intervalMs);
          lastTakenAtMs = nowMs;
          turnsWithoutFirst = taken === 0 ? 0 : turnsWithoutFirst + 1;
          expect(turnsWithoutFirst).toBeLessThanOrEqual(3);
          if (refused) guard.refused(nowMs, null);
          else guard.succeeded();
        }
      }),
    );
  });
});
