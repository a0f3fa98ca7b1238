import { createRandom } from '../domain/random.ts';
import { createArbBot } from './arb/arbBot.ts';
import type { ArbBot } from './arb/arbBotTypes.ts';
import type { OtherCommand } from './commands.ts';
import { answerControl, permitAudit } from './controlVerbs.ts';
import { type CoreTree, createCoreTree } from './coreTree.ts';
import { closeForGivenUp } from './givenUp.ts';
import type { InputPayload } from './inputs.ts';
import { closeForJournal } from './journalFailure.ts';
import type { KernelConfig, KernelOutputs, KernelView } from './kernelTypes.ts';
import { createMarketWatch } from './marketWatch.ts';
import { createOrderDesk, type OrderDesk } from './orderDesk.ts';
import { createOverloadDesk } from './overload.ts';
import { createPermits, type Permits } from './permits.ts';
import { createRecovery, type Recovery } from './recovery/recovery.ts';
import { createRowWriter } from './rowWriter.ts';
import { standstillOf } from './standstill.ts';
import { createStock } from './stock.ts';
import { createSweep, SWEEP_MS, type Sweep } from './sweep.ts';
import { createVenueTruth } from './venueTruth.ts';

/** How long a stop waits for attempts under way and unknown orders before it reports them as open. */
export const STOP_WAIT_MS = 10_000;

/** One incarnation of the core. */
export interface RunningCore {
  /** Takes over what a dead core left, then starts the tree. */
  start(): void;
  begin(seq: number, atMs: number): void;
  handle(payload: InputPayload): void;
  view(): KernelView;
}

/** Wires one incarnation: desks, bots and tree around one clock, and the way of each input to whom it concerns. */
export function createRunningCore(
  config: KernelConfig,
  outputs: KernelOutputs,
  nowMs: () => number,
  started: Extract<InputPayload, { type: 'core.started' }>,
): RunningCore {
  const { log, metrics } = outputs;
  const rows = createRowWriter(started.lastSeq, outputs.row);
  const permits: Permits = createPermits(started.latch);
  const stock = createStock();
  const timers = new Set<string>();
  let requestSequence = 0;
  let stopping = false;
  let treeStopping = false;

  const command = (one: OtherCommand) => {
    // Acts first: the message to the edge may be lost with its thread, and is sent again to the next one.
    if (one.type === 'latch.close') permits.closeByCore(one.bot, one.reason, one.by);
    rows.write('commands', 'core', one.type, one);
    outputs.command(one);
  };
  const armTimer = (key: string, delayMs: number) => {
    timers.add(key);
    outputs.armTimer(key, nowMs() + delayMs);
  };
  const cancelTimer = (key: string) => {
    if (timers.delete(key)) outputs.cancelTimer(key);
  };
  const truth = createVenueTruth({
    ...{ stock, log, command, armTimer, cancelTimer },
    recovery: () => recovery,
    sweep: () => sweep,
  });

  const desk: OrderDesk = createOrderDesk({
    runTag: config.runTag,
    coreIncarnation: started.incarnation,
    nowMs,
    rows,
    permits,
    stock,
    metrics,
    ...(config.limits === undefined ? {} : { limits: config.limits }),
    instruments: config.instruments,
    command,
    warn: (message, fields) => log.log('warn', 'order', message, fields),
    alarm: (message, fields) => log.log('error', 'risk', message, fields),
    requestReconcile: truth.ask,
  });
  const sweep: Sweep = createSweep({
    desk,
    stock,
    rows,
    instruments: config.instruments,
    nowMs,
    holders: (asset) =>
      config.bots.filter(({ symbol }) => symbol === asset).map(({ id: bot, pair }) => ({ bot, pair })),
    isBusy: () => stopping || attemptOpen(),
    requestReconcile: truth.ask,
    armTimer,
    alarm: (message, fields) => log.log('error', 'risk', message, fields),
  });

  const bots = new Map<string, ArbBot>();
  const botBySlot = new Map<number, ArbBot>();
  const attemptOpen = () => [...bots.values()].some((bot) => bot.attemptOpen());
  for (const bot of config.bots) {
    const arbBot = createArbBot(
      {
        ...bot,
        run: config.run,
        lane: config.lanes[0]!,
        instruments: config.instruments.filter((instrument) => instrument.pair === bot.pair),
      },
      {
        nowMs,
        rows,
        permits,
        stock,
        desk,
        metrics,
        log,
        command,
        armTimer,
        cancelTimer,
        requestReconcile: truth.ask,
        laneIncarnation: () => tree.incarnationOf(config.lanes[0]!),
        nextRequestId: () => ++requestSequence,
        onCrash: (error, detail) =>
          tree.workerExited(bot.id, tree.incarnationOf(bot.id), { kind: 'crash', error }, detail),
      },
    );
    bots.set(bot.id, arbBot);
    botBySlot.set(bot.slot, arbBot);
  }

  const markets = createMarketWatch({
    ...{ desk, rows, log, command, armTimer },
    instruments: config.instruments,
    bots: config.bots,
  });
  const overload = createOverloadDesk({ permits, bots, rows, log, nowMs, command });

  const recovery: Recovery = createRecovery(started, {
    desk,
    stock,
    bots,
    rows,
    requestReconcile: truth.ask,
    isReconciling: truth.isAsking,
    log,
  });

  const tree: CoreTree = createCoreTree({
    lanes: config.lanes,
    random: createRandom(config.seed).fork(`supervision/${started.incarnation}`),
    ...{ bots, rows, metrics, log, nowMs, command, armTimer, cancelTimer },
    onReport: (report) => closeForGivenUp(report, { bots, desk, rows, log, command }),
    isStopping: () => stopping,
    isDone: () => desk.openOrderCount() === 0 && !attemptOpen(),
  });

  const stopWhenQuiet = (force: boolean) => {
    if (!stopping || treeStopping) return;
    if (attemptOpen() && !force) return;
    treeStopping = true;
    cancelTimer('stop/deadline');
    tree.stop();
  };

  const handle = (payload: InputPayload): void => {
    switch (payload.type) {
      case 'core.started':
        return;
      case 'core.stopping':
        if (stopping) return;
        stopping = true;
        log.log('info', 'core', `stopping: ${payload.reason}`);
        for (const bot of bots.values()) bot.endRun();
        permits.closeForStop(payload.reason);
        for (const bot of bots.values()) bot.permitClosed();
        armTimer('stop/deadline', STOP_WAIT_MS);
        stopWhenQuiet(false);
        return;
      case 'child.started':
        // A gateway that died took its follow-ups along, and a journal may have kept intents back: ask for their fate.
        // The first gateway of a restarted core is asked for what the dead one had sent.
        if (payload.child === 'gateway') {
          desk.followAll();
          markets.ask();
        }
        if (payload.child === 'journal') permits.closeForJournal(null);
        if (payload.child === 'edge') {
          for (const closure of permits.unconfirmed()) command({ type: 'latch.close', ...closure });
        }
        tree.workerStarted(payload.child, payload.incarnation);
        return;
      case 'child.failed':
        tree.workerFailed(payload.child, payload.incarnation, payload.error);
        return;
      case 'child.exited':
        tree.workerExited(payload.child, payload.incarnation, payload.reason);
        return;
      case 'journal.failed':
        closeForJournal(payload.error, { permits, bots, rows, command, log });
        return;
      case 'overload.began':
        overload.began(payload);
        return;
      case 'overload.ended':
        overload.ended(payload);
        return;
      case 'signal.arb':
        botBySlot.get(payload.evaluation.botSlot ?? -1)?.evaluation(payload.evaluation);
        stopWhenQuiet(false);
        return;
      case 'timer.due':
        // A timer cancelled while its firing was already on the way is no longer known here.
        if (timers.delete(payload.timer)) timerDue(payload.timer);
        stopWhenQuiet(false);
        return;
      case 'order.placed':
        desk.placed(payload.clientOrderId, payload.answer);
        recovery.orderHeard();
        stopWhenQuiet(false);
        return;
      case 'order.refused':
        desk.refused(payload.clientOrderId, payload.reason);
        recovery.orderHeard();
        return;
      case 'order.resolved':
        desk.resolved(payload.clientOrderId, payload.answer);
        recovery.orderHeard();
        stopWhenQuiet(false);
        return;
      case 'reconciled':
        if (truth.answered(payload)) for (const bot of bots.values()) bot.reconciled();
        return;
      case 'markets':
        markets.stated(payload);
        return;
      case 'control':
        answerControl(payload.message, { tree, bots, desk, rows, log, command });
        return;
      case 'latch.changed':
        rows.write('decisions', 'control', 'permit', permitAudit(permits, [...bots.keys()], payload));
        desk.permitsChanged();
        for (const bot of bots.values()) if (!permits.isOpen(bot.config.id)) bot.permitClosed();
        command({ type: 'control.reply', id: payload.cause.id, status: 200, body: { journalled: true } });
        return;
    }
  };

  const timerDue = (key: string) => {
    if (key.startsWith('tree/')) {
      tree.timerDue(key.slice('tree/'.length));
      return;
    }
    if (key === 'stop/deadline') return stopWhenQuiet(true);
    if (key === 'sweep') return sweep.due();
    if (markets.timerDue(key)) return;
    if (truth.timerDue(key)) return;
    for (const bot of bots.values()) if (bot.timerDue(key)) return;
  };

  return {
    start() {
      recovery.adopt();
      tree.start();
      armTimer('sweep', SWEEP_MS);
    },
    begin: rows.begin,
    handle,
    view: () => ({
      incarnation: started.incarnation,
      tree: [tree.status()],
      bots: [...bots.values()].map((bot) => {
        const closure = permits.closure(bot.config.id);
        const { id } = bot.config;
        const view = bot.view();
        const [killed, unresolved] = [permits.isKilled(id), desk.unresolved(id).length];
        return {
          ...view,
          permit: closure === null ? 'open' : `closed: ${closure.reason}`,
          standstill: standstillOf({ bot: view, closure, killed, unresolved }),
        };
      }),
      restarts: tree.totalRestarts(),
      stock: stock.entries(),
      openOrders: desk.openOrderCount(),
      stopping,
    }),
  };
}
