import { beforeAll, describe, expect, it } from 'vitest';
import { type KillPointRun, runKillPoints } from './killPointRun.ts';
import { newDataDir, nightjar } from './nightjarProcess.ts';

/** Points of each run: 25. */
const RUNS = [11, 11, 3];
const LIMIT_MS = 600_000;

describe('a core killed at any point of its journal', () => {
  const runs: KillPointRun[] = [];
  beforeAll(async () => {
    for (const [index, kills] of RUNS.entries()) runs.push(await runKillPoints(index + 1, kills));
  }, LIMIT_MS);

  it('F6 loses no fill, doubles no order, leaves none behind, and its journal opens and verifies after each of 25', () => {
    expect(runs.flatMap(({ problems }) => problems)).toEqual([]);
    const points = runs.flatMap((run) => run.points);
    expect(points).toHaveLength(25);
    // A drill that only ever met an idle core proves nothing.
    expect(points.filter(({ fatesOpen, attemptsOpen }) => fatesOpen + attemptsOpen > 0).length).toBeGreaterThan(12);
    expect(points.filter(({ trigger }) => trigger.startsWith('recovery')).length).toBeGreaterThan(1);
  });

  it('leaves a run of three crashes or more that replay decides again, every command equal', async () => {
    const { runDir, deaths } = runs.at(-1)!;
    const replayed = await nightjar('replay', runDir, '--verify', '--json');
    expect(replayed.code, replayed.stdout).toBe(0);
    const report = JSON.parse(replayed.stdout) as {
      readonly mismatches: number;
      readonly incarnations: number;
      readonly compared: Readonly<Record<string, number>>;
    };
    expect(deaths).toBeGreaterThanOrEqual(3);
    expect(report).toMatchObject({ mismatches: 0, incarnations: deaths + 1 });
    expect(report.compared.commands).toBeGreaterThan(20);
    expect(report.compared.intents).toBeGreaterThan(2);
  });

  it('refuses a budget of core restarts that cannot be read', async () => {
    const { code, stderr } = await nightjar('start', '--core-restarts', 'many', '--data', newDataDir());
    expect(code).toBe(2);
    expect(stderr).toContain('--core-restarts "many": give count/time, like 3/60s');
  });
});
