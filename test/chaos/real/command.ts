import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type ChaosReport, runChaosReal } from './harness.ts';
import { planFaults } from './plan.ts';

const USAGE = 'npm run chaos -- --real --seed N --minutes M [--mode safety|liveness] [--patience F] [--keep]';

/**
 * `--real`: real processes, threads, signals and a disk that is full, against one running system. The seed fixes the
 * faults, not what they hit; the invariants and `replay --verify` judge.
 *
 * @param args  without `--real`
 * @returns     exit code: 0 all held, 1 something did not, 2 usage
 */
export async function runReal(args: readonly string[]): Promise<number> {
  const asked = readArguments(args);
  if (typeof asked === 'string') {
    console.error(`${asked}\n  ${USAGE}`);
    return 2;
  }
  const { seed, minutes, mode, patience, keep } = asked;
  const interrupted = new AbortController();
  const onSignal = () => {
    console.log('interrupted: ending every process');
    interrupted.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    console.log(`real chaos  seed ${seed}  ${minutes} min  mode ${mode}`);
    const report = await runChaosReal({
      ...{ seed, mode, patience, faults: planFaults(seed), durationMs: minutes * 60_000 },
      say: (line) => console.log(line),
      signal: interrupted.signal,
    });
    // What was under way still waits for its moment, on a system that is gone.
    if (interrupted.signal.aborted) process.exit(1);
    const all = report.problems.length === 0;
    const dataDir = resolve(report.runDir, '..', '..');
    if (all && !keep) rmSync(dataDir, { recursive: true, force: true });
    console.log(reportText(report, existsSync(report.runDir)));
    return report.problems.length === 0 ? 0 : 1;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

interface Asked {
  readonly seed: number;
  readonly minutes: number;
  readonly mode: 'safety' | 'liveness';
  readonly patience: number;
  /** The run's folder stays also when all held. */
  readonly keep: boolean;
}

/** @returns what was asked for, or what is wrong with it */
export function readArguments(args: readonly string[]): Asked | string {
  let values: Record<string, string | undefined>;
  let keep = false;
  try {
    const options = {
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '5' },
      mode: { type: 'string', default: 'liveness' },
      patience: { type: 'string', default: '1' },
      keep: { type: 'boolean', default: false },
    } as const;
    ({ keep, ...values } = parseArgs({ args: [...args], options }).values);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { seed, minutes, mode, patience } = values;
  if (process.platform !== 'linux') return '--real reads /proc and limits files with prlimit: it runs on Linux only';
  if (!/^\d+$/.test(seed ?? '')) return `--seed "${seed}": give a whole number, like --seed 1`;
  if (!(Number(minutes) > 0)) return `--minutes "${minutes}": give a number above 0, like --minutes 5`;
  if (mode !== 'safety' && mode !== 'liveness') return `--mode "${mode}": give safety or liveness`;
  if (!(Number(patience) >= 1))
    return `--patience "${patience}": give 1 or more, like --patience 3 on a loaded machine`;
  return { seed: Number(seed), minutes: Number(minutes), mode, patience: Number(patience), keep };
}

/** @param isKept  the run's folder is still there to be looked at */
export function reportText(report: ChaosReport, isKept = true): string {
  const { faults, coreDeaths, childRestarts, trades, readyMs, looks, checks, liveness, problems, runDir } = report;
  const sorted = readyMs.toSorted((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? '–';
  const kinds = Object.entries(faults).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `faults      ${kinds.map(([kind, times]) => `${kind} ${times}`).join(' · ') || 'none'}`,
    `restarts    core ${coreDeaths}, its children ${childRestarts}; trades meanwhile ${trades}`,
    `ready       p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms after a core's death (${sorted.length})`,
    ...(liveness === null
      ? []
      : [
          `liveness    ${liveness.openAtEnd} orders open when the faults stopped; flat and reconciled after ${(liveness.flatMs / 1000).toFixed(1)} s, traded again after ${(liveness.tradeMs / 1000).toFixed(1)} s`,
        ]),
    `invariants  ${checks.length} checked (${checks.join(' · ')}); counters looked at ${looks} times`,
    ...problems.map((problem) => `BROKEN      ${problem}`),
    `${problems.length === 0 ? 'all held' : `${problems.length} problems`}${isKept ? `  ${runDir}` : ''}`,
  ].join('\n');
}
