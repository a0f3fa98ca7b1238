import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { readVenues, type VenueState, venuesOf } from '../../killPointBooks.ts';
import { BUSY_MARKET } from '../../killPointMarket.ts';
import { holds } from '../../killPointMoments.ts';
import { newDataDir, type RunningNightjar, readJson, startNightjar } from '../../nightjarProcess.ts';
import { createOperator, type Operator } from './operator.ts';
import { Family, trySignal } from './processes.ts';

/** Of util-linux. */
const LIMITER = 'prlimit';
/** Rescue and recovery of a core, on a loaded machine. */
const RESTART_MS = 90_000;
/** The core has 10 s for orders in flight, its children their budgets, the guardian 30 s for all of it. */
const STOP_MS = 45_000;

/** A running system with all its processes, and what the venues held before it traded. */
export interface World {
  readonly running: RunningNightjar;
  readonly dataDir: string;
  readonly runDir: string;
  readonly family: Family;
  readonly operator: Operator;
  readonly venues: Readonly<Record<string, string>>;
  readonly before: VenueState;
  /** Of the core that answers, or answered last. */
  corePid(): number;
  /** Waits until a core lives that is not `otherThan`. @returns its pid */
  liveCore(otherThan?: number): Promise<number>;
  /** Waits until a core has all its children. A journal that cannot even be opened ends the run, which is another test. @returns its pid */
  readyCore(): Promise<number>;
  /** As a full disk does it, to a process that runs: no file of the core may grow past so many bytes. */
  limitFiles(pid: number, bytes: number | 'unlimited'): void;
  count(pattern: RegExp): number;
}

/**
 * @param forMinutes  the system ends by itself then, should the harness be killed
 * @throws Error when it does not start
 */
export async function startWorld(seed: number, forMinutes: number): Promise<World> {
  const dataDir = newDataDir();
  const running = startNightjar(
    ...['start', '--seed', String(seed), '--port', '0', '--data', dataDir, '--summary', join(dataDir, 'summary.json')],
    ...['--for', `${forMinutes}m`, '--core-restarts', '3/2s', ...BUSY_MARKET],
  );
  const family = new Family(running.process.pid!);
  try {
    const venues = await venuesOf(running);
    const before = await readVenues(venues);
    await running.saw(/READY /);
    const endpoint = () => readJson<{ corePid: number; run: string }>(join(dataDir, 'endpoint.json'));
    const runDir = join(dataDir, 'runs', endpoint().run);
    const corePid = () => endpoint().corePid;
    const operator = createOperator(dataDir);
    const isReady = async () => (await operator.status())?.notReady.length === 0;
    const within = async (what: string, condition: () => boolean | Promise<boolean>) => {
      if (await holds(condition, { everyMs: 20, limitMs: RESTART_MS })) return corePid();
      throw new Error(`${what} within ${RESTART_MS / 1000} s:\n${running.output().slice(-1500)}`);
    };
    return {
      ...{ running, dataDir, runDir, family, venues, before, corePid, operator },
      liveCore: (otherThan) => within('no core came', () => corePid() !== otherThan && trySignal(corePid(), 0)),
      readyCore: () => within('no core was ready', isReady),
      limitFiles: (pid, bytes) => execFileSync(LIMITER, ['--pid', String(pid), `--fsize=${bytes}:unlimited`]),
      count: (pattern) => running.output().match(new RegExp(pattern, 'g'))?.length ?? 0,
    };
  } catch (error) {
    await endWorld({ running, family });
    throw error;
  }
}

/** Ends every process of it, the stopped ones too. @returns those that did not end by themselves */
export async function endWorld({ running, family }: Pick<World, 'running' | 'family'>): Promise<readonly string[]> {
  family.signal('SIGCONT');
  trySignal(running.process.pid!, 'SIGTERM');
  const isGone = () => family.alive().length === 0;
  if (await holds(isGone, { everyMs: 50, limitMs: STOP_MS })) return [];
  const left = family.alive().map(({ pid, command }) => `${pid} ${command.slice(0, 100)}`);
  family.signal('SIGKILL');
  await holds(isGone, { everyMs: 50, limitMs: 5000 });
  return left;
}
