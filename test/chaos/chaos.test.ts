import { describe, expect, it } from 'vitest';
import type { ChaosOptions } from './chaosReport.ts';
import { CHAOS_REGRESSIONS } from './regressions.ts';
import { runChaos } from './runChaos.ts';

/** Everything held; else what broke, as the command would say it. */
const held = async (options: ChaosOptions) => {
  const report = await runChaos(options);
  expect(report.broken, `seed ${options.seed} ${options.mode}: npm run chaos shows the plan`).toBeNull();
  return report;
};

/** Virtual minutes cost seconds here, and many times that on a machine that others use too. */
const PATIENCE = { timeout: 600_000 };

describe('the simulated chaos harness', PATIENCE, () => {
  it.each([
    { seed: 101, mode: 'safety' },
    { seed: 102, mode: 'liveness' },
    { seed: 103, mode: 'safety' },
    { seed: 104, mode: 'liveness' },
  ] as const)('holds every invariant under the faults of seed $seed ($mode)', async ({ seed, mode }) => {
    const report = await held({ seed, mode, minutes: 0.7 });
    expect(report.checks).toBeGreaterThan(100);
    expect(report.plan.length).toBeGreaterThan(3);
    expect(report.restMs).not.toBeNull();
  });

  it('plays a seed the same twice, crashes included', async () => {
    const [first, second] = [
      await held({ seed: 105, mode: 'safety', minutes: 0.4 }),
      await held({ seed: 105, mode: 'safety', minutes: 0.4 }),
    ];
    expect(second.hashes).toBe(first.hashes);
    expect(second.faults).toEqual(first.faults);
    expect(second.coreDeaths).toBe(first.coreDeaths);
  });

  it.each(CHAOS_REGRESSIONS)('no longer breaks seed $seed ($mode): $broke', async ({ broke: _broke, ...run }) => {
    await held(run);
  });
});
