import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runStep, runSteps, type StepResult, staticSteps } from './runStep.ts';
import { addTallies, type Tally, tallyLine, tallyOf, type VitestReport } from './testTally.ts';

/**
 * `npm test`: the static checks, the unit tests, the integration tests, and one last line that counts them all.
 * NIGHTJAR_REQUIRE_REAL=1 turns skips for a missing component into failures; recordings may always be absent.
 */
const requireReal = process.env.NIGHTJAR_REQUIRE_REAL === '1';
const reports = mkdtempSync(join(tmpdir(), 'nightjar-tests-'));

try {
  const checks = (await runSteps(staticSteps)).map(tallyOfStep);
  const unit = await runVitest('unit');
  const integration = await runVitest('integration');
  const total = addTallies([...checks, unit, integration]);
  if (total.failures.length > 0) console.log(`\nfailed:\n${total.failures.map((name) => `  ${name}`).join('\n')}`);
  console.log(`\n${tallyLine(total)}`);
  process.exitCode = total.failed === 0 ? 0 : 1;
} finally {
  rmSync(reports, { recursive: true, force: true });
}

function tallyOfStep({ name, ok }: StepResult): Tally {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, failures: ok ? [] : [`check: ${name}`] };
}

async function runVitest(project: 'unit' | 'integration'): Promise<Tally> {
  const file = join(reports, `${project}.json`);
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const { ok } = await runStep({ name: project, command: 'vitest', args }, 'live');
  if (!existsSync(file)) {
    return { passed: 0, failed: 1, skipped: 0, failures: [`${project} tests: vitest ended without a report`] };
  }
  return tallyOf(JSON.parse(readFileSync(file, 'utf8')) as VitestReport, ok, requireReal);
}
