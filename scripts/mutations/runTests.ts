import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A mutant that makes a test wait for ever is noticed too. */
const LONGEST_MS = 900_000;

let running: number | null = null;

/** Ends the run that is under way, with all that it has started. */
export function stopTests(): void {
  if (running !== null) process.kill(-running, 'SIGKILL');
}

export interface TestRun {
  readonly passed: number;
  readonly failed: number;
  /** No test ran: the file does not load. */
  readonly broken: boolean;
}

/** Runs the tests of one file whose full title matches, in the tree at `root`. */
export async function runTests(root: string, file: string, pattern: string): Promise<TestRun> {
  const report = join(root, 'mutation-report.json');
  rmSync(report, { force: true });
  const project = file.startsWith('test/') ? 'integration' : 'unit';
  const child = spawn(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      ...['run', '--project', project, file, '-t', pattern, '--reporter=json', `--outputFile=${report}`],
    ],
    { cwd: root, stdio: 'ignore', detached: true },
  );
  // The whole group: a test may have started processes of its own.
  running = child.pid ?? null;
  const timer = setTimeout(stopTests, LONGEST_MS);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  running = null;
  if (code === null) return { passed: 0, failed: 1, broken: false };
  if (!existsSync(report)) return { passed: 0, failed: 0, broken: true };
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  // An error that nobody caught fails the run, whatever its tests say.
  const failed = numFailedTests === 0 && code !== 0 ? 1 : numFailedTests;
  return { passed: numPassedTests, failed, broken: numPassedTests + numFailedTests === 0 };
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}
