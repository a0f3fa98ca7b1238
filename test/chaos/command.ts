import { parseArgs } from 'node:util';
import type { ChaosMode, ChaosReport } from './chaosReport.ts';
import { faultText } from './faultPlan.ts';
import { runChaos } from './runChaos.ts';
import { neverReached, type SometimesCounts, type SometimesPoint } from './sometimes.ts';

const USAGE =
  'npm run chaos -- [--seed N] [--seeds COUNT] [--minutes M] [--mode safety|liveness|both] [--nightly] [--keep]';
/** Enough to reach every declared place, at some minutes of computing. */
const NIGHTLY = { seeds: 40, minutes: 4 } as const;

/**
 * Runs the simulated harness: seed after seed, mode after mode, until one fails.
 * @returns the exit code: 1 on a broken invariant, or when a nightly set missed a declared place; 2 on bad arguments
 */
export async function runSimulated(args: readonly string[]): Promise<number> {
  const asked = readArguments(args);
  if (typeof asked === 'string') {
    console.error(`${asked}\n${USAGE}`);
    return 2;
  }
  const startedMs = performance.now();
  const reports: ChaosReport[] = [];
  for (let seed = asked.seed; seed < asked.seed + asked.seeds; seed += 1) {
    for (const mode of asked.modes) {
      const runStartedMs = performance.now();
      const report = await runChaos({ seed, mode, minutes: asked.minutes, keep: asked.keep });
      reports.push(report);
      console.log(line(report, performance.now() - runStartedMs));
      if (report.broken === null) continue;
      console.error(failure(report, asked.minutes));
      return 1;
    }
  }
  const points = sum(reports.map(({ points: reached }) => reached as Record<string, number>));
  console.log(totals(reports, points, (performance.now() - startedMs) / 1000));
  const missed = neverReached(points as SometimesCounts);
  if (!asked.nightly || missed.length === 0) return 0;
  console.error(`NEVER REACHED: ${missed.join(' · ')}`);
  return 1;
}

interface Asked {
  readonly seed: number;
  readonly seeds: number;
  readonly minutes: number;
  readonly modes: readonly ChaosMode[];
  readonly nightly: boolean;
  readonly keep: boolean;
}

function readArguments(args: readonly string[]): Asked | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string', default: '1' },
        seeds: { type: 'string' },
        minutes: { type: 'string' },
        mode: { type: 'string', default: 'both' },
        nightly: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
      },
    });
    const { mode, nightly, keep } = values;
    const seed = Number(values.seed);
    const seeds = Number(values.seeds ?? (nightly ? NIGHTLY.seeds : 1));
    const minutes = Number(values.minutes ?? (nightly ? NIGHTLY.minutes : 1));
    if (!Number.isInteger(seed) || seed < 0)
      return `--seed "${values.seed}": give a whole number from 0, like --seed 7`;
    if (!Number.isInteger(seeds) || seeds < 1)
      return `--seeds "${values.seeds}": give a whole number above 0, like --seeds 100`;
    if (!(minutes > 0 && minutes <= 600))
      return `--minutes "${values.minutes}": give virtual minutes above 0, at most 600`;
    if (mode !== 'safety' && mode !== 'liveness' && mode !== 'both')
      return `--mode "${mode}": give safety, liveness or both`;
    return { seed, seeds, minutes, modes: mode === 'both' ? ['safety', 'liveness'] : [mode], nightly, keep };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function line(report: ChaosReport, tookMs: number): string {
  const { seed, mode, broken, coreDeaths, orders, fills, checks, restMs } = report;
  const verdict = broken === null ? 'held  ' : 'BROKEN';
  const rest = restMs === null ? '' : `, at rest after ${(restMs / 1000).toFixed(1)} s`;
  return (
    `seed ${seed} ${mode.padEnd(8)} ${verdict} core deaths ${coreDeaths}, orders ${orders}, fills ${fills}, ` +
    `${checks} checks${rest} (${(report.virtualMs / 60_000).toFixed(1)} virtual minutes in ${(tookMs / 1000).toFixed(1)} s)`
  );
}

/** Everything needed to see it again. */
function failure({ seed, mode, plan, broken, runDir }: ChaosReport, minutes: number): string {
  const { invariant, detail, atMs, inputSeq } = broken!;
  return [
    'fault plan until then:',
    ...plan.filter((one) => one.atMs <= atMs).map(faultText),
    `BROKEN    ${invariant}: ${detail}`,
    `at        ${(atMs / 1000).toFixed(3)} s of virtual time, input ${inputSeq}`,
    `journal   ${runDir}`,
    `again     npm run chaos -- --seed ${seed} --minutes ${minutes} --mode ${mode}`,
    'keep it   as a line of test/chaos/regressions.ts',
  ].join('\n');
}

function totals(reports: readonly ChaosReport[], points: Readonly<Record<string, number>>, seconds: number): string {
  const faults = sum(reports.map((report) => report.faults));
  const restarts = sum(reports.map((report) => report.restarts));
  const add = (of: (report: ChaosReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  const seeds = [...new Set(reports.map(({ seed }) => seed))];
  return [
    `seeds     ${seeds[0]}${seeds.length > 1 ? ` to ${seeds.at(-1)}` : ''}`,
    `faults    ${table(faults)}`,
    `restarts  core ${add(({ coreDeaths }) => coreDeaths)}, ${table(restarts)}`,
    `orders    ${add(({ orders }) => orders)} intents, ${add(({ fills }) => fills)} fills, ${add(({ attempts }) => attempts)} attempts closed, ${add(({ unknownsResolved }) => unknownsResolved)} unknowns resolved`,
    `sometimes ${table(points as Record<SometimesPoint, number>)}`,
    `checked   invariants ${add(({ checks }) => checks)} times, 0 broken`,
    `time      ${(add(({ virtualMs }) => virtualMs) / 60_000).toFixed(1)} virtual minutes in ${seconds.toFixed(1)} s`,
  ].join('\n');
}

function sum(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const one of counts) for (const [key, value] of Object.entries(one)) total[key] = (total[key] ?? 0) + value;
  return total;
}

const table = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, count]) => `${key} ${count}`)
    .join(', ');
