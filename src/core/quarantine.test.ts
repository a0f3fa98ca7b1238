import { describe, expect, it } from 'vitest';
import { createQuarantine } from './quarantine.ts';

describe('the quarantine of one actor', () => {
  it('sets a message aside at its second kill, and says so once', () => {
    const quarantine = createQuarantine();
    expect([quarantine.killed('a', 1), quarantine.killed('b', 2), quarantine.killed('a', 3)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(quarantine.killed('a', 4)).toBe(false);
    expect([quarantine.holds('a'), quarantine.holds('b'), quarantine.holds('c')]).toEqual([true, false, false]);
    expect(quarantine.entries()).toEqual([{ message: 'a', kills: 3, atMs: 4, withheld: 0 }]);
  });

  it('is bounded: suspects go first, what is set aside stays', () => {
    const quarantine = createQuarantine();
    quarantine.killed('poison', 0);
    quarantine.killed('poison', 0);
    for (let i = 0; i < 500; i += 1) quarantine.killed(`suspect ${i}`, i);
    expect(quarantine.holds('poison')).toBe(true);
    expect(quarantine.killed('suspect 499', 0)).toBe(true);
    expect(quarantine.killed('suspect 3', 0)).toBe(false);
  });

  it('takes no new suspect in when everything in it is set aside', () => {
    const quarantine = createQuarantine();
    for (let i = 0; i < 64; i += 1) for (const _kill of [1, 2]) quarantine.killed(`poison ${i}`, i);
    for (const _kill of [1, 2]) expect(quarantine.killed('new', 99)).toBe(false);
    expect(quarantine.entries()).toHaveLength(64);
    expect(quarantine.holds('poison 0')).toBe(true);
  });
});
