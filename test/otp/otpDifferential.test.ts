import { describe, expect, it } from 'vitest';
import { describeDifference, findDifferences } from './compare.ts';
import { hasErlang, playOnErlang } from './playOnErlang.ts';
import { playOnNightjar } from './playOnNightjar.ts';
import { REGRESSIONS } from './regressions.ts';
import { isSupervisorPlan, scenarioOf } from './scenario.ts';

const FROM = 1;
const COUNT = 1000;
const seeds = Array.from({ length: COUNT }, (_, index) => FROM + index);

const there = hasErlang();
if (!there) console.warn('otpDifferential.test.ts is skipped: no escript (Debian: apt-get install erlang-base)');

describe.skipIf(!there)('beside Erlang’s own supervisor', () => {
  it(`does the same in ${COUNT} random scenarios`, () => {
    const differences = findDifferences(seeds.map(scenarioOf));
    expect(differences.map(describeDifference).join('\n')).toBe('');
  });

  it.each(REGRESSIONS)('does the same in seed $seed: $about', ({ seed }) => {
    expect(
      findDifferences([scenarioOf(seed)])
        .map(describeDifference)
        .join('\n'),
    ).toBe('');
  });

  it('plays scenarios in which much happens', () => {
    const scenarios = seeds.map(scenarioOf);
    const steps = [...playOnErlang(scenarios).values()].flat();
    const counts = (pattern: RegExp) => steps.filter((step) => pattern.test(step)).length;
    expect({
      restarts: counts(/^report child_terminated/) > 500,
      failedStarts: counts(/^report start_error/) > 100,
      gaveUp: counts(/gave_up$/) > 50,
      kills: counts(/^kill/) > 100,
      during: counts(/^during/) > 5,
      refused: counts(/^(already_|not_found|running|simple_one)/) > 50,
      trees: scenarios.filter((scenario) => scenario.children.some(isSupervisorPlan)).length > 100,
    }).toEqual({
      restarts: true,
      failedStarts: true,
      gaveUp: true,
      kills: true,
      during: true,
      refused: true,
      trees: true,
    });
  });

  it('would see one restart more or less', () => {
    const scenarios = seeds.slice(0, 100).map(scenarioOf);
    const played = playOnErlang(scenarios.map((scenario) => ({ ...scenario, intensity: scenario.intensity + 1 })));
    const flat = scenarios.filter((scenario) => !scenario.children.some(isSupervisorPlan));
    const unlike = flat.filter((each) => playOnNightjar(each).join() !== played.get(each.seed)!.join());
    expect(unlike.some((each) => playOnNightjar(each).some((step) => step.endsWith('gave_up')))).toBe(true);
  });
});
