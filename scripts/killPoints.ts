import { parseArgs } from 'node:util';
import { KILLS_PER_RUN, type KillPoint, runKillPoints } from '../test/killPointRun.ts';

/** `npm run kill-points -- --count 500 --from 1`: kills the core at that many journal points and compares with the venues. */
const { values } = parseArgs({
  options: { count: { type: 'string', default: '25' }, from: { type: 'string', default: '1' } },
});
const count = wholeNumber('--count', values.count);
const from = wholeNumber('--from', values.from);
const points: KillPoint[] = [];
const problems: string[] = [];
for (let seed = from; points.length < count && problems.length === 0; seed += 1) {
  const run = await runKillPoints(seed, Math.min(KILLS_PER_RUN, count - points.length));
  points.push(...run.points);
  problems.push(...run.problems);
  for (const { trigger, fatesOpen, attemptsOpen, readyMs } of run.points) {
    console.log(
      `seed ${seed}  killed at ${trigger.padEnd(10)} fates open ${fatesOpen}  attempts under way ${attemptsOpen}  ready after ${readyMs} ms`,
    );
  }
}
const sorted = points.map(({ readyMs }) => readyMs).sort((a, b) => a - b);
const quantile = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
const busy = points.filter(({ fatesOpen, attemptsOpen }) => fatesOpen + attemptsOpen > 0).length;
for (const problem of problems) console.error(`BROKEN ${problem}`);
console.log(
  `${points.length} kill points, ${busy} with orders or attempts under way: ` +
    `${problems.length === 0 ? '0 lost fills, 0 doubled orders, 0 orphans, every replay equal' : `${problems.length} problems`}`,
);
console.log(`restart to ready: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`);
process.exitCode = problems.length === 0 ? 0 : 1;

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`${flag} "${text}": give a whole number above 0, like ${flag} 25`);
  process.exit(2);
}
