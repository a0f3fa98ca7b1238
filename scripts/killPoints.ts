import { parseArgs } from 'node:util';
import { KILLS_PER_RUN, type KillPoint, type KillPointRun, runKillPoints } from '../test/killPointRun.ts';

/**
 * `npm run kill-points -- --count 500 --from 1 --jobs 2`: kills the core at that many journal points and compares with the
 * venues. Runs are numbered by their seed, ten points each; after an interruption `--from` takes up at the seed named.
 */
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '25' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
  },
});
const count = wholeNumber('--count', values.count);
const from = wholeNumber('--from', values.from);
const jobs = wholeNumber('--jobs', values.jobs);
const startedMs = performance.now();
const lastSeed = from + Math.ceil(count / KILLS_PER_RUN) - 1;
const points: KillPoint[] = [];
const runs = new Map<number, KillPointRun>();
const problems: string[] = [];
let nextSeed = from;

process.once('SIGINT', () => {
  console.log(`interrupted after ${points.length} points; go on with --from ${firstOpenSeed()}`);
  process.exit(1);
});
await Promise.all(Array.from({ length: jobs }, work));
report();

async function work(): Promise<void> {
  while (nextSeed <= lastSeed && problems.length === 0) {
    const seed = nextSeed++;
    const kills = Math.min(KILLS_PER_RUN, count - (seed - from) * KILLS_PER_RUN);
    try {
      const run = await runKillPoints(seed, kills, show);
      runs.set(seed, run);
      problems.push(...run.problems);
    } catch (error) {
      problems.push(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function show(point: KillPoint): void {
  points.push(point);
  const { seed, trigger, fatesOpen, attemptsOpen, readyMs } = point;
  const perPointS = (performance.now() - startedMs) / 1000 / points.length;
  const leftMin = ((count - points.length) * perPointS) / 60;
  console.log(
    [
      `${String(points.length).padStart(String(count).length)}/${count}  seed ${seed}  killed at ${trigger.padEnd(11)}`,
      `fates open ${fatesOpen}  attempts under way ${attemptsOpen}  ready after ${readyMs} ms`,
      `${perPointS.toFixed(1)} s per point, ${leftMin.toFixed(1)} min left`,
    ].join('  '),
  );
}

function report(): void {
  const sorted = points.map(({ readyMs }) => readyMs).sort((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
  const busy = points.filter(({ fatesOpen, attemptsOpen }) => fatesOpen + attemptsOpen > 0).length;
  const deaths = [...runs.values()].reduce((sum, run) => sum + run.deaths, 0);
  for (const problem of problems) console.error(`BROKEN ${problem}`);
  console.log(
    `${points.length} kill points (${deaths} deaths), ${busy} with orders or attempts under way: ` +
      `${problems.length === 0 ? '0 lost fills, 0 doubled orders, 0 orphans, every replay equal' : `${problems.length} problems`}`,
  );
  console.log(`restart to ready: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`);
  const tookS = (performance.now() - startedMs) / 1000;
  console.log(
    `${tookS.toFixed(0)} s, ${(tookS / points.length).toFixed(1)} s per point; next: --from ${firstOpenSeed()}`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}

/** The first run that is not proven yet. */
function firstOpenSeed(): number {
  let seed = from;
  while (runs.get(seed)?.problems.length === 0) seed += 1;
  return seed;
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`${flag} "${text}": give a whole number above 0, like ${flag} 25`);
  process.exit(2);
}
