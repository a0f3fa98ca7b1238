import type { ChildProcess } from 'node:child_process';
import { NightjarError } from '../domain/errors.ts';
import { ended } from './childProcess.ts';
import type { ComposeCore, CoreStatus, FromCore } from './coreMessages.ts';
import { createDrillPlan } from './drillPlan.ts';
import type { Guardian, GuardianEvents, GuardianPlan, GuardianResult } from './guardianTypes.ts';
import { forkSim } from './simProcess.ts';

const SIM_GRACE_MS = 1000;

/**
 * The core in this very process, for a debugger: nobody watches over it, cancels its orders after its death, or starts it
 * again. Stops in the same order as under the guardian.
 */
export function startUnguarded(plan: GuardianPlan, composeCore: ComposeCore, events: GuardianEvents): Guardian {
  const over = Promise.withResolvers<GuardianResult>();
  const drills = createDrillPlan(plan.boot.drills);
  let latest: CoreStatus | null = null;
  let openOrders = 0;
  let failed: Extract<FromCore, { type: 'failed' }> | null = null;
  let stopped: Extract<FromCore, { type: 'stopped' }> | null = null;
  let sim: ChildProcess | null = null;
  let forTimer: NodeJS.Timeout | null = null;
  let stopCore: ((reason: string) => void) | null = null;
  let stopWanted: string | null = null;
  let requests = 0;
  let isOver = false;

  const finish = (how: GuardianResult['ended'], message: string) =>
    over.resolve({ ended: how, message, statuses: latest === null ? [] : [latest], coreDeaths: 0 });
  const askToStop = (reason: string) => {
    if (stopCore === null) stopWanted ??= reason;
    else stopCore(reason);
  };

  const heard = (message: FromCore) => {
    if (message.type === 'drilled') drills.drilled(message.id);
    else if (message.type === 'notice') events.notice(message.line);
    else if (message.type === 'progress') events.progress(message.doneMs, message.totalMs);
    else if (message.type === 'failed') failed = message;
    else if (message.type === 'stopped') stopped = message;
    else if (message.type === 'status') {
      latest = message.status;
      openOrders = message.status.openOrders;
      events.status(message.status);
    } else if (message.type === 'listening') events.listening(message.address, process.pid, 1);
    else if (message.type === 'ready') {
      events.ready(1, null);
      if (plan.forMs !== null) forTimer ??= setTimeout(() => askToStop('the time of --for is over'), plan.forMs);
    }
  };
  const left = (exitCode: 0 | 1) => {
    if (failed !== null) finish('failed', `${failed.code}: ${failed.message}`);
    else if (stopped === null || exitCode !== 0) finish('failed', 'the core ended without a word');
    else if (stopped.escalated) finish('failed', `halted: ${events.halted('the supervision tree gave up')}`);
    else if (stopped.clean) finish('clean', 'stopped');
    else finish('unknown', `stopped with ${stopped.openOrders} orders whose outcome is unknown`);
  };

  const run = async () => {
    const started = plan.sim === null ? null : forkSim(plan.sim);
    sim = started?.process ?? null;
    const endpoints = (await started?.ready) ?? null;
    if (endpoints !== null) events.simReady(endpoints);
    sim?.once('exit', (code, signal) => {
      if (isOver) return;
      events.notice(`SIMULATOR DIED (${signal ?? `code ${code}`}): stopping`);
      askToStop('the simulator died');
    });
    events.incarnationStarted(1);
    await composeCore(
      { ...plan.boot, incarnation: 1, endpoints, drills: drills.left(performance.now()) },
      {
        send: heard,
        isGuarded: () => false,
        leave: left,
        onStoppable(stop) {
          stopCore = stop;
          if (stopWanted !== null) stop(stopWanted);
        },
      },
    );
  };

  run().catch((error) =>
    finish('failed', error instanceof NightjarError ? `${error.code}: ${error.message}` : String(error)),
  );
  const result = over.promise.then(async (outcome) => {
    isOver = true;
    if (forTimer !== null) clearTimeout(forTimer);
    sim?.kill('SIGTERM');
    if (sim !== null) await ended(sim, SIM_GRACE_MS);
    return outcome;
  });
  return {
    result,
    stop(reason) {
      requests += 1;
      if (requests === 1) return askToStop(reason);
      events.forced(openOrders);
      finish('unknown', 'forced to end');
    },
  };
}
