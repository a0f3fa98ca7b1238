import type { NightjarConfig } from './config/resolveSettings.ts';
import type { StartChild } from './core/childPort.ts';
import { createChildRunner } from './core/childRunner.ts';
import type { OtherCommand } from './core/commands.ts';
import { dimensionsOf, journalPathOf, laneBots, noticingLog, type RuntimeInput } from './core/coreRuntime.ts';
import { coreStatus } from './core/coreStatus.ts';
import { createDoor, type Door } from './core/door.ts';
import { gatewayInput } from './core/gatewayInput.ts';
import { STOP_WAIT_MS } from './core/kernel.ts';
import { createVirtualClock, VIRTUAL_START_MS } from './core/virtualClock.ts';
import type { LatchState } from './domain/control.ts';
import { CEX_VENUES } from './domain/instruments.ts';
import { createRandom } from './domain/random.ts';
import { createJournalWriter } from './journal/journalWriter.ts';
import { JOURNAL_TABLES, type JournalRow } from './journal/rows.ts';
import { createInMemoryTransport } from './sim/inMemoryTransport.ts';
import { defaultSimConfig } from './sim/simConfig.ts';
import { createSimWorld } from './sim/simWorld.ts';
import { readFeedFigures } from './telemetry/feedFigures.ts';
import { createSlabs, slabLayout } from './telemetry/slab.ts';
import { createSlabSink } from './telemetry/slabSink.ts';
import { createSlabReader } from './telemetry/slabText.ts';
import { createSpotFeed } from './venues/createSpotFeed.ts';
import { createJupiterSwap } from './venues/jupiter/trade.ts';
import { createSimTrade } from './venues/simTrade.ts';
import { type ArbLane, createArbLane } from './workers/arbLane.ts';
import { openExecLogFile } from './workers/execLogFile.ts';
import { createGateway, type Gateway } from './workers/gateway.ts';
import { createLatch, setLatchWord } from './workers/latchWords.ts';
import { createVirtualJournal, type VirtualJournal } from './workers/virtualJournal.ts';

const PROGRESS_EVERY_MS = 1000;
/** What a stop may take in virtual time: attempts under way, unknown orders, the children's budgets. */
const STOP_MS = STOP_WAIT_MS + 20_000;

export interface VirtualRuntimeInput extends RuntimeInput {
  readonly settings: NightjarConfig;
  onStoppable(stop: (reason: string) => void): void;
}

/**
 * The whole system in one thread on one event clock: simulator, lane, core and gateway contract, frames as the same bytes
 * through memory, no ccxt, no HTTP. Equal version, config and seed give equal rows.
 */
export async function runVirtual(input: VirtualRuntimeInput): Promise<void> {
  const { boot, kernel, send, settings } = input;
  const clock = createVirtualClock();
  const random = createRandom(settings.seed);
  const world = createSimWorld({
    clock,
    random: random.fork('sim'),
    config: { ...defaultSimConfig, market: { ...defaultSimConfig.market, ...settings.sim.market } },
  });
  const { transport, endpoints } = createInMemoryTransport(world, { clock, random: random.fork('network') });
  const dimensions = dimensionsOf(kernel);
  const slabs = createSlabs(dimensions);
  const sinkOf = (thread: string) => {
    const slab = slabs.find((one) => one.thread === thread)!;
    return createSlabSink(slabLayout(slab.kind, slab.thread, dimensions), slab.buffer);
  };
  const latch = createLatch(kernel.bots.length);
  const timeOf = () => new Date(clock.nowMs()).toISOString().slice(11, 23);
  const log = noticingLog(input.log, (line) => send({ type: 'notice', line: `${timeOf()} ${line}` }));
  const execLog = openExecLogFile(`${boot.runDir}/exec_log.jsonl`);

  let latchState: LatchState = { all: null, bots: {} };
  let journal: VirtualJournal | null = null;
  let gateway: Gateway | null = null;
  let lane: ArbLane | null = null;
  let waitingRows: JournalRow[] = [];
  let stopped: { readonly clean: boolean; readonly escalated: boolean } | null = null;

  const door: Door = createDoor({
    clock,
    config: kernel,
    log,
    metrics: sinkOf('core'),
    lastInputSeq: 0,
    journal(rows) {
      if (journal === null) waitingRows.push(...rows);
      else journal.append(rows);
    },
    execute,
  });

  function execute(command: OtherCommand): void {
    switch (command.type) {
      case 'child.start':
      case 'child.stop':
        runner.execute(command);
        return;
      case 'lane.send':
        lane?.handle(command.message);
        return;
      case 'order.resolve':
        gateway?.handle({ type: 'resolve', ref: command.ref, deadlineMs: command.deadlineMs });
        return;
      case 'gateway.reconcile':
        gateway?.handle({ type: 'reconcile' });
        return;
      case 'latch.close':
        closePermit(command.bot, command.reason, command.by);
        return;
      case 'control.reply':
        return;
      case 'exec.log':
        execLog.append([JSON.stringify(command.line)]);
        return;
      case 'core.ready':
        send({ type: 'ready' });
        return;
      case 'core.stopped':
        stopped = { clean: command.clean, escalated: command.escalated };
    }
  }

  function closePermit(bot: string, reason: string, by: string): void {
    const slot = kernel.bots.find(({ id }) => id === bot)?.slot;
    if (slot !== undefined) setLatchWord(latch, slot, 'permit');
    latchState = { ...latchState, bots: { ...latchState.bots, [bot]: { reason, by, atMs: clock.nowMs() } } };
    const cause = {
      id: `core/${bot}/${clock.nowMs()}`,
      action: 'disable_live',
      target: bot,
      reason,
      args: {},
      by,
      from: 'core',
    };
    door.admit('edge', { type: 'latch.changed', latch: latchState, cause });
  }

  const inProcess = (stop: () => void, events: Parameters<StartChild>[1]) => ({
    stop() {
      stop();
      events.exited({ kind: 'shutdown' });
    },
    kill() {
      stop();
      events.exited({ kind: 'killed' });
    },
  });
  /** Nothing listens in virtual time: the place in the tree is kept, so that its order and its rows are the same. */
  const startEdge: StartChild = (_incarnation, events) => {
    events.started();
    return inProcess(() => {}, events);
  };
  const startJournal: StartChild = (_incarnation, events) => {
    const opened = createVirtualJournal({
      writer: createJournalWriter(journalPathOf(boot.runDir), { synchronous: 'OFF' }),
      clock,
      deliver(message) {
        if (gateway !== null) return gateway.handle(message);
        const clientOrderId = message.type === 'place' ? message.intent.clientOrderId : message.ref.clientOrderId;
        door.admit('journal', {
          type: 'order.refused',
          clientOrderId,
          reason: 'no gateway was there when the intent was committed',
        });
      },
    });
    journal = opened;
    opened.append(waitingRows);
    waitingRows = [];
    events.started();
    return inProcess(() => {
      journal = null;
      opened.close();
    }, events);
  };
  const startGateway: StartChild = (_incarnation, events) => {
    const made = createGateway({
      ports: [
        ...CEX_VENUES.map((venue) =>
          createSimTrade({ venue, account: 'main', rest: endpoints[venue].rest, transport }),
        ),
        createJupiterSwap({
          transport,
          clock,
          metrics: sinkOf('gateway'),
          rest: endpoints.jupiter.rest,
          account: 'main',
        }),
      ],
      clock,
      latch,
      metrics: sinkOf('gateway'),
      send(message) {
        if (gateway !== made) return;
        const heard = gatewayInput(message);
        if (heard !== null) door.admit('gateway', heard);
      },
    });
    gateway = made;
    made
      .open()
      .then(events.started, (error: { toPlain?: () => never; message: string }) =>
        events.failed({ code: 'venue.unavailable', message: error.message, details: {} }),
      );
    return inProcess(() => {
      if (gateway === made) gateway = null;
      made.handle({ type: 'stop' });
    }, events);
  };
  const laneId = kernel.lanes[0]!;
  const startLane: StartChild = (incarnation, events) => {
    const made = createArbLane({
      boot: { lane: laneId, incarnation, endpoints, instruments: kernel.instruments, bots: laneBots(kernel) },
      clock,
      transport,
      random: random.fork(`${laneId}/${incarnation}`),
      metrics: sinkOf(laneId),
      logger: log,
      createFeed: createSpotFeed,
      publish(evaluation) {
        if (lane === made) door.admit(laneId, { type: 'signal.arb', lane: laneId, evaluation });
      },
    });
    lane = made;
    made.start();
    events.started();
    return inProcess(() => {
      if (lane === made) lane = null;
      made.stop();
    }, events);
  };
  const runner = createChildRunner(
    { edge: startEdge, journal: startJournal, gateway: startGateway, [laneId]: startLane },
    door.admit,
  );

  const reader = createSlabReader(slabs, dimensions);
  const status = () => coreStatus(door.view(), readFeedFigures(reader, dimensions));
  const forMs = boot.forMs ?? 60_000;
  input.onStoppable((reason) => door.admit('guardian', { type: 'core.stopping', reason }));
  for (const { atMs, target } of boot.drills) {
    clock.after(atMs, () =>
      door.admit('drill', {
        type: 'control',
        message: {
          id: `drill/${atMs}/${target}`,
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
  const lastSeq = Object.fromEntries(JOURNAL_TABLES.map((table) => [table, 0]));
  door.admit('core', { type: 'core.started', incarnation: boot.incarnation, latch: input.latch, lastSeq });
  for (let doneMs = 0; doneMs < forMs && stopped === null; ) {
    doneMs = Math.min(forMs, doneMs + PROGRESS_EVERY_MS);
    await clock.run(VIRTUAL_START_MS + doneMs, () => stopped !== null);
    send({ type: 'progress', doneMs, totalMs: forMs });
  }
  // The last status with its feeds is taken while the tree still runs.
  const finalFeeds = status().feeds;
  if (stopped === null) {
    door.admit('guardian', { type: 'core.stopping', reason: 'the time of --for is over' });
    await clock.run(VIRTUAL_START_MS + forMs + STOP_MS, () => stopped !== null);
  }
  world.stop();
  execLog.close();
  send({ type: 'status', status: { ...status(), feeds: finalFeeds } });
  const end = stopped as { readonly clean: boolean; readonly escalated: boolean } | null;
  send({
    type: 'stopped',
    clean: end?.clean ?? false,
    escalated: end?.escalated ?? false,
    openOrders: door.view().openOrders,
  });
}
