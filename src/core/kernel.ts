import type { CrashRecord } from '../actors/crashRecord.ts';
import { createSupervisionTree, type SupervisionTree } from '../actors/supervisionTree.ts';
import type { TreeNode } from '../actors/treeStatus.ts';
import { NightjarError } from '../domain/errors.ts';
import type { Instrument } from '../domain/instruments.ts';
import type { Logger } from '../domain/ports.ts';
import { createRandom } from '../domain/random.ts';
import type { JournalRow } from '../journal/rows.ts';
import type { RiskLimits } from '../risk/limits.ts';
import type { ArbKnobs } from '../strategies/arb/arbKnobs.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import { restartReasonOf } from '../telemetry/restartReason.ts';
import { createArbBot } from './arb/arbBot.ts';
import type { ArbBot } from './arb/arbBotTypes.ts';
import type { OtherCommand } from './commands.ts';
import { answerControl, permitAudit } from './controlVerbs.ts';
import type { Input, InputPayload } from './inputs.ts';
import { closeForJournal } from './journalFailure.ts';
import { createOrderDesk, type OrderDesk } from './orderDesk.ts';
import { createPermits, type Permits } from './permits.ts';
import { createRecovery } from './recovery/recovery.ts';
import { createRowWriter } from './rowWriter.ts';
import { createStock, type Stock } from './stock.ts';
import { createSweep, SWEEP_MS } from './sweep.ts';
import { rootSpec } from './treeSpec.ts';

/** Retry of a reconcile that some venue did not answer: a missing report is not an empty account. */
const RECONCILE_RETRY_MS = 1000;
/** How long a stop waits for attempts under way and unknown orders before it reports them as open. */
export const STOP_WAIT_MS = 10_000;

export interface KernelConfig {
  readonly run: string;
  readonly runTag: string;
  readonly seed: number;
  readonly bots: readonly {
    readonly id: string;
    readonly slot: number;
    readonly symbol: string;
    readonly pair: string;
    readonly knobs: ArbKnobs;
  }[];
  readonly lanes: readonly string[];
  readonly instruments: readonly Instrument[];
  readonly limits?: RiskLimits;
}

/** All that leaves the kernel. Write-only: nothing is read back but through an input. */
export interface KernelOutputs {
  row(row: JournalRow): void;
  /** Acts at once; order intents are rows instead, and reach the gateway after their commit. */
  command(command: OtherCommand): void;
  armTimer(key: string, dueMs: number): void;
  cancelTimer(key: string): void;
  readonly log: Logger;
  readonly metrics: MetricSink;
}

export interface Kernel {
  /** Handles one input to its end. The caller has journalled it. */
  handle(input: Input): void;
  view(): KernelView;
}

export interface KernelView {
  readonly incarnation: number;
  readonly tree: readonly TreeNode[];
  readonly bots: readonly (ReturnType<ArbBot['view']> & { readonly permit: string })[];
  readonly restarts: number;
  readonly stock: ReturnType<Stock['entries']>;
  readonly openOrders: number;
  readonly stopping: boolean;
}

/**
 * The core: a function of its inputs. No clock, no promise, no shared memory; `now` is the time of the input in hand.
 * The same inputs give the same rows and commands, which is what `replay --verify` compares.
 */
export function createKernel(config: KernelConfig, outputs: KernelOutputs): Kernel {
  let nowMs = 0;
  let core: RunningCore | null = null;

  return {
    handle(input) {
      nowMs = input.timeMs;
      if (input.payload.type === 'core.started') {
        core = createRunningCore(config, outputs, () => nowMs, input.payload);
        core.begin(input.seq, nowMs);
        core.start();
        return;
      }
      if (core === null) throw new NightjarError('replay.mismatch', `input ${input.seq} came before core.started`);
      core.begin(input.seq, nowMs);
      core.handle(input.payload);
    },
    view() {
      if (core === null)
        return { incarnation: 0, tree: [], bots: [], restarts: 0, stock: [], openOrders: 0, stopping: false };
      return core.view();
    },
  };
}

interface RunningCore {
  /** Takes over what a dead core left, then starts the tree. */
  start(): void;
  begin(seq: number, atMs: number): void;
  handle(payload: InputPayload): void;
  view(): KernelView;
}

function createRunningCore(
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
  let reconciling = false;

  const command = (one: OtherCommand) => {
    // Acts first: the message to the edge may be lost with its thread, and is sent again to the next one.
    if (one.type === 'latch.close') permits.closeByCore(one.bot, one.reason);
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
  const requestReconcile = () => {
    if (reconciling) return;
    reconciling = true;
    sweep.asked();
    command({ type: 'gateway.reconcile' });
    armTimer('reconcile/retry', RECONCILE_RETRY_MS * 10);
  };

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
    requestReconcile,
  });
  const sweep = createSweep({
    desk,
    stock,
    rows,
    instruments: config.instruments,
    nowMs,
    isBusy: () => stopping || [...bots.values()].some((bot) => bot.attemptOpen()),
    requestReconcile,
    armTimer,
    alarm: (message, fields) => log.log('error', 'risk', message, fields),
  });

  const bots = new Map<string, ArbBot>();
  const botBySlot = new Map<number, ArbBot>();
  const incarnations = new Map<string, number>();
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
        requestReconcile,
        nextRequestId: () => ++requestSequence,
        onCrash: (error, detail) =>
          tree.workerExited(bot.id, incarnations.get(bot.id) ?? 0, { kind: 'crash', error }, detail),
      },
    );
    bots.set(bot.id, arbBot);
    botBySlot.set(bot.slot, arbBot);
  }

  const recovery = createRecovery(started, {
    desk,
    stock,
    bots,
    rows,
    requestReconcile,
    isReconciling: () => reconciling,
    log,
  });

  const isInside = (id: string) => bots.has(id) || id === 'risk' || id === 'control';
  const tree: SupervisionTree = createSupervisionTree({
    root: rootSpec(config.lanes, [...bots.keys()]),
    nowMs,
    random: createRandom(config.seed).fork(`supervision/${started.incarnation}`),
    ports: {
      startWorker(id, incarnation) {
        incarnations.set(id, incarnation);
        if (!isInside(id)) return command({ type: 'child.start', child: id, incarnation });
        bots.get(id)?.start(incarnation);
        tree.workerStarted(id, incarnation);
      },
      stopWorker(id, incarnation, how) {
        if (!isInside(id)) return command({ type: 'child.stop', child: id, incarnation, how });
        bots.get(id)?.stop(stopping ? 'run_ended' : 'crashed');
        tree.workerExited(id, incarnation, how === 'kill' ? { kind: 'killed' } : { kind: 'shutdown' });
      },
      armTimer: (key, delayMs) => armTimer(`tree/${key}`, delayMs),
      cancelTimer: (key) => cancelTimer(`tree/${key}`),
      onCrash(record: CrashRecord) {
        rows.write('crashes', record.child, 'crash', record);
        metrics
          .counter('nightjar_restarts_total', { child: record.child, reason: restartReasonOf(record.error.code) })
          .inc();
        log.log('error', 'crash', `CRASH ${record.child}#${record.incarnation}: ${record.error.message}`, {
          supervisor: record.supervisor,
          nextDelayMs: record.nextDelayMs,
        });
      },
      onRestarted(record) {
        rows.write('crashes', record.child, 'restarted', record);
        log.log(
          'info',
          'crash',
          `RESTARTED ${record.child} ${((record.restartedAt ?? record.crashedAt) - record.crashedAt).toFixed(0)} ms after its crash`,
        );
      },
      onReport: (report) => log.log('debug', 'supervisor', JSON.stringify(report)),
      onStarted: () => command({ type: 'core.ready' }),
      onStopped(reason) {
        const isDone = desk.openOrderCount() === 0 && ![...bots.values()].some((bot) => bot.attemptOpen());
        command({
          type: 'core.stopped',
          clean: reason === 'shutdown' && isDone,
          escalated: reason === 'escalated',
        });
      },
    },
  });

  const stopWhenQuiet = (force: boolean) => {
    if (!stopping || treeStopping) return;
    const busy = [...bots.values()].some((bot) => bot.attemptOpen());
    if (busy && !force) return;
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
        if (payload.child === 'gateway') desk.followAll();
        if (payload.child === 'journal') permits.closeForJournal(null);
        if (payload.child === 'edge') {
          for (const { bot, reason } of permits.unconfirmed()) {
            command({ type: 'latch.close', bot, reason, by: bot });
          }
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
        reconciled(payload);
        return;
      case 'control':
        answerControl(payload.message, { tree, bots, desk, rows, command });
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
    if (key === 'reconcile/retry') {
      reconciling = false;
      return requestReconcile();
    }
    for (const bot of bots.values()) if (bot.timerDue(key)) return;
  };

  const reconciled = (payload: Extract<InputPayload, { type: 'reconciled' }>) => {
    reconciling = false;
    cancelTimer('reconcile/retry');
    if (payload.failures.length > 0) {
      // Half a truth would hide the difference that a restart has to show.
      if (recovery.isDone()) stock.replace(payload.balances);
      log.log('warn', 'reconcile', `venue truth is incomplete, asking again: ${payload.failures.join('; ')}`);
      armTimer('reconcile/retry', RECONCILE_RETRY_MS);
      return;
    }
    if (!recovery.takesTruth(payload)) return;
    sweep.compare(payload);
    stock.replace(payload.balances);
    for (const bot of bots.values()) bot.reconciled();
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
        return { ...bot.view(), permit: closure === null ? 'open' : `closed: ${closure.reason}` };
      }),
      restarts: tree.totalRestarts(),
      stock: stock.entries(),
      openOrders: desk.openOrderCount(),
      stopping,
    }),
  };
}
