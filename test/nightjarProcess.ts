import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../bin/nightjar.js', import.meta.url));

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

export const newDataDir = () => mkdtempSync(join(tmpdir(), 'nightjar-'));

/** A command of the real command line, in a process of its own. */
export function nightjar(...args: readonly string[]): Promise<CommandResult> {
  return startNightjar(...args).ended;
}

export interface RunningNightjar {
  readonly process: ChildProcess;
  readonly ended: Promise<CommandResult>;
  output(): string;
  /** Resolves when a line of its output matches; rejects when it ends first. */
  saw(pattern: RegExp): Promise<string>;
}

export function startNightjar(...args: readonly string[]): RunningNightjar {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { ...process.env, NIGHTJAR_CONFIG: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const check of waiting) check();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    wake();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    wake();
  });
  const ended = new Promise<CommandResult>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr, elapsedMs: performance.now() - startedMs });
      wake();
    });
  });
  return {
    process: child,
    ended,
    output: () => stdout + stderr,
    saw: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const match = pattern.exec(stdout + stderr);
          if (match === null && child.exitCode === null) return;
          waiting.delete(check);
          if (match === null) reject(new Error(`ended without "${pattern}":\n${stdout}${stderr}`));
          else resolve(match[0]);
        };
        waiting.add(check);
        check();
      }),
  };
}

export function readJson<T>(path: string): T {
  if (!existsSync(path)) throw new Error(`${path} was not written`);
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

export interface Summary {
  readonly run: string;
  readonly ended: string;
  readonly bots: Readonly<
    Record<
      string,
      {
        readonly looks: number;
        readonly near: number;
        readonly auto: number;
        readonly go: number;
        readonly trades: number;
        readonly why: Readonly<Record<string, number>>;
        readonly ev: {
          readonly spread: number;
          readonly adverse: number;
          readonly fees: number;
          readonly slippage: number;
          readonly net: number;
        };
      }
    >
  >;
  readonly feeds: Readonly<
    Record<
      string,
      { readonly frames: number; readonly gaps: number; readonly resyncs: number; readonly crossed: number }
    >
  >;
  readonly restarts: number;
  readonly restartsByChild: Readonly<Record<string, number>>;
  readonly decisionsHash: string;
  readonly commandsHash: string;
  readonly tree: readonly unknown[];
}

/** Runs `start` to its end and reads its summary. */
export async function runStart(args: readonly string[], dataDir = newDataDir()) {
  const summaryPath = join(dataDir, 'summary.json');
  const result = await nightjar('start', '--data', dataDir, '--summary', summaryPath, '--port', '0', ...args);
  if (result.code !== 0) throw new Error(`start ended with ${result.code}:\n${result.stdout}${result.stderr}`);
  const summary = readJson<Summary>(summaryPath);
  return { result, summary, dataDir, runDir: join(dataDir, 'runs', summary.run) };
}

/** The sums that hold for every run: each look has one end, the funnel narrows, the parts of the EV add up. */
export function brokenSums(summary: Summary): string[] {
  return Object.entries(summary.bots).flatMap(([bot, { looks, near, auto, go, trades, why, ev }]) => {
    const reasons = Object.values(why).reduce((sum, count) => sum + count, 0);
    const parts = ev.spread + ev.adverse + ev.fees + ev.slippage;
    return [
      trades + reasons === looks ? '' : `${bot}: ${trades} trades + ${reasons} reasons ≠ ${looks} looks`,
      near >= auto && auto >= go ? '' : `${bot}: funnel ${near} ${auto} ${go}`,
      Math.abs(parts - ev.net) <= 1e-6 ? '' : `${bot}: parts ${parts} ≠ net ${ev.net}`,
    ].filter((problem) => problem !== '');
  });
}
