import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { NightjarError, type PlainError } from '../domain/errors.ts';
import { openJournalReader } from '../journal/journalReader.ts';
import { JOURNAL_TABLES } from '../journal/rows.ts';
import { readFeedFigures } from '../telemetry/feedFigures.ts';
import { createSlabs, type Dimensions, type SlabShare } from '../telemetry/slab.ts';
import { createSlabReader } from '../telemetry/slabText.ts';
import { startThreadSampler } from '../telemetry/threadSampler.ts';
import type { EdgeBoot, FromEdge, ToEdge } from '../workers/edgeMessages.ts';
import type { FromGateway, GatewayBoot, GatewayKeys, ToGateway } from '../workers/gatewayMessages.ts';
import type { FromJournal, JournalBoot, ToJournal } from '../workers/journalMessages.ts';
import { createLaneHost } from '../workers/laneHost.ts';
import { createLatch, loadLatchWords } from '../workers/latchWords.ts';
import { createWallClock } from '../workers/wallClock.ts';
import type { ChildEvents, RunningChild, StartChild } from './childPort.ts';
import { createChildRunner } from './childRunner.ts';
import type { OtherCommand } from './commands.ts';
import { dimensionsOf, laneBots, noticingLog, type RuntimeInput } from './coreRuntime.ts';
import { coreStatus, statusView } from './coreStatus.ts';
import { createDoor, type Door } from './door.ts';
import { gatewayInput } from './gatewayInput.ts';
import { createJournalLink } from './journalLink.ts';
import type { RecoveredState } from './recovery/recoveredState.ts';
import { recoverState } from './recovery/recoverState.ts';
import { startThread } from './threadChild.ts';

const STATUS_EVERY_MS = 1000;
const LANE_STOP_GRACE_MS = 1500;

export interface WallRuntimeInput extends RuntimeInput {
  /** URL of the module that the edge thread runs: it lies above this folder. */
  readonly edgeModule: string;
  readonly gatewayKeys: GatewayKeys;
  readonly startedAtMs: number;
}

/** The core on real threads and sockets: starts what the tree asks for and carries messages to and from the one door. */
export function startWallRuntime(input: WallRuntimeInput): { stop(reason: string): void } {
  const { boot, kernel, send } = input;
  const clock = createWallClock();
  const dimensions: Dimensions = dimensionsOf(kernel);
  const slabs = createSlabs(dimensions);
  const slabOf = (thread: string): SlabShare => slabs.find((slab) => slab.thread === thread)!;
  const latch = createLatch(kernel.bots.length);
  const bots = kernel.bots.map(({ id, slot }) => ({ id, slot }));
  loadLatchWords(latch, input.latch, bots);
  const sampler = startThreadSampler(slabOf('core'), dimensions, clock);
  const log = noticingLog(input.log, (line) => send({ type: 'notice', line: `${timeOf(clock.nowMs())} ${line}` }));
  const journalLink = createJournalLink();
  const { lastSeq, recovered } = readBack(boot.runDir, boot.incarnation);

  const links: {
    edge: ((message: ToEdge) => void) | null;
    journal: ((message: ToJournal, transfer?: readonly MessagePort[]) => void) | null;
    gateway: ((message: ToGateway) => void) | null;
  } = { edge: null, journal: null, gateway: null };
  let edgePort = boot.port;
  let cancelStatus = () => {};

  const door: Door = createDoor({
    clock,
    config: kernel,
    log,
    metrics: sampler.sink,
    lastInputSeq: lastSeq.inputs ?? 0,
    journal: journalLink.send,
    execute,
  });

  function execute(command: OtherCommand): void {
    switch (command.type) {
      case 'child.start':
      case 'child.stop':
        runner.execute(command);
        return;
      case 'lane.send':
        lane.send(command.message);
        return;
      case 'order.resolve':
        links.gateway?.({ type: 'resolve', ref: command.ref, deadlineMs: command.deadlineMs });
        return;
      case 'gateway.reconcile':
        links.gateway?.({ type: 'reconcile' });
        return;
      case 'latch.close':
        links.edge?.({ type: 'closePermit', bot: command.bot, reason: command.reason, by: command.by });
        return;
      case 'control.reply':
        links.edge?.({ type: 'controlReply', id: command.id, status: command.status, body: command.body });
        pushView();
        return;
      case 'exec.log':
        journalLink.execLog(JSON.stringify(command.line));
        return;
      case 'core.ready':
        send({ type: 'ready' });
        pushView();
        return;
      case 'core.stopped':
        finish(command.clean, command.escalated);
        return;
    }
  }

  const startEdge: StartChild = (incarnation, events) => {
    const edgeBoot: EdgeBoot = {
      incarnation,
      run: boot.run,
      dataDir: boot.dataDir,
      tokensPath: join(boot.dataDir, 'tokens'),
      latchPath: join(boot.dataDir, 'latch'),
      logPath: join(boot.runDir, 'log.jsonl'),
      logLevel: boot.logLevel,
      port: edgePort,
      host: '127.0.0.1',
      latch,
      bots,
      slabs,
      dimensions,
      version: boot.version,
      codeHash: boot.codeHash,
      configHash: boot.configHash,
      env: (boot.settings as { readonly env: string }).env,
    };
    // A late end of this incarnation must not unplug its successor: each one cuts only its own link.
    const mine = (message: ToEdge) => thread.post(message);
    const thread = startThread({
      name: 'edge',
      entry: new URL('../workers/edgeEntry.ts', import.meta.url),
      workerData: { module: input.edgeModule, boot: edgeBoot },
      maxHeapMb: 256,
      onExit(reason) {
        if (links.edge === mine) links.edge = null;
        events.exited(reason);
      },
      onMessage(raw) {
        const message = raw as FromEdge;
        if (message.type === 'ready') {
          edgePort = message.port;
          links.edge = mine;
          send({ type: 'listening', address: message.address });
          events.started();
          pushView();
        } else if (message.type === 'failed') {
          // A busy port will be as busy at the next try: the operator has to choose another.
          if (message.error.code === 'port.busy')
            send({ type: 'failed', code: message.error.code, message: message.error.message });
          events.failed(message.error);
          if (message.error.code === 'port.busy') process.exit(1);
        } else if (message.type === 'control') door.admit('edge', { type: 'control', message: message.message });
        else if (message.type === 'latchChanged') {
          door.admit('edge', { type: 'latch.changed', latch: message.latch, cause: message.cause });
          send({
            type: 'notice',
            line: `${timeOf(clock.nowMs())} ${message.cause.action} ${message.cause.target ?? 'all bots'} reason=${message.cause.reason}`,
          });
        }
      },
    });
    return stoppable(thread, () => thread.post({ type: 'stop' } satisfies ToEdge));
  };

  function endAsFailed({ code, message }: PlainError): void {
    send({ type: 'failed', code, message });
    process.exitCode = 1;
    process.disconnect?.();
  }

  const startJournal: StartChild = (incarnation, events) => {
    let started = false;
    const mine = (message: ToJournal, transfer?: readonly MessagePort[]) => thread.post(message, transfer);
    const thread = startThread({
      name: 'journal',
      entry: new URL('../workers/journalEntry.ts', import.meta.url),
      workerData: {
        incarnation,
        runDir: boot.runDir,
        run: boot.run,
        statePath: join(boot.dataDir, 'state.sqlite'),
        slab: slabOf('journal').buffer,
        dimensions,
      } satisfies JournalBoot,
      maxHeapMb: 512,
      onExit(reason) {
        if (links.journal === mine) {
          links.journal = null;
          journalLink.disconnect();
        }
        events.exited(reason);
      },
      onMessage(raw) {
        const message = raw as FromJournal;
        if (message.type === 'ready') {
          started = true;
          links.journal = mine;
          journalLink.connect(mine);
          events.started();
        } else if (message.type === 'committed') journalLink.committed(message.inputSeq);
        else if (message.type === 'undelivered') {
          for (const clientOrderId of message.clientOrderIds) {
            door.admit('journal', {
              type: 'order.refused',
              clientOrderId,
              reason: journalLink.hasFailed()
                ? 'the journal has failed: what is not recorded is not sent'
                : 'no gateway was there when the intent was committed',
            });
          }
        } else if (message.type === 'failed' && started) {
          // Killing it would start it again on the same full disk, and take gateway and bots along each time: it stays,
          // gives orders back unsent and lets cancels through, until the operator restarts it.
          journalLink.fail();
          door.admit('journal', { type: 'journal.failed', error: message.error });
        } else if (message.type === 'failed') {
          log.log('error', 'risk', `the journal cannot be opened: ${message.error.message}`);
          events.failed(message.error);
          // A file that cannot be read is as unreadable at the next try: the operator has to decide about it.
          if (incarnation === 1) endAsFailed(message.error);
        }
      },
    });
    return stoppable(thread, () => thread.post({ type: 'stop' } satisfies ToJournal));
  };

  const startGateway: StartChild = (incarnation, events) => {
    if (boot.endpoints === null) throw new NightjarError('config.invalid', 'no venue endpoints were given');
    const { port1: journalEnd, port2: gatewayEnd } = new MessageChannel();
    const gatewayBoot: GatewayBoot = {
      incarnation,
      endpoints: boot.endpoints,
      mode: 'live',
      env: 'sim',
      pairs: [...new Set(kernel.bots.map(({ pair }) => pair))],
      latch,
      slab: slabOf('gateway').buffer,
      dimensions,
      keys: input.gatewayKeys,
    };
    const mine = (message: ToGateway) => thread.post(message);
    const thread = startThread({
      name: 'gateway',
      entry: new URL('../workers/gatewayEntry.ts', import.meta.url),
      workerData: gatewayBoot,
      maxHeapMb: 512,
      onExit(reason) {
        if (links.gateway === mine) links.gateway = null;
        events.exited(reason);
      },
      onMessage(raw) {
        const message = raw as FromGateway;
        if (message.type === 'ready') {
          links.gateway = mine;
          events.started();
        } else if (message.type === 'failed') events.failed(message.error);
        const heard = gatewayInput(message);
        if (heard !== null) door.admit('gateway', heard);
      },
    });
    // The one link over which intents reach the gateway, made anew for each incarnation: journal → gateway.
    thread.post({ type: 'journalPort', port: gatewayEnd } satisfies ToGateway, [gatewayEnd]);
    links.journal?.({ type: 'gatewayPort', port: journalEnd } satisfies ToJournal, [journalEnd]);
    return stoppable(thread, () => thread.post({ type: 'stop' } satisfies ToGateway));
  };

  const hop = sampler.sink.histogram('nightjar_thread_hop_seconds');
  const ringDepth = sampler.sink.gauge('nightjar_ring_depth');
  let laneEvents: ChildEvents | null = null;
  const laneId = kernel.lanes[0]!;
  const lane = createLaneHost({
    clock,
    slab: slabOf(laneId),
    dimensions,
    onEvaluation(evaluation) {
      if (evaluation.evaluatedAtMs !== null) hop.observe(Math.max(0, clock.nowMs() - evaluation.evaluatedAtMs) / 1000);
      door.admit(laneId, { type: 'signal.arb', lane: laneId, evaluation });
    },
    onMessage(message) {
      if (message.type === 'log') log.log(message.level, message.channel, message.message, message.fields);
    },
    onExit: (reason) => laneEvents?.exited(reason),
  });
  const startLane: StartChild = (incarnation, events): RunningChild => {
    if (boot.endpoints === null) throw new NightjarError('config.invalid', 'no venue endpoints were given');
    laneEvents = events;
    lane
      .start({
        lane: laneId,
        incarnation,
        endpoints: boot.endpoints,
        instruments: kernel.instruments,
        bots: laneBots(kernel),
      })
      .then(events.started, (error: unknown) =>
        events.failed(
          error instanceof NightjarError
            ? error.toPlain()
            : { code: 'thread.lost', message: String(error), details: {} },
        ),
      );
    return { stop: () => void lane.stop(LANE_STOP_GRACE_MS), kill: () => void lane.kill() };
  };

  const runner = createChildRunner(
    { edge: startEdge, journal: startJournal, gateway: startGateway, [laneId]: startLane },
    door.admit,
  );

  const reader = createSlabReader(slabs, dimensions);
  const status = () => coreStatus(door.view(), readFeedFigures(reader, dimensions));
  function pushView(): void {
    const { kernel: _kernel, settings, ...about } = boot;
    const { mode, env } = settings as { mode: string; env: string };
    links.edge?.({
      type: 'view',
      view: statusView(door.view(), {
        atMs: clock.nowMs(),
        run: about.run,
        startedAtMs: input.startedAtMs,
        corePid: process.pid,
        mode,
        env,
        guardianUp: process.connected === true,
      }),
    });
  }

  function gaugeMailboxes(): void {
    for (const { id, mailbox } of door.view().bots) {
      for (const [queue, depth] of Object.entries(mailbox)) {
        sampler.sink.gauge('nightjar_mailbox_depth', { bot: id.replace(/^bot:/, ''), queue }).set(depth);
      }
    }
  }

  function finish(clean: boolean, escalated: boolean): void {
    cancelStatus();
    send({ type: 'status', status: status() });
    // An orderly end of a run whose journal has a hole is none.
    if (clean && journalLink.hasFailed()) {
      send({
        type: 'failed',
        code: 'journal.failed',
        message: 'the journal failed and was not restarted: the end of the run is not recorded',
      });
    } else send({ type: 'stopped', clean, escalated, openOrders: door.view().openOrders });
    sampler[Symbol.dispose]();
    void lane.close().then(() => process.disconnect?.());
  }

  cancelStatus = clock.every(STATUS_EVERY_MS, () => {
    ringDepth.set(lane.ringDepth());
    gaugeMailboxes();
    pushView();
    send({ type: 'status', status: status() });
  });
  for (const { atMs, target } of boot.drills) {
    clock.after(atMs, () =>
      door.admit('drill', {
        type: 'control',
        message: {
          id: `drill/${boot.incarnation}/${atMs}/${target}`,
          action: 'crash',
          target,
          reason: '--drill',
          args: {},
          by: 'drill',
          from: 'start',
        },
      }),
    );
  }
  door.admit('core', {
    type: 'core.started',
    incarnation: boot.incarnation,
    latch: input.latch,
    lastSeq,
    ...(recovered === null ? {} : { recovered }),
  });
  return { stop: (reason) => door.admit('guardian', { type: 'core.stopping', reason }) };
}

type MessagePort = import('node:worker_threads').MessagePort;

function stoppable(thread: ReturnType<typeof startThread>, ask: () => void): RunningChild {
  return {
    stop() {
      thread.expectStop();
      ask();
    },
    kill: thread.kill,
  };
}

/** Where the rows of this run stand and what they leave open, before the door opens: nothing for the first incarnation. */
function readBack(
  runDir: string,
  incarnation: number,
): { readonly lastSeq: Readonly<Record<string, number>>; readonly recovered: RecoveredState | null } {
  if (incarnation === 1) {
    return { lastSeq: Object.fromEntries(JOURNAL_TABLES.map((table) => [table, 0])), recovered: null };
  }
  const reader = openJournalReader(runDir);
  try {
    return { lastSeq: reader.lastSeq(), recovered: recoverState(reader) };
  } finally {
    reader.close();
  }
}

const timeOf = (atMs: number) => new Date(atMs).toISOString().slice(11, 19);
