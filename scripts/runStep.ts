import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

/** One check: a program of `node_modules/.bin` or a script of ours, judged by its exit code. */
export interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly output: string;
}

/** Nothing here takes minutes when it works; what hangs is ended and counts as failed. */
const STEP_TIMEOUT_MS = 15 * 60_000;

/** The project's binaries first, so that a machine with an older `node` still runs these with the pinned one. */
const childEnv = (show: 'live' | 'quiet'): NodeJS.ProcessEnv => ({
  ...process.env,
  // Kept output is for reading in a log: no colours.
  ...(show === 'quiet' ? { NO_COLOR: '1' } : {}),
  PATH: `${join(process.cwd(), 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`,
});

/** @param show  `live`: straight to the terminal; `quiet`: kept, for the caller to print on failure */
export function runStep(step: Step, show: 'live' | 'quiet'): Promise<StepResult> {
  const startedAt = performance.now();
  const { promise, resolve } = Promise.withResolvers<StepResult>();
  const output: string[] = [];
  const finish = (ok: boolean) =>
    resolve({ name: step.name, ok, seconds: (performance.now() - startedAt) / 1000, output: output.join('') });

  const command = step.command === 'node' ? process.execPath : step.command;
  const child = spawn(command, step.args, {
    env: childEnv(show),
    stdio: ['ignore', show === 'live' ? 'inherit' : 'pipe', show === 'live' ? 'inherit' : 'pipe'],
  });
  const timeout = setTimeout(() => {
    output.push(`\nended after ${STEP_TIMEOUT_MS / 1000} s without a result\n`);
    child.kill('SIGKILL');
  }, STEP_TIMEOUT_MS);
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  child.once('error', (error) => {
    clearTimeout(timeout);
    output.push(`${step.command}: ${error.message}\n`);
    finish(false);
  });
  child.once('close', (code) => {
    clearTimeout(timeout);
    finish(code === 0);
  });
  return promise;
}

/** Everything that is judged without running the system. */
export const staticSteps: readonly Step[] = [
  { name: 'format and lint', command: 'biome', args: ['check', '--error-on-warnings', '.'] },
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  { name: 'import direction', command: 'node', args: ['scripts/checkImports.ts'] },
  { name: 'purity', command: 'node', args: ['scripts/checkPurity.ts'] },
  { name: 'generated documents', command: 'node', args: ['scripts/generateDocs.ts', '--check'] },
  { name: 'lockfile', command: 'node', args: ['scripts/checkLockfile.ts'] },
  { name: 'unused code', command: 'knip', args: ['--no-progress'] },
];

/** Runs the steps one after the other (two cores are enough for one) and prints a line for each. */
export async function runSteps(steps: readonly Step[]): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const step of steps) {
    const result = await runStep(step, 'quiet');
    results.push(result);
    console.log(
      `${result.ok ? 'ok    ' : 'FAILED'} ${result.name.padEnd(20)} ${result.seconds.toFixed(1).padStart(6)} s`,
    );
    if (!result.ok) console.log(result.output.trimEnd());
  }
  return results;
}
