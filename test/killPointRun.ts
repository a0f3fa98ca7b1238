import { join } from 'node:path';
import { connectToSystem } from '../src/cli/client.ts';
import { createRandom } from '../src/domain/random.ts';
import { openJournalReader } from '../src/journal/journalReader.ts';
import { judge } from './chaos/real/judge.ts';
import { readVenues, venuesOf } from './killPointBooks.ts';
import { BUSY_MARKET } from './killPointMarket.ts';
import { holds, nothingOpen, rowsCame } from './killPointMoments.ts';
import { newDataDir, type RunningNightjar, readJson, startNightjar } from './nightjarProcess.ts';

/** Starting and ending a run costs as much as two kills. */
export const KILLS_PER_RUN = 10;
/** Which rows a kill waits for; `recovery` kills the core that follows as well, while or just after it recovers. */
const TRIGGERS = ['intents', 'intents', 'fills', 'reports', 'inputs', 'recovery'] as const;
const MOST_ROWS = { intents: 3, fills: 3, reports: 3, inputs: 40, recovery: 12 } as const;
const LONGEST_RESTART_MS = 60_000;

export interface KillPoint {
  readonly seed: number;
  /** Journal table and how many of its rows after the last restart were waited for. */
  readonly trigger: string;
  /** Orders whose fate was open at the death, and attempts under way. */
  readonly fatesOpen: number;
  readonly attemptsOpen: number;
  readonly readyMs: number;
}

export interface KillPointRun {
  readonly seed: number;
  readonly runDir: string;
  readonly deaths: number;
  readonly points: readonly KillPoint[];
  /** What does not hold; empty = nothing lost, nothing doubled, nothing left over. */
  readonly problems: readonly string[];
}

/**
 * One run whose core is killed again and again at journal sequences drawn from the seed, then judged by every
 * invariant against the venues' own books, by `journal verify` and by `replay --verify`.
 *
 * @param onPoint  after each restart
 */
export async function runKillPoints(
  seed: number,
  kills = KILLS_PER_RUN,
  onPoint: (point: KillPoint) => void = () => {},
): Promise<KillPointRun> {
  const dataDir = newDataDir();
  const running = startNightjar(
    ...['start', '--seed', String(seed), '--port', '0', '--data', dataDir],
    // The first limit is for a harness that was killed itself: its run must not go on for ever. The second lets one run
    // serve for many deaths.
    ...['--summary', join(dataDir, 'summary.json'), '--for', '10m', '--core-restarts', '2/1s', ...BUSY_MARKET],
  );
  try {
    const venues = await venuesOf(running);
    const before = await readVenues(venues);
    await running.saw(/READY /);
    const { run } = readJson<{ run: string }>(join(dataDir, 'endpoint.json'));
    const runDir = join(dataDir, 'runs', run);
    const { points, deaths } = await killAll({ running, dataDir, runDir, seed, kills, onPoint });
    const stopped = await connectToSystem(dataDir).call('POST', '/control', 'operate', {
      ...{ id: `kill-points/${seed}`, action: 'disable_live', reason: 'kill points' },
    });
    if (stopped.status !== 200) throw new Error(`disable_live answered ${stopped.status}`);
    if (!(await nothingOpen(runDir))) throw new Error(`${runDir}: orders or attempts stay open`);
    const after = await readVenues(venues);
    running.process.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    const problems = [
      ...(code === 0 ? [] : [`start ended with ${code}: ${stderr.slice(-500)}`]),
      ...(await judge({ dataDir, runDir, before, after, windows: [] })).problems,
      ...brokenCount(runDir, deaths),
    ];
    return { seed, runDir, deaths, points, problems: problems.map((what) => `seed ${seed} (${runDir}): ${what}`) };
  } finally {
    // Still alive only after a failure: a second signal ends it at once.
    if (running.process.exitCode === null) {
      running.process.kill('SIGTERM');
      running.process.kill('SIGTERM');
    }
  }
}

interface Killing {
  readonly running: RunningNightjar;
  readonly dataDir: string;
  readonly runDir: string;
  readonly seed: number;
  readonly kills: number;
  onPoint(point: KillPoint): void;
}

async function killAll(task: Killing): Promise<{ points: KillPoint[]; deaths: number }> {
  const { running, runDir, seed } = task;
  const random = createRandom(seed).fork('killPoints');
  const points: KillPoint[] = [];
  const corePid = () => readJson<{ corePid: number }>(join(task.dataDir, 'endpoint.json')).corePid;
  let deaths = 0;
  const killCore = () => {
    process.kill(corePid(), 'SIGKILL');
    deaths += 1;
  };
  while (points.length < task.kills) {
    const trigger = TRIGGERS[Math.floor(random.next() * TRIGGERS.length)]!;
    const rows = 1 + Math.floor(random.next() * MOST_ROWS[trigger]);
    await rowsCame(runDir, trigger === 'recovery' ? 'intents' : trigger, trigger === 'recovery' ? 1 : rows);
    const before = corePid();
    killCore();
    if (trigger === 'recovery') {
      await holds(() => corePid() !== before, { everyMs: 2, limitMs: LONGEST_RESTART_MS });
      await rowsCame(runDir, 'inputs', rows);
      killCore();
    }
    const ready = await running.saw(new RegExp(`READY again, core incarnation ${deaths + 1}, (\\d+) ms`));
    const difference = await running.saw(new RegExp(`RECONCILED incarnation ${deaths + 1}: .*`));
    const [, fatesOpen, attemptsOpen] = /fates open (\d+) .* attempts under way (\d+)/.exec(difference)!;
    const point: KillPoint = {
      seed,
      trigger: `${trigger} +${rows}`,
      fatesOpen: Number(fatesOpen),
      attemptsOpen: Number(attemptsOpen),
      readyMs: Number(/(\d+) ms/.exec(ready)![1]),
    };
    points.push(point);
    task.onPoint(point);
  }
  return { points, deaths };
}

/** Each death was followed by one core, and by no other. */
function brokenCount(runDir: string, deaths: number): string[] {
  const reader = openJournalReader(runDir);
  try {
    const cores = reader.coreStarts().length;
    return cores === deaths + 1 ? [] : [`${cores} cores after ${deaths} deaths`];
  } finally {
    reader.close();
  }
}
