import type { ChildProcess } from 'node:child_process';
import { NightjarError } from '../domain/errors.ts';
import type { VenueEndpoints } from '../domain/ports.ts';
import { createWallClock } from '../workers/wallClock.ts';
import { ended, forkChild } from './childProcess.ts';
import { type CoreEnd, runIncarnation } from './coreIncarnation.ts';
import { type CoreStatus, type FromCore, type ToCore, WARM } from './coreMessages.ts';
import { createCoreWatchdog } from './coreWatchdog.ts';
import { createDrillPlan } from './drillPlan.ts';
import type { Guardian, GuardianEvents, GuardianPlan, GuardianResult } from './guardianTypes.ts';
import { createLatchHold } from './latchHold.ts';
import { rescueText } from './rescueOrders.ts';
import { createRescueStandby, type RescueStandby } from './rescueProcess.ts';
import { forkSim } from './simProcess.ts';
import { beginStopProof, doubtOf, type StopProof } from './stopProof.ts';

/** Restarts of a dead core that are allowed within the period; the next death ends the run in failure. */
const CORE_RESTARTS = { most: 3, withinMs: 60_000 };
const CORE_BACKOFF_MS = [100, 500, 2000];
/** Beyond the core's own 10 s for unknown orders and the shutdown budgets of its children. */
const STOP_TIMEOUT_MS = 30_000;
const VENUES_GONE = 'the embedded venues ended, and every order on them';
const HELD_TEXT = 'the closed permits are with the guardian, and the next core begins with them';

/** The parent of simulator and core: holds no keys, keeps the time, restarts a dead core, and is the only one to act on signals. */
export function startGuardian(plan: GuardianPlan, events: GuardianEvents): Guardian {
  const clock = createWallClock({ unref: true });
  const drills = createDrillPlan(plan.boot.drills);
  const hold = createLatchHold(plan.writeHeld);
  let stopRequests = 0;
  let signals = 0;
  let stopTimer: NodeJS.Timeout | null = null;
  let simDeath: string | null = null;
  let isOver = false;
  let core: ChildProcess | null = null;
  let sim: ChildProcess | null = null;
  let rescue: RescueStandby | null = null;
  let proof: StopProof | null = null;
  let forTimer: NodeJS.Timeout | null = null;
  let lastOpenOrders = 0;
  /** Kept from the first core on: whoever knows the address reaches the next core too, should no file tell of it. */
  let { port } = plan.boot;
  let forceEnd: (result: GuardianResult) => void = () => {};
  let wakeBackoff: () => void = () => {};
  const statuses: CoreStatus[] = [];
  const deaths: number[] = [];
  const result = (ended: GuardianResult['ended'], message: string): GuardianResult => ({
    ended,
    message,
    statuses,
    coreDeaths: deaths.length,
  });

  const askToStop = (reason: string) => {
    stopRequests += 1;
    if (stopRequests > 1) return;
    if (core?.connected) core.send({ type: 'stop', reason } satisfies ToCore);
    if (rescue !== null && simDeath === null) proof = beginStopProof(rescue);
    wakeBackoff();
    // The core resolves what is open within its own time; beyond it nothing may keep the guardian waiting.
    stopTimer = setTimeout(() => core?.kill('SIGKILL'), STOP_TIMEOUT_MS);
  };
  const stop = (reason: string) => {
    signals += 1;
    if (signals === 1) return askToStop(reason);
    events.forced(lastOpenOrders);
    // Nobody is asked any more: whoever could answer ends with us.
    forceEnd(result('unknown', sim === null ? 'forced to end' : `forced to end; ${VENUES_GONE}`));
  };

  const runCore = async (
    child: ChildProcess,
    incarnation: number,
    endpoints: VenueEndpoints | null,
    diedAtMs: number | null,
  ): Promise<CoreEnd> => {
    core = child;
    const watchdog = createCoreWatchdog(clock, {
      isKilled: () => hold.isKilled() || plan.isKilled(),
      onUneasy: () => rescue?.prepare(),
      onSilent(silentMs) {
        events.notice(`CORE SILENT for ${silentMs / 1000} s: it spins or hangs, and is ended (SIGKILL)`);
        child.kill('SIGKILL');
      },
    });
    // A virtual run computes as fast as it can and lets nobody in between.
    if (plan.boot.clock === 'virtual') watchdog.stop();
    events.incarnationStarted(incarnation);
    // The disk may have room by now; else the next core begins with what is held, and tries on.
    hold.settle();
    const boot = {
      ...plan.boot,
      incarnation,
      endpoints,
      port,
      drills: drills.left(performance.now()),
      held: hold.held(),
    };
    const over = runIncarnation(
      child,
      boot,
      watchdog,
      hold,
      (message: FromCore) => {
        if (message.type === 'drilled') drills.drilled(message.id);
        else if (message.type === 'notice') events.notice(message.line);
        else if (message.type === 'progress') events.progress(message.doneMs, message.totalMs);
        else if (message.type === 'stopped') lastOpenOrders = message.openOrders;
        else if (message.type === 'status') {
          lastOpenOrders = message.status.openOrders;
          events.status(message.status);
        } else if (message.type === 'listening') {
          port = Number(new URL(message.address).port);
          events.listening(message.address, child.pid ?? 0, incarnation);
        } else if (message.type === 'ready') {
          events.ready(incarnation, diedAtMs === null ? null : performance.now() - diedAtMs);
          // Loaded by now, the rescue costs the next restart its questions to the venues alone.
          rescue?.prepare();
          // Not a signal: the first Ctrl-C after it is still the first.
          if (plan.forMs !== null) forTimer ??= setTimeout(() => askToStop('the time of --for is over'), plan.forMs);
        }
      },
      clock,
    );
    if (stopRequests > 0 && child.connected)
      child.send({ type: 'stop', reason: 'stopped while starting' } satisfies ToCore);
    const end = await over;
    if (end.status !== null) statuses.push(end.status);
    core = null;
    return end;
  };

  const forkCore = () => forkChild(plan.coreEntry, plan.boot.clock === 'wall' ? [WARM] : [], 'inherit', ['pipe']);

  const startSim = async (): Promise<VenueEndpoints | null> => {
    if (plan.sim === null) return null;
    const started = forkSim(plan.sim);
    sim = started.process;
    const endpoints = await started.ready;
    events.simReady(endpoints);
    sim.once('exit', (code, signal) => {
      if (isOver) return;
      // Its market and accounts are gone with it: a new one would be another world.
      simDeath = `the simulator died (${signal ?? `code ${code}`}): the run cannot go on without its venues`;
      events.notice(`SIMULATOR DIED (${signal ?? `code ${code}`}): stopping`);
      askToStop('the simulator died');
    });
    return endpoints;
  };

  /** Cancels what is ours after the death of a core. @returns what is not proven gone; null = nothing */
  const runRescue = async (): Promise<string | null> => {
    if (rescue === null || isOver || simDeath !== null) return null;
    const report = await rescue.go();
    // Forced meanwhile: the venues went while they were asked, which is no news of theirs.
    if (isOver) return null;
    events.notice(rescueText(report));
    return doubtOf(report);
  };
  /** The same after a core's own last words: a stop that was asked for has begun its proof already. */
  const lastLook = async (): Promise<string | null> => {
    if (proof === null || simDeath !== null) return runRescue();
    const { line, doubt } = await proof.finish();
    if (isOver) return null;
    events.notice(line);
    return doubt;
  };
  /** Nothing starts again by itself: what is ours is cancelled, the permits are closed, and somebody has to look. */
  const halt = async (reason: string, rescued: Promise<string | null>): Promise<GuardianResult> => {
    const doubt = await rescued;
    const closed = events.halted(reason);
    return result('failed', [`halted: ${reason}`, closed, ...(doubt === null ? [] : [doubt])].join('; '));
  };
  /** The result when the run ends with this core; null when another is to follow. */
  const resultOf = async ({ stopped, failed }: CoreEnd): Promise<GuardianResult | null> => {
    if (simDeath !== null)
      return result('failed', [simDeath, ...(failed === null ? [] : [failed.message]), VENUES_GONE].join('; '));
    if (failed !== null) {
      const doubt = await lastLook();
      const message = `${failed.code}: ${failed.message}`;
      return doubt === null ? result('failed', message) : result('unknown', `${message}; ${doubt}`);
    }
    if (stopped === null) return null;
    if (stopped.escalated) {
      const reason = 'the supervision tree gave up: see the crashes above, or log.jsonl in the run folder';
      return halt(reason, lastLook());
    }
    const doubt = proof === null ? null : await lastLook();
    const doubts = [
      ...(stopped.clean ? [] : [`stopped with ${stopped.openOrders} orders whose outcome is unknown`]),
      ...(doubt === null ? [] : [doubt]),
    ];
    return doubts.length === 0 ? result('clean', 'stopped') : result('unknown', doubts.join('; '));
  };

  const run = async (): Promise<GuardianResult> => {
    const endpoints = await startSim();
    if (plan.rescue !== null && endpoints !== null) rescue = createRescueStandby(plan.rescue, endpoints);
    let child = forkCore();
    let diedAtMs: number | null = null;
    for (let incarnation = 1; ; incarnation += 1) {
      const end = await runCore(child, incarnation, endpoints, diedAtMs);
      const outcome = await resultOf(end);
      if (outcome !== null) return outcome;
      const nowMs = performance.now();
      deaths.push(nowMs);
      const unwritten = hold.settle();
      if (unwritten !== null) events.notice(`HELD      the latch file cannot be written (${unwritten}): ${HELD_TEXT}`);
      diedAtMs = nowMs;
      const { most, withinMs } = plan.coreRestarts ?? CORE_RESTARTS;
      const recent = deaths.filter((atMs) => nowMs - atMs <= withinMs).length;
      const rescued = runRescue();
      if (stopRequests > 0) {
        await rescued;
        return result('unknown', `the core died while stopping (${end.how})`);
      }
      if (recent > most) {
        return halt(`the core died ${recent} times within ${withinMs / 1000} s (last: ${end.how})`, rescued);
      }
      const backoffMs = CORE_BACKOFF_MS[recent - 1] ?? CORE_BACKOFF_MS.at(-1)!;
      events.notice(`CORE DIED (${end.how}); incarnation ${incarnation + 1} starts in ${backoffMs} ms`);
      // The next process loads its code meanwhile; what it is to be it hears when the rescue is over.
      child = forkCore();
      core = child;
      const backoff = new Promise<void>((resolve) => {
        wakeBackoff = resolve;
        setTimeout(resolve, backoffMs);
      });
      await Promise.all([backoff, rescued]);
      if (stopRequests > 0) return result('unknown', `the core had died (${end.how}) when the stop came`);
    }
  };

  /** Nobody holds anything after this: a closure that is in no file now is lost, and said. */
  const settleAtEnd = (outcome: GuardianResult): GuardianResult => {
    const held = hold.held();
    const unwritten = hold.settle();
    if (unwritten === null) return outcome;
    const remedy = `the next start would find permits open: free the disk and put this into the latch file of the data directory: ${JSON.stringify(held)}`;
    const message = `${outcome.message}; closed permits are NOT on disk (${unwritten}), ${remedy}`;
    return { ...outcome, message, ended: 'failed' };
  };

  const forced = new Promise<GuardianResult>((resolve) => {
    forceEnd = resolve;
  });
  const over = Promise.race([run(), forced])
    .catch((error) => {
      const message = error instanceof NightjarError ? `${error.code}: ${error.message}` : String(error);
      return result('failed', message);
    })
    .then(async (outcome) => {
      isOver = true;
      if (forTimer !== null) clearTimeout(forTimer);
      if (stopTimer !== null) clearTimeout(stopTimer);
      rescue?.dismiss();
      // Closing the channel ends a child that still listens; whoever does not is killed.
      if (core?.connected) core.disconnect();
      sim?.kill('SIGTERM');
      const graceMs = outcome.ended === 'clean' ? STOP_TIMEOUT_MS : 1000;
      await Promise.all([core, sim].map((child) => (child === null ? null : ended(child, graceMs))));
      return settleAtEnd(outcome);
    });
  return { result: over, stop };
}
