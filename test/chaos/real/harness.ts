import { readVenues } from '../../killPointBooks.ts';
import { nothingOpen } from '../../killPointMoments.ts';
import { createInjector, LEFT_OUT, pause } from './inject.ts';
import { judge } from './judge.ts';
import { type Liveness, provesAlive } from './liveness.ts';
import { type Fault, faultText, type PlannedFault } from './plan.ts';
import { startWatch } from './watch.ts';
import { endWorld, startWorld, type World } from './world.ts';

export interface ChaosTask {
  readonly seed: number;
  readonly faults: Iterable<PlannedFault>;
  /** Faults for so long at most; the list may end before. */
  readonly durationMs: number;
  /** `liveness` demands progress after the faults, `safety` asks the invariants alone. */
  readonly mode: 'safety' | 'liveness';
  readonly patience: number;
  say(line: string): void;
  /** Aborted: everything is ended, nothing is judged. */
  readonly signal: AbortSignal;
}

export interface ChaosReport {
  readonly faults: Readonly<Record<string, number>>;
  readonly coreDeaths: number;
  readonly childRestarts: number;
  readonly trades: number;
  readonly readyMs: readonly number[];
  readonly looks: number;
  readonly checks: readonly string[];
  readonly liveness: Liveness | null;
  readonly problems: readonly string[];
  readonly runDir: string;
}

/** Minutes beyond the faults after which the system ends by itself, should this process be killed. */
const SPARE_MINUTES = 15;

/** One system, the faults of the plan one after another, its end, and the judgement. */
export async function runChaosReal(task: ChaosTask): Promise<ChaosReport> {
  const world = await startWorld(task.seed, Math.ceil(task.durationMs / 60_000) + SPARE_MINUTES);
  const startedMs = performance.now();
  const say = (line: string) =>
    task.say(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(7)} s  ${line}`);
  const injector = createInjector(world);
  const watch = startWatch(world, injector.journalIsWhole);
  const problems: string[] = [];
  const faults: Record<string, number> = {};
  let liveness: Liveness | null = null;
  let checks: readonly string[] = [];

  const work = async () => {
    for (const { pauseMs, fault } of task.faults) {
      await pause(pauseMs);
      if (performance.now() - startedMs >= task.durationMs) break;
      const came = await injector.inject(fault);
      say(`${faultText(fault)}: ${came}`);
      const name = came === LEFT_OUT ? 'left out' : nameOf(fault);
      faults[name] = (faults[name] ?? 0) + 1;
    }
    say('the faults stop');
    if (task.mode === 'liveness') {
      liveness = await provesAlive(world, task.patience);
      problems.push(...liveness.problems);
    }
    checks = await endAndJudge(world, injector.windows, problems);
  };
  try {
    await Promise.race([work(), interruption(task.signal)]);
  } catch (error) {
    const said = world.running.output().slice(-1500);
    problems.push(`${error instanceof Error ? error.message : String(error)}; the system's last words:\n${said}`);
  } finally {
    await watch.stop();
    const left = await endWorld(world);
    problems.push(...left.map((one) => `process ${one} did not end by itself`));
  }
  const output = world.running.output();
  return {
    faults,
    coreDeaths: world.count(/CORE DIED/),
    childRestarts: world.count(/RESTARTED /),
    trades: world.count(/ TRADE /),
    readyMs: [...output.matchAll(/READY again, core incarnation \d+, (\d+) ms/g)].map(([, ms]) => Number(ms)),
    looks: watch.looks(),
    checks: [...checks, 'counters never fall', 'every process gone'],
    liveness,
    problems: [...problems, ...injector.problems, ...watch.problems],
    runDir: world.runDir,
  };
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(new Error('interrupted'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

async function endAndJudge(
  world: World,
  windows: Parameters<typeof judge>[0]['windows'],
  problems: string[],
): Promise<readonly string[]> {
  await world.operator.say('disable_live');
  if (!(await nothingOpen(world.runDir))) problems.push('orders or attempts stay open');
  const after = await readVenues(world.venues);
  world.running.process.kill('SIGTERM');
  const { code, stderr } = await world.running.ended;
  if (code !== 0) problems.push(`start ended with ${code}: ${stderr.slice(-800)}`);
  const { dataDir, runDir, before } = world;
  const judgement = await judge({ dataDir, runDir, before, after, windows });
  problems.push(...judgement.problems);
  return judgement.checks;
}

const nameOf = (fault: Fault): string =>
  fault.kind === 'crash'
    ? `crash ${fault.target}`
    : 'killCore' in fault && fault.killCore
      ? `${fault.kind} + core.kill`
      : fault.kind;
