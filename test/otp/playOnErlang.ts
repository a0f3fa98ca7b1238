import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scenarioTerm } from './erlangTerms.ts';
import type { Scenario } from './scenario.ts';

/** Erlang's script runner; Debian has it in `erlang-base`. */
const ESCRIPT = 'escript';
const ORACLE = fileURLToPath(new URL('oracle.escript', import.meta.url));

/** Can Erlang be asked here? */
export const hasErlang = (): boolean => spawnSync(ESCRIPT, [], { stdio: 'ignore' }).error === undefined;

/**
 * What Erlang's own supervisor does in each scenario, by seed; one process runs them all.
 * @throws Error when the oracle fails, with what it said
 */
export function playOnErlang(scenarios: readonly Scenario[]): ReadonlyMap<number, readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'nightjar-otp-'));
  try {
    const file = join(folder, 'scenarios.terms');
    writeFileSync(file, `${scenarios.map(scenarioTerm).join('\n')}\n`);
    // One scheduler: what happens after something else is also seen after it.
    const env = { ...process.env, ERL_FLAGS: '+S 1:1' };
    const run = spawnSync(ESCRIPT, [ORACLE, file], { env, encoding: 'utf8', timeout: 100_000, maxBuffer: 2 ** 30 });
    if (run.status !== 0)
      throw new Error(`the oracle ended with ${run.status ?? run.signal}: ${run.stderr}${run.stdout.slice(-2000)}`);
    return new Map(
      run.stdout
        .split('\n')
        .filter((line) => line.includes('\t'))
        .map(readLine),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readLine(line: string): [number, readonly string[]] {
  const [seed, steps = ''] = line.split('\t');
  return [Number(seed), steps === '' ? [] : steps.split(';')];
}
