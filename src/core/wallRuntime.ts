import type { PlainError } from '../domain/errors.ts';
import type { ExitReason } from '../domain/exitReason.ts';
import { defaultRiskLimits } from '../risk/limits.ts';
import { readFeedFigures } from '../telemetry/feedFigures.ts';
import { createSlabs, type Dimensions } from '../telemetry/slab.ts';
import { createSlabReader } from '../telemetry/slabText.ts';
import { startThreadSampler } from '../telemetry/threadSampler.ts';
import { createLatch, loadLatchWords } from '../workers/latchWords.ts';
import { actOut } from '../workers/threadDrill.ts';
import { openRateShare } from '../workers/venueBans.ts';
import { createWallClock } from '../workers/wallClock.ts';
import { createChildRunner } from './childRunner.ts';
import type { OtherCommand } from './commands.ts';
import { dimensionsOf, noticingLog } from './coreRuntime.ts';
import { coreStatus, statusView } from './coreStatus.ts';
import { createDoor, type Door } from './door.ts';
import { createJournalLink } from './journalLink.ts';
import { measureLoopDelay } from './loopDelay.ts';
import { type OverloadProbe, startOverloadProbe } from './overloadProbe.ts';
import { startHousekeeping } from './recovery/startHousekeeping.ts';
import { unrecordedEnd } from './unrecordedEnd.ts';
import { armDrills } from './wall/drillTimers.ts';
import { edgeStarter } from './wall/edgeChild.ts';
import { gatewayStarter } from './wall/gatewayChild.ts';
import { journalStarter } from './wall/journalChild.ts';
import { laneChild } from './wall/laneChild.ts';
import { readBack } from './wall/readBack.ts';
import { createThreadLinks } from './wall/threadLinks.ts';
import { slabOf, type WallContext, type WallRuntimeInput } from './wall/wallContext.ts';

const STATUS_EVERY_MS = 1000;

/** The core on real threads and sockets: starts what the tree asks for and carries messages to and from the one door. */
export function startWallRuntime(input: WallRuntimeInput): { stop(reason: string): void } {
  const { boot, kernel, send } = input;
  const clock = createWallClock();
  const dimensions: Dimensions = dimensionsOf(kernel);
  const latch = createLatch(kernel.bots.length);
  loadLatchWords(latch, input.latch, kernel.bots);
  const notice = (text: string) => send({ type: 'notice', line: `${timeOf(clock.nowMs())} ${text}` });
  const context: WallContext = {
    input,
    clock,
    dimensions,
    slabs: createSlabs(dimensions),
    latch,
    rate: openRateShare(boot.dataDir),
    log: noticingLog(input.log, notice),
    journalLink: createJournalLink(undefined, clock, () =>
      input.log.log(
        'warn',
        'journal',
        'the journal is late: venue reports are read before their commit until the next one',
      ),
    ),
    links: createThreadLinks(),
    admit: (source, payload) => door.admit(source, payload),
    notice,
    pushView,
    endAsFailed,
    endAsStuck,
  };
  const { links, journalLink } = context;
  const sampler = startThreadSampler(slabOf(context, 'core'), dimensions, clock);
  const { lastSeq, recovered } = readBack(boot.runDir, boot.incarnation);
  const { inputsKeptDays } = (boot.settings as { readonly journal: { readonly inputsKeptDays: number } }).journal;
  startHousekeeping({ dataDir: boot.dataDir, runDir: boot.runDir, inputsKeptDays }, context.log);
  const door: Door = createDoor({
    clock,
    config: kernel,
    log: context.log,
    metrics: sampler.sink,
    lastInputSeq: lastSeq.inputs ?? 0,
    journal: journalLink.send,
    durable: journalLink.durable,
    cancel: (ref) => links.post('gateway', { type: 'cancel', ref }),
    execute,
  });

  function execute(command: OtherCommand): void {
    switch (command.type) {
      case 'child.start':
      case 'child.stop':
        runner.execute(command);
        return;
      case 'thread.drill':
        // Not before this input is done and answered: the core's own thread never comes back from it.
        if (command.thread === 'core') setImmediate(() => actOut(command.drill, () => {}));
        else runner.execute(command);
        return;
      case 'lane.send':
        lane.host.send(command.message);
        return;
      case 'order.resolve':
        links.post('gateway', { type: 'resolve', ref: command.ref, deadlineMs: command.deadlineMs });
        return;
      case 'gateway.reconcile':
        links.post('gateway', { type: 'reconcile' });
        return;
      case 'gateway.markets':
        links.post('gateway', { type: 'markets' });
        return;
      case 'latch.close':
        links.post('edge', { type: 'closePermit', bot: command.bot, reason: command.reason, by: command.by });
        return;
      case 'control.reply':
        links.post('edge', { type: 'controlReply', id: command.id, status: command.status, body: command.body });
        pushView();
        return;
      case 'exec.log':
        // The journal thread writes the line with the row that holds it.
        return;
      case 'core.ready':
        send({ type: 'ready' });
        pushView();
        drills.treeIsUp();
        watchOverload();
        return;
      case 'core.stopped':
        finish(command.clean, command.escalated);
        return;
    }
  }

  const laneId = kernel.lanes[0]!;
  const lane = laneChild(context, laneId, sampler.sink);
  const starters = {
    edge: edgeStarter(context),
    journal: journalStarter(context),
    gateway: gatewayStarter(context),
    [laneId]: lane.start,
  };
  let journalExit: ExitReason['kind'] | 'neverStarted' | null = 'neverStarted';
  const runner = createChildRunner(starters, (source, payload) => {
    if (payload.type === 'child.started' && payload.child === 'journal') journalExit = null;
    else if (payload.type === 'child.exited' && payload.child === 'journal') journalExit ??= payload.reason.kind;
    door.admit(source, payload);
  });
  const ringDepth = sampler.sink.gauge('nightjar_ring_depth');
  const reader = createSlabReader(context.slabs, dimensions);
  const status = () => coreStatus(door.view(), readFeedFigures(reader, dimensions));

  function pushView(): void {
    const { mode, env } = boot.settings as { readonly mode: string; readonly env: string };
    const about = { run: boot.run, startedAtMs: input.startedAtMs, corePid: process.pid, mode, env };
    const view = statusView(door.view(), { ...about, atMs: clock.nowMs(), guardianUp: input.isGuarded() });
    links.post('edge', { type: 'view', view });
  }

  function gaugeMailboxes(): void {
    for (const { id, mailbox } of door.view().bots) {
      for (const [queue, depth] of Object.entries(mailbox)) {
        sampler.sink.gauge('nightjar_mailbox_depth', { bot: id.replace(/^bot:/, ''), queue }).set(depth);
      }
    }
  }

  function endAsFailed({ code, message }: PlainError): void {
    send({ type: 'failed', code, message });
    input.leave(1);
  }

  function endAsStuck(text: string): void {
    context.log.log('error', 'risk', `${text}: the core ends, so that the next one has threads that work`);
    // A process waits at its exit for each of its threads, and this one would wait for ever.
    process.once('exit', () => process.kill(process.pid, 'SIGKILL'));
    input.leave(1);
  }

  function finish(clean: boolean, escalated: boolean): void {
    cancelStatus();
    send({ type: 'status', status: status() });
    // An orderly end of a run whose journal has a hole is none.
    const message = clean ? unrecordedEnd(journalLink, journalExit) : null;
    if (message !== null) send({ type: 'failed', code: 'journal.failed', message });
    else send({ type: 'stopped', clean, escalated, openOrders: door.view().openOrders });
    overload?.stop();
    loopDelay[Symbol.dispose]();
    sampler[Symbol.dispose]();
    void lane.host.close().then(() => input.leave(0));
  }

  const loopDelay = measureLoopDelay();
  let overload: OverloadProbe | null = null;
  /** Not before the tree is up: loading it is late by nature. */
  function watchOverload(): void {
    const { maxLoopDelayMs, maxJournalLagMs } = kernel.limits ?? defaultRiskLimits;
    loopDelay.p99Ms();
    overload ??= startOverloadProbe({
      clock,
      figures: {
        event_loop: loopDelay.p99Ms,
        journal: () => clock.nowMs() - (journalLink.oldestWaitingMs() ?? clock.nowMs()),
      },
      limitsMs: { event_loop: maxLoopDelayMs, journal: maxJournalLagMs },
      admit: (payload) => door.admit('overload', payload),
    });
  }

  const cancelStatus = clock.every(STATUS_EVERY_MS, () => {
    ringDepth.set(lane.host.ringDepth());
    gaugeMailboxes();
    pushView();
    send({ type: 'status', status: status() });
  });
  const drills = armDrills(clock, boot.drills, (message, { id }) => {
    send({ type: 'drilled', id });
    door.admit('drill', { type: 'control', message });
  });
  door.admit('core', {
    type: 'core.started',
    incarnation: boot.incarnation,
    latch: input.latch,
    lastSeq,
    ...(recovered === null ? {} : { recovered }),
  });
  return { stop: (reason) => door.admit('guardian', { type: 'core.stopping', reason }) };
}

const timeOf = (atMs: number) => new Date(atMs).toISOString().slice(11, 19);
