import type { LatchWindow } from '../../invariants/latchWindows.ts';
import { holds } from '../../killPointMoments.ts';
import { flood } from './flood.ts';
import { BOTS, type Fault } from './plan.ts';
import { trySignal } from './processes.ts';
import type { World } from './world.ts';

/** The guardian ends a core that is silent for 2 s; a loaded machine notices later. */
const HANG_NOTICED_MS = 60_000;
const JOURNAL_NOTICED_MS = 30_000;
/** Of the root supervisor: the fourth crash within 60 s ends the run, which is another test. */
const ROOT_CRASHES = 2;
const CRASH_PERIOD_MS = 65_000;
const ROOT_CHILDREN: ReadonlySet<string> = new Set(['edge', 'journal', 'gateway']);
/** Below what the journal has by then, above what latch, endpoint and the like need. */
const FULL_DISK_BYTES = 65_536;

/** What came of a fault that would have ended the run, as it must. */
export const LEFT_OUT = 'left out: one more of these would end the run, as it must';

export interface Injector {
  /** @returns what came of it, for the output */
  inject(fault: Fault): Promise<string>;
  /** When orders were forbidden, by the answers to the operator. */
  readonly windows: readonly LatchWindow[];
  /** What a fault itself has shown to be wrong. */
  readonly problems: readonly string[];
  /** False while rows may be lost with the core: counters may fall then. */
  journalIsWhole(): boolean;
}

export function createInjector(world: World): Injector {
  const { family, operator } = world;
  const windows: LatchWindow[] = [];
  const problems: string[] = [];
  let rootCrashes: { readonly core: number; readonly atMs: number }[] = [];
  let journalIsWhole = true;

  /** Dead for us, though its parent may not have buried it yet. */
  let lastKilled: number | undefined;
  const liveCore = () => world.liveCore(lastKilled);

  const killCore = async () => {
    const pid = await liveCore();
    trySignal(pid, 'SIGKILL');
    lastKilled = pid;
    return pid;
  };

  const hang = async () => {
    const pid = await liveCore();
    const noticed = world.count(/CORE SILENT/);
    trySignal(pid, 'SIGSTOP');
    const isNoticed = () => world.count(/CORE SILENT/) > noticed || !trySignal(pid, 0);
    lastKilled = pid;
    if (await holds(isNoticed, { everyMs: 20, limitMs: HANG_NOTICED_MS })) return `core ${pid} was noticed and ended`;
    problems.push(`core ${pid} was stopped, and nobody noticed for ${HANG_NOTICED_MS / 1000} s`);
    return 'not noticed';
  };

  const pauseVenues = async (forMs: number, alsoKill: boolean) => {
    const simulator = family.find(' sim --port ');
    if (simulator === undefined) throw new Error('the simulator is not among our processes');
    trySignal(simulator.pid, 'SIGSTOP');
    try {
      if (alsoKill) await pause(forMs / 2).then(killCore);
      await pause(alsoKill ? forMs / 2 : forMs);
    } finally {
      trySignal(simulator.pid, 'SIGCONT');
    }
    return `venues silent for ${forMs} ms${alsoKill ? ', core killed meanwhile' : ''}`;
  };

  const crash = async (target: string) => {
    // A child that dies while its tree still starts fails that start, and the run with it, as in OTP.
    const core = await world.readyCore();
    const nowMs = performance.now();
    if (ROOT_CHILDREN.has(target)) {
      rootCrashes = rootCrashes.filter((one) => one.core === core && nowMs - one.atMs < CRASH_PERIOD_MS);
      if (rootCrashes.length >= ROOT_CRASHES) return LEFT_OUT;
      rootCrashes.push({ core, atMs: nowMs });
    }
    return operator.tryOnce('crash', target);
  };

  const fillDisk = async (forMs: number, alsoKill: boolean) => {
    const pid = await world.readyCore();
    const noticed = world.count(/JOURNAL FAILED/);
    journalIsWhole = false;
    world.limitFiles(pid, FULL_DISK_BYTES);
    const isNoticed = () => world.count(/JOURNAL FAILED/) > noticed || !trySignal(pid, 0);
    if (!(await holds(isNoticed, { everyMs: 20, limitMs: JOURNAL_NOTICED_MS }))) {
      problems.push(`the disk of core ${pid} was full, and nobody noticed for ${JOURNAL_NOTICED_MS / 1000} s`);
    }
    await pause(forMs);
    if (alsoKill) await killCore();
    else {
      if (trySignal(pid, 0)) world.limitFiles(pid, 'unlimited');
      await operator.say('restart', 'journal');
    }
    await openPermits();
    journalIsWhole = true;
    return alsoKill ? 'noticed; core killed before the disk was free' : 'noticed; freed, journal restarted';
  };

  const openPermits = () => operator.say('enable_live');

  const hold = async (action: string, bot: string | null, forMs: number) => {
    await liveCore();
    await operator.say(action, bot ?? undefined);
    const fromMs = Date.now();
    await pause(forMs);
    const untilMs = Date.now();
    const forbids = action === 'kill' ? 'all' : 'opening';
    for (const one of bot === null ? BOTS : [bot]) windows.push({ bot: one, forbids, fromMs, untilMs });
    await operator.say('enable_live', bot ?? undefined);
    return `closed for ${untilMs - fromMs} ms, opened again`;
  };

  return {
    windows,
    problems,
    journalIsWhole: () => journalIsWhole,
    async inject(fault) {
      switch (fault.kind) {
        case 'core.kill':
          return `pid ${await killCore()}`;
        case 'core.killTwice': {
          const first = await killCore();
          const second = await liveCore();
          await pause(fault.afterMs);
          trySignal(second, 'SIGKILL');
          lastKilled = second;
          return `pids ${first} and ${second}`;
        }
        case 'core.pause': {
          const pid = await liveCore();
          trySignal(pid, 'SIGSTOP');
          await pause(fault.forMs);
          trySignal(pid, 'SIGCONT');
          return `pid ${pid}`;
        }
        case 'core.hang':
          return hang();
        case 'venues.pause':
          return pauseVenues(fault.forMs, fault.killCore);
        case 'crash':
          return crash(fault.target);
        case 'disk.full':
          return fillDisk(fault.forMs, fault.killCore);
        case 'latch.kill':
          return hold('kill', null, fault.forMs);
        case 'latch.close':
          return hold(fault.action, fault.bot, fault.forMs);
        case 'control.flood': {
          await liveCore();
          const { text, broken } = await flood(world, fault.requests);
          problems.push(...broken);
          return text;
        }
      }
    },
  };
}

/** A part of the plan, not a wait for anything. */
export const pause = (durationMs: number) => new Promise<void>((resolve) => setTimeout(resolve, durationMs));
