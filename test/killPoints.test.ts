import { describe, expect, it } from 'vitest';
import { KILLS_PER_RUN, type KillPointRun, runKillPoints } from './killPointRun.ts';

const POINTS = 25;

describe('a core killed at any point of its journal', () => {
  it('loses no fill, doubles no order and leaves none behind, 25 times', { timeout: 600_000 }, async () => {
    const runs: KillPointRun[] = [];
    for (let left = POINTS, seed = 1; left > 0; left -= KILLS_PER_RUN, seed += 1) {
      runs.push(await runKillPoints(seed, Math.min(left, KILLS_PER_RUN)));
    }
    const points = runs.flatMap((run) => run.points);
    expect(runs.flatMap(({ problems }) => problems)).toEqual([]);
    expect(points).toHaveLength(POINTS);
    // A drill that only ever met an idle core proves nothing.
    expect(points.filter(({ fatesOpen, attemptsOpen }) => fatesOpen + attemptsOpen > 0).length).toBeGreaterThan(5);
  });
});
