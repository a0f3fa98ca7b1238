import type { NightjarConfig } from './config/resolveSettings.ts';
import type { StartChild } from './core/childPort.ts';
import type { OtherCommand } from './core/commands.ts';
import { dimensionsOf, journalPathOf, noticingLog, type RuntimeInput } from './core/coreRuntime.ts';
import { coreStatus } from './core/coreStatus.ts';
import type { Door } from './core/door.ts';
import type { InputPayload } from './core/inputs.ts';
import { STOP_WAIT_MS } from './core/kernel.ts';
import { inProcess } from './core/virtualChild.ts';
import { createVirtualClock, VIRTUAL_START_MS } from './core/virtualClock.ts';
import type { LatchState } from './domain/control.ts';
import { createRandom } from './domain/random.ts';
import { createJournalWriter } from './journal/journalWriter.ts';
import { JOURNAL_TABLES, type JournalRow } from './journal/rows.ts';
import type { PlannedFault } from './sim/faults/faultPlan.ts';
import { countLines } from './sim/faults/faultSchedule.ts';
import { withFaults } from './sim/faults/faultyWorld.ts';
import { createInMemoryTransport } from './sim/inMemoryTransport.ts';
import { defaultSimConfig } from './sim/simConfig.ts';
import { createSimWorld } from './sim/simWorld.ts';
import { readFeedFigures } from './telemetry/feedFigures.ts';
import { createSlabs, slabLayout } from './telemetry/slab.ts';
import { createSlabSink } from './telemetry/slabSink.ts';
import { createSlabReader } from './telemetry/slabText.ts';
import { createVirtualCore } from './virtualCore.ts';
import { createVirtualGateway } from './virtualGateway.ts';
import { createVirtualLane } from './virtualLane.ts';
import { openExecLogFile } from './workers/execLogFile.ts';
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
  const sim = createSimWorld({
    clock,
    random: random.fork('sim'),
    config: { ...defaultSimConfig, market: { ...defaultSimConfig.market, ...settings.sim.market } },
  });
  const announce = (line: string) => send({ type: 'notice', line: `${timeOf()} ${line}` });
  const plan = boot.faults as readonly PlannedFault[] | undefined;
  const faulty = plan === undefined ? null : withFaults(sim, { clock, random: random.fork('faults'), plan, announce });
  const world = faulty ?? sim;
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
  let waitingRows: JournalRow[] = [];
  let stopped: { readonly clean: boolean; readonly escalated: boolean } | null = null;

  // Nothing here dies with a single child: one clock and one network serve them all.
  const scope = () => ({ clock, transport, end: () => {} });
  const admit = (source: string, payload: InputPayload) => door.admit(source, payload);
  const gateway = createVirtualGateway({ endpoints, latch, metrics: sinkOf('gateway'), scope, admit });
  const lane = createVirtualLane({
    kernel,
    endpoints,
    random,
    metrics: sinkOf(kernel.lanes[0]!),
    log,
    scope,
    admit,
  });
  function closePermit({ bot, reason, by }: Extract<OtherCommand, { type: 'latch.close' }>): void {
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
    admit('edge', { type: 'latch.changed', latch: latchState, cause });
  }

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
        if (gateway.handle(message)) return;
        admit('journal', {
          type: 'order.refused',
          clientOrderId: message.intent.clientOrderId,
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
  const door: Door = createVirtualCore({
    kernel,
    clock,
    log,
    metrics: sinkOf('core'),
    lastInputSeq: 0,
    edge: startEdge,
    journal: startJournal,
    gateway,
    lane,
    rows(rows) {
      if (journal === null) waitingRows.push(...rows);
      else journal.append(rows);
    },
    durable(inputSeq, then) {
      if (journal === null) then();
      else journal.durable(inputSeq, then);
    },
    closePermit,
    controlReply: () => {},
    execLog: (line) => execLog.append([line]),
    ready: () => send({ type: 'ready' }),
    stopped: ({ clean, escalated }) => {
      stopped = { clean, escalated };
    },
  });

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
  for (const line of faulty === null ? [] : countLines(faulty.faults.counts())) send({ type: 'notice', line });
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
