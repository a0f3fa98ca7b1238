import { join } from 'node:path';
import { recoverState } from '../src/core/recovery/recoverState.ts';
import { verifyRun } from '../src/core/verifyRun.ts';
import { createRandom } from '../src/domain/random.ts';
import { openJournalReader } from '../src/journal/journalReader.ts';
import { brokenBooks, readVenues, type VenueState } from './killPointBooks.ts';
import {
  brokenSums,
  newDataDir,
  nightjar,
  type RunningNightjar,
  readJson,
  type Summary,
  startNightjar,
} from './nightjarProcess.ts';

/** The guardian gives up at the fourth death within a minute. */
export const KILLS_PER_RUN = 3;
const PROJECT_ROOT = join(import.meta.dirname, '..');
/** A market that is quiet for so long is killed into all the same. */
const LONGEST_WAIT_MS = 15_000;
const LONGEST_QUIET_MS = 30_000;

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
  readonly points: readonly KillPoint[];
  /** What does not hold; empty = nothing lost, nothing doubled, nothing left over. */
  readonly problems: readonly string[];
}

/** One run whose core is killed up to three times at journal sequences drawn from the seed, then judged by the venues. */
export async function runKillPoints(seed: number, kills = KILLS_PER_RUN): Promise<KillPointRun> {
  const random = createRandom(seed).fork('killPoints');
  const dataDir = newDataDir();
  const summaryPath = join(dataDir, 'summary.json');
  const running = startNightjar(
    ...['start', '--seed', String(seed), '--port', '0', '--data', dataDir, '--summary', summaryPath],
    // The limit is for a harness that was killed itself: its run must not go on for ever.
    ...['--set', 'sim.market.episodeGapMs=2000', '--for', '5m'],
  );
  try {
    const venues = await venuesOf(running);
    const before = await readVenues(venues);
    await running.saw(/READY /);
    const { run } = readJson<{ run: string }>(join(dataDir, 'endpoint.json'));
    const runDir = join(dataDir, 'runs', run);
    const points: KillPoint[] = [];
    for (let kill = 1; kill <= kills; kill += 1) {
      const table = (['intents', 'intents', 'fills', 'inputs'] as const)[Math.floor(random.next() * 4)]!;
      const rows = 1 + Math.floor(random.next() * (table === 'inputs' ? 40 : 3));
      await rowsCame(runDir, table, rows);
      process.kill(readJson<{ corePid: number }>(join(dataDir, 'endpoint.json')).corePid, 'SIGKILL');
      const ready = await running.saw(new RegExp(`READY again, core incarnation ${kill + 1}, (\\d+) ms`));
      const difference = await running.saw(new RegExp(`RECONCILED incarnation ${kill + 1}: .*`));
      const [, fatesOpen, attemptsOpen] = /fates open (\d+) .* attempts under way (\d+)/.exec(difference)!;
      points.push({
        seed,
        trigger: `${table} +${rows}`,
        fatesOpen: Number(fatesOpen),
        attemptsOpen: Number(attemptsOpen),
        readyMs: Number(/(\d+) ms/.exec(ready)![1]),
      });
    }
    const stopped = await nightjar('ctl', 'disable_live', '--reason', 'kill points', '--data', dataDir);
    if (stopped.code !== 0) throw new Error(`ctl disable_live ended with ${stopped.code}: ${stopped.stderr}`);
    await nothingOpen(runDir);
    const after: VenueState = await readVenues(venues);
    running.process.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    const problems = [
      ...(code === 0 ? [] : [`start ended with ${code}: ${stderr.slice(-500)}`]),
      ...brokenBooks(runDir, before, after),
      ...brokenSums(readJson<Summary>(summaryPath)),
      ...brokenReplay(runDir, kills),
    ];
    return { points, problems: problems.map((problem) => `seed ${seed} (${runDir}): ${problem}`) };
  } finally {
    // Still alive only after a failure: a second signal ends it at once.
    if (running.process.exitCode === null) {
      running.process.kill('SIGTERM');
      running.process.kill('SIGTERM');
    }
  }
}

async function venuesOf(running: RunningNightjar): Promise<Readonly<Record<string, string>>> {
  await running.saw(/jupiter http:\/\/127\.0\.0\.1:\d+/);
  const found = running.output().matchAll(/(binance|okx|bybit|jupiter) (http:\/\/127\.0\.0\.1:\d+)/g);
  return Object.fromEntries([...found].map(([, venue, rest]) => [venue!, rest!]));
}

/** Reads beside the writer, as often as it can: the kill has to fall into the moment. */
async function rowsCame(runDir: string, table: 'intents' | 'fills' | 'inputs', count: number): Promise<void> {
  await holds(LONGEST_WAIT_MS, runDir, (reader, first) => reader.lastSeq()[table] >= first[table] + count);
}

async function nothingOpen(runDir: string): Promise<void> {
  const quiet = await holds(LONGEST_QUIET_MS, runDir, (reader) => {
    const { orders, bots } = recoverState(reader);
    return orders.length === 0 && Object.values(bots).every(({ attempts }) => attempts.length === 0);
  });
  if (!quiet) throw new Error(`${runDir}: orders or attempts stay open`);
}

async function holds(
  limitMs: number,
  runDir: string,
  condition: (
    reader: ReturnType<typeof openJournalReader>,
    first: Readonly<Record<string, number>> & Record<'intents' | 'fills' | 'inputs', number>,
  ) => boolean,
): Promise<boolean> {
  const reader = openJournalReader(runDir);
  const deadline = performance.now() + limitMs;
  try {
    const first = reader.lastSeq();
    while (performance.now() < deadline) {
      if (condition(reader, first)) return true;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return false;
  } finally {
    reader.close();
  }
}

function brokenReplay(runDir: string, kills: number): string[] {
  const { ok, mismatches, firstMismatches, incarnations } = verifyRun(runDir, { projectRoot: PROJECT_ROOT });
  return [
    ...(ok ? [] : [`replay differs in ${mismatches} rows: ${JSON.stringify(firstMismatches[0])}`]),
    ...(incarnations === kills + 1 ? [] : [`${incarnations} incarnations after ${kills} kills`]),
  ];
}
