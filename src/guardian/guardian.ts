import type { ChildProcess } from 'node:child_process';
import { NightjarError } from '../domain/errors.ts';
import type { VenueEndpoints } from '../domain/ports.ts';
import { createWallClock } from '../workers/wallClock.ts';
import { ended, firstMessage, forkChild } from './childProcess.ts';
import type { CoreBoot, CoreStatus, FromCore, ToCore } from './coreMessages.ts';
import { createCoreWatchdog } from './coreWatchdog.ts';
import { type RescuePlan, runRescue } from './rescueProcess.ts';

/** Restarts of a dead core that are allowed within the period; the next death ends the run in failure. */
const CORE_RESTARTS = 3;
const CORE_PERIOD_MS = 60_000;
const CORE_BACKOFF_MS = [100, 500, 2000];
const READY_TIMEOUT_MS = 30_000;
/** Beyond the core's own 10 s for unknown orders and the shutdown budgets of its children. */
const STOP_TIMEOUT_MS = 30_000;

export interface GuardianPlan {
  readonly coreEntry: string;
  /** How the simulator is started; null when the venues are not embedded or the clock is virtual. */
  readonly sim: { readonly entry: string; readonly args: readonly string[] } | null;
  /** Who cancels what is ours at the venues after the death of a core; null where no order can be open. */
  readonly rescue: RescuePlan | null;
  /** Boot data but for what the guardian fills in. */
  readonly boot: Omit<CoreBoot, 'incarnation' | 'endpoints'>;
  /** Bounded run on the wall clock, ms from the first readiness, counted over restarts. */
  readonly forMs: number | null;
}

export interface GuardianEvents {
  simReady(endpoints: VenueEndpoints): void;
  incarnationStarted(incarnation: number): void;
  listening(address: string, corePid: number, incarnation: number): void;
  /** @param sinceDeathMs from the death of the core before it; null for the first */
  ready(incarnation: number, sinceDeathMs: number | null): void;
  notice(line: string): void;
  status(status: CoreStatus): void;
  progress(doneMs: number, totalMs: number): void;
  /** Second request to stop: what stays open. */
  forced(openOrders: number): void;
}

export interface GuardianResult {
  /** clean: stopped as asked, nothing open. unknown: stopped, but orders may be open. failed: could not go on. */
  readonly ended: 'clean' | 'unknown' | 'failed';
  readonly message: string;
  /** Last status of each incarnation, in order. */
  readonly statuses: readonly CoreStatus[];
  readonly coreDeaths: number;
}

export interface Guardian {
  readonly result: Promise<GuardianResult>;
  /** First call: orderly stop. Second: everything ends now. */
  stop(reason: string): void;
}

/** The parent of simulator and core: holds no keys, keeps the time, restarts a dead core, and is the only one to act on signals. */
export function startGuardian(plan: GuardianPlan, events: GuardianEvents): Guardian {
  const clock = createWallClock({ unref: true });
  let stopRequests = 0;
  let signals = 0;
  let stopTimer: NodeJS.Timeout | null = null;
  let simDeath: string | null = null;
  let isOver = false;
  let core: ChildProcess | null = null;
  let sim: ChildProcess | null = null;
  let forTimer: NodeJS.Timeout | null = null;
  let lastOpenOrders = 0;
  let forceEnd: (result: GuardianResult) => void = () => {};
  let wakeBackoff: () => void = () => {};
  const statuses: CoreStatus[] = [];
  const deaths: number[] = [];

  const askToStop = (reason: string) => {
    stopRequests += 1;
    if (stopRequests > 1) return;
    if (core?.connected) core.send({ type: 'stop', reason } satisfies ToCore);
    wakeBackoff();
    // The core resolves what is open within its own time; beyond it nothing may keep the guardian waiting.
    stopTimer = setTimeout(() => core?.kill('SIGKILL'), STOP_TIMEOUT_MS);
  };
  // Not a signal: the first Ctrl-C after it is still the first.
  const timeIsOver = () => askToStop('the time of --for is over');
  const stop = (reason: string) => {
    signals += 1;
    if (signals === 1) {
      askToStop(reason);
      return;
    }
    events.forced(lastOpenOrders);
    forceEnd({ ended: 'unknown', message: 'forced to end', statuses, coreDeaths: deaths.length });
  };

  const runCore = async (
    child: ChildProcess,
    incarnation: number,
    endpoints: VenueEndpoints | null,
    diedAtMs: number | null,
  ) => {
    core = child;
    const watchdog = createCoreWatchdog(clock, (silentMs) => {
      events.notice(`CORE SILENT for ${silentMs / 1000} s: it spins or hangs, and is ended (SIGKILL)`);
      child.kill('SIGKILL');
    });
    // A virtual run computes as fast as it can and lets nobody in between.
    if (plan.boot.clock === 'virtual') watchdog.stop();
    events.incarnationStarted(incarnation);
    let stopped: Extract<FromCore, { type: 'stopped' }> | null = null;
    let failed: Extract<FromCore, { type: 'failed' }> | null = null;
    let latest: CoreStatus | null = null;
    const exited = new Promise<string>((resolve) => {
      // It may have died while it waited for its boot data.
      if (child.exitCode !== null || child.signalCode !== null) resolve(child.signalCode ?? `code ${child.exitCode}`);
      child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
    });
    child.on('message', (raw) => {
      const message = raw as FromCore;
      if (message.type === 'beat') watchdog.beat();
      else if (message.type === 'notice') events.notice(message.line);
      else if (message.type === 'progress') events.progress(message.doneMs, message.totalMs);
      else if (message.type === 'stopped') {
        stopped = message;
        watchdog.stop();
        lastOpenOrders = message.openOrders;
      } else if (message.type === 'failed') failed = message;
      else if (message.type === 'status') {
        latest = message.status;
        lastOpenOrders = message.status.openOrders;
        events.status(message.status);
      } else if (message.type === 'listening') {
        events.listening(message.address, child.pid ?? 0, incarnation);
      } else if (message.type === 'ready') {
        events.ready(incarnation, diedAtMs === null ? null : performance.now() - diedAtMs);
        if (plan.forMs !== null) forTimer ??= setTimeout(timeIsOver, plan.forMs);
      }
    });
    if (child.connected) {
      child.send({ type: 'boot', boot: { ...plan.boot, incarnation, endpoints } } satisfies ToCore);
      if (stopRequests > 0) child.send({ type: 'stop', reason: 'stopped while starting' } satisfies ToCore);
    }
    const how = await exited;
    watchdog.stop();
    if (latest !== null) statuses.push(latest);
    core = null;
    return { how, stopped, failed } as {
      how: string;
      stopped: Extract<FromCore, { type: 'stopped' }> | null;
      failed: Extract<FromCore, { type: 'failed' }> | null;
    };
  };

  const rescue = async (endpoints: VenueEndpoints | null) => {
    if (plan.rescue !== null && endpoints !== null) events.notice(await runRescue(plan.rescue, endpoints));
  };

  const run = async (): Promise<GuardianResult> => {
    let endpoints: VenueEndpoints | null = null;
    if (plan.sim !== null) {
      // Its one line for people goes nowhere: the address arrives over IPC and is shown by the guardian's terminal.
      sim = forkChild(plan.sim.entry, plan.sim.args, 'ignore');
      endpoints = await firstMessage(sim, 'the simulator', READY_TIMEOUT_MS, (message) => {
        const ready = message as { type?: string; endpoints?: VenueEndpoints };
        return ready.type === 'ready' && ready.endpoints ? ready.endpoints : null;
      });
      events.simReady(endpoints);
      sim.once('exit', (code, signal) => {
        if (isOver) return;
        // Its market and accounts are gone with it: a new one would be another world.
        simDeath = `the simulator died (${signal ?? `code ${code}`}): the run cannot go on without its venues`;
        events.notice(`SIMULATOR DIED (${signal ?? `code ${code}`}): stopping`);
        askToStop('the simulator died');
      });
    }
    let child = forkChild(plan.coreEntry, []);
    let diedAtMs: number | null = null;
    for (let incarnation = 1; ; incarnation += 1) {
      const { how, stopped, failed } = await runCore(child, incarnation, endpoints, diedAtMs);
      const result = (ended: GuardianResult['ended'], message: string): GuardianResult => ({
        ended,
        message,
        statuses,
        coreDeaths: deaths.length,
      });
      if (failed !== null) return result('failed', `${failed.code}: ${failed.message}`);
      if (simDeath !== null) return result('failed', simDeath);
      if (stopped?.escalated) {
        await rescue(endpoints);
        return result('failed', 'the supervision tree gave up: see the crashes above, or log.jsonl in the run folder');
      }
      if (stopped !== null) {
        return stopped.clean
          ? result('clean', 'stopped')
          : result('unknown', `stopped with ${stopped.openOrders} orders whose outcome is unknown`);
      }
      const nowMs = performance.now();
      deaths.push(nowMs);
      diedAtMs = nowMs;
      const recent = deaths.filter((atMs) => nowMs - atMs <= CORE_PERIOD_MS).length;
      const rescued = rescue(endpoints);
      if (stopRequests > 0) {
        await rescued;
        return result('unknown', `the core died while stopping (${how})`);
      }
      if (recent > CORE_RESTARTS) {
        await rescued;
        return result('failed', `the core died ${recent} times within ${CORE_PERIOD_MS / 1000} s (last: ${how})`);
      }
      const backoffMs = CORE_BACKOFF_MS[recent - 1] ?? CORE_BACKOFF_MS.at(-1)!;
      events.notice(`CORE DIED (${how}); incarnation ${incarnation + 1} starts in ${backoffMs} ms`);
      // The next process loads its code meanwhile; what it is to be it hears when the rescue is over.
      child = forkChild(plan.coreEntry, []);
      core = child;
      const backoff = new Promise<void>((resolve) => {
        wakeBackoff = resolve;
        setTimeout(resolve, backoffMs);
      });
      await Promise.all([backoff, rescued]);
      if (stopRequests > 0) return result('unknown', `the core had died (${how}) when the stop came`);
    }
  };

  const forced = new Promise<GuardianResult>((resolve) => {
    forceEnd = resolve;
  });
  const result = Promise.race([run(), forced])
    .catch((error): GuardianResult => {
      const message = error instanceof NightjarError ? `${error.code}: ${error.message}` : String(error);
      return { ended: 'failed', message, statuses, coreDeaths: deaths.length };
    })
    .then(async (outcome) => {
      isOver = true;
      if (forTimer !== null) clearTimeout(forTimer);
      if (stopTimer !== null) clearTimeout(stopTimer);
      // Closing the channel ends a child that still listens; whoever does not is killed.
      if (core?.connected) core.disconnect();
      sim?.kill('SIGTERM');
      await Promise.all(
        [core, sim].map((child) =>
          child === null ? null : ended(child, outcome.ended === 'clean' ? STOP_TIMEOUT_MS : 1000),
        ),
      );
      return outcome;
    });
  return { result, stop };
}
