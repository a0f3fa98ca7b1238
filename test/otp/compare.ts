import { playOnErlang } from './playOnErlang.ts';
import { playOnNightjar } from './playOnNightjar.ts';
import { playTreeOnNightjar } from './playTreeOnNightjar.ts';
import { isSupervisorPlan, type Scenario } from './scenario.ts';

export interface Difference {
  readonly scenario: Scenario;
  readonly erlang: readonly string[];
  readonly nightjar: readonly string[];
}

/** The scenarios in which Erlang and we do not do the same. */
export function findDifferences(scenarios: readonly Scenario[]): readonly Difference[] {
  const bySeed = playOnErlang(scenarios);
  return scenarios.flatMap((scenario) => {
    const isTree = scenario.children.some(isSupervisorPlan);
    const erlang = normalise(scenario, bySeed.get(scenario.seed) ?? ['the oracle printed nothing']);
    const nightjar = normalise(scenario, isTree ? playTreeOnNightjar(scenario) : playOnNightjar(scenario));
    return erlang.join(';') === nightjar.join(';') ? [] : [{ scenario, erlang, nightjar }];
  });
}

export function describeDifference({ scenario, erlang, nightjar }: Difference): string {
  const at = erlang.findIndex((step, index) => step !== nightjar[index]);
  const first = at === -1 ? erlang.length : at;
  return [
    `seed ${scenario.seed}: ${JSON.stringify(scenario)}`,
    `  both      ${erlang.slice(0, first).join('; ')}`,
    `  erlang    ${erlang.slice(first).join('; ')}`,
    `  nightjar  ${nightjar.slice(first).join('; ')}`,
  ].join('\n');
}

/**
 * OTP ends the instances of a dynamic supervisor in the order of its process table and reports their failures by reason,
 * not one by one: both have no order to compare.
 */
function normalise(scenario: Scenario, steps: readonly string[]): readonly string[] {
  if (scenario.strategy !== 'dynamic') return steps;
  const sorted: string[] = [];
  let run: string[] = [];
  const close = () => {
    sorted.push(...new Set(run.sort()));
    run = [];
  };
  for (const step of steps) {
    if (/^(ask|kill|report shutdown_error) /.test(step)) {
      run.push(step.replace(/^report shutdown_error \S+/, 'report shutdown_error *'));
      continue;
    }
    close();
    sorted.push(step.startsWith('which ') ? `which ${step.slice(6).split(',').sort().join(',')}` : step);
  }
  close();
  return sorted;
}
