import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../domain/random.ts';
import { DEFAULT_BACKOFF, forgetIfStable, NO_RESTARTS, nextBackoff } from './backoff.ts';
import { child, startWorld } from './testWorld.ts';

function delays(seed: number, count: number): number[] {
  const random = createRandom(seed);
  let memory = NO_RESTARTS;
  return Array.from({ length: count }, () => {
    memory = nextBackoff(memory, DEFAULT_BACKOFF, random);
    return memory.lastDelayMs;
  });
}

describe('backoff', () => {
  it('N12 begins at 100 ms exactly, stays at most 500 ms twice, then between 100 ms and 30 s', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const [first, second, third, ...later] = delays(seed, 40);
        expect(first).toBe(100);
        for (const early of [second!, third!]) expect(early >= 100 && early <= 500).toBe(true);
        for (const [i, delay] of later.entries()) {
          const before = i === 0 ? third! : later[i - 1]!;
          expect(delay >= 100 && delay <= Math.min(30_000, 3 * before)).toBe(true);
        }
      }),
    );
  });

  it('N12 grows to the maximum in the end, and is the same for the same seed', () => {
    const longest = Math.max(...[1, 2, 3].flatMap((seed) => delays(seed, 100)));
    expect(longest).toBe(30_000);
    expect(delays(7, 20)).toEqual(delays(7, 20));
    expect(delays(7, 20)).not.toEqual(delays(8, 20));
  });

  it('N12 forgets only after a run of at least stableAfterMs', () => {
    const memory = { restarts: 5, lastDelayMs: 900 };
    expect(forgetIfStable(memory, 1000, 30_999, DEFAULT_BACKOFF)).toBe(memory);
    expect(forgetIfStable(memory, 1000, 31_000, DEFAULT_BACKOFF)).toBe(NO_RESTARTS);
    expect(forgetIfStable(memory, null, 1e9, DEFAULT_BACKOFF)).toBe(memory);
  });

  it('N12 a supervisor follows the sequence, and starts it anew after 30 s of good behaviour', () => {
    const world = startWorld({ intensity: 100, children: [child('a')] }, {}, 3);
    world.start();
    const expected = delays(3, 5);
    for (const _ of expected) {
      world.exit('a');
      world.advance(expected[world.crashes.length - 1]!);
      expect(world.phase('a')).toBe('running');
    }
    expect(world.crashes.map((crash) => crash.nextDelayMs)).toEqual(expected);
    world.advance(30_000);
    world.exit('a');
    expect(world.crashes.at(-1)?.nextDelayMs).toBe(100);
  });
});
