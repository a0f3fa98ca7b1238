import type { AnyEventObject } from 'xstate';
import type { CrashDetails } from '../../actors/crashRecord.ts';
import { createMachineHost, type MachineHost } from '../../actors/machineHost.ts';
import { createMailbox, type Mailbox, QUEUE_NAMES, type QueueName } from '../../actors/mailbox.ts';
import { stateName } from '../../actors/stateNames.ts';
import { type PlainError, toPlainError } from '../../domain/errors.ts';
import type { Instrument } from '../../domain/instruments.ts';
import type { Logger } from '../../domain/ports.ts';
import type { ArbEmitted, ArbEvent, ArbLeg, LegFate } from '../../machines/arbEvents.ts';
import { arbMachine } from '../../machines/arbMachine.ts';
import { type ArbEvaluation, EvaluationFlag, EvaluationKind } from '../../strategies/arb/arbEvaluation.ts';
import type { ArbKnobs } from '../../strategies/arb/arbKnobs.ts';
import {
  ARB_REASONS,
  type ArbJudgement,
  judgeArb,
  judgeFirm,
  type StageVerdict,
} from '../../strategies/arb/arbStages.ts';
import { isUsOpenSlot } from '../../strategies/usOpen.ts';
import type { MetricSink } from '../../telemetry/metricSink.ts';
import type { LaneMessage } from '../../workers/laneMessages.ts';
import type { OtherCommand } from '../commands.ts';
import type { DeskOrder, OrderDesk, OrderFate } from '../orderDesk.ts';
import type { Permits } from '../permits.ts';
import type { RecoveredBot, RecoveredOrder } from '../recovery/recoveredState.ts';
import type { RowWriter } from '../rowWriter.ts';
import type { Stock } from '../stock.ts';
import { type ArbAttempt, cexVenueAt } from './arbAttempt.ts';
import { type ArbLedger, createArbLedger } from './arbLedger.ts';
import { cexOrder, dexOrder, isDust, type LegOrder, unwindOrder } from './arbOrders.ts';
import { createLookBook, type LookBook } from './lookBook.ts';

export interface ArbBotConfig {
  readonly id: string;
  readonly slot: number;
  readonly symbol: string;
  readonly pair: string;
  readonly knobs: ArbKnobs;
  readonly instruments: readonly Instrument[];
  readonly run: string;
  readonly lane: string;
}

export interface ArbBotDeps {
  nowMs(): number;
  readonly rows: RowWriter;
  readonly permits: Permits;
  readonly stock: Stock;
  readonly desk: OrderDesk;
  readonly metrics: MetricSink;
  readonly log: Logger;
  command(command: OtherCommand): void;
  armTimer(key: string, delayMs: number): void;
  cancelTimer(key: string): void;
  /** Asks for venue truth; `reconciled()` is called with it. */
  requestReconcile(): void;
  /** Rising for the whole core, so that an answer from before a crash meets nobody. */
  nextRequestId(): number;
  onCrash(error: PlainError, details: CrashDetails): void;
}

export interface ArbBot {
  readonly config: ArbBotConfig;
  /** Before `start`: goes on from what a dead core's journal says. */
  restore(found: RecoveredBot, orders: readonly RecoveredOrder[]): void;
  start(incarnation: number): void;
  /** Ends the chart; open looks end as `end`. */
  stop(end: 'crashed' | 'run_ended'): void;
  evaluation(evaluation: ArbEvaluation): void;
  reconciled(): void;
  permitClosed(): void;
  /** @returns false when the timer is not this bot's. */
  timerDue(key: string): boolean;
  suspend(): void;
  resume(): void;
  /** Ends looks that wait for a second hit or a last look; an attempt under way goes on. */
  endRun(): void;
  attemptOpen(): boolean;
  /** The attempt under way and the base it holds. */
  holding(): { readonly attempt: number; readonly netBaseQty: number } | null;
  view(): ArbBotView;
  trace(last: number): readonly unknown[];
}

export interface ArbBotView {
  readonly id: string;
  readonly symbol: string;
  readonly state: string;
  readonly suspended: boolean;
  readonly looks: number;
  readonly near: number;
  readonly auto: number;
  readonly go: number;
  readonly trades: number;
  readonly why: Readonly<Record<string, number>>;
  readonly ev: {
    readonly spread: number;
    readonly adverse: number;
    readonly fees: number;
    readonly slippage: number;
    readonly net: number;
  };
  readonly slotOpen: boolean;
  readonly netEdgeMinBps: number;
  /** Newest first, at most ten. */
  readonly lastReasons: readonly {
    readonly atMs: number;
    readonly end: string;
    readonly value: number | null;
    readonly limit: number | null;
    readonly need: number | null;
  }[];
  readonly needDeltaPx: number | null;
  /** Messages waiting per queue. */
  readonly mailbox: Readonly<Record<QueueName, number>>;
}

interface LaneRequest {
  readonly purpose: 'lastLook' | 'unwind';
  readonly incarnation: number;
  readonly machineRequestId: number;
}

/** Hosts the arbitrage chart: judges what the lane sends, keeps looks and attempts across crashes, and turns the chart's wishes into rows and commands. */
export function createArbBot(config: ArbBotConfig, deps: ArbBotDeps): ArbBot {
  const { id, symbol, knobs, instruments } = config;
  /** As operators write it: `arb:SOL`. */
  const name = id.replace(/^bot:/, '');
  const { rows, permits, stock, desk, metrics } = deps;
  const counts = { near: 0, auto: 0, go: 0 };
  const stageTotals = {
    near: metrics.counter('arb_near_total', { symbol }),
    auto: metrics.counter('arb_auto_total', { symbol }),
    go: metrics.counter('arb_go_total', { symbol }),
  };
  const needHistogram = metrics.histogram('arb_need_delta_px', { symbol });
  const mailbox: Mailbox<AnyEventObject> = createMailbox({
    nowMs: deps.nowMs,
    onDropped: (message, reason) => {
      metrics.counter('nightjar_dead_letters_total', { reason }).inc();
      const event = message.event as ArbEvent;
      if (event.type === 'evaluated') judgedElsewhere(event);
    },
  });

  let host: MachineHost | null = null;
  let incarnation = 0;
  let suspended = false;
  let awaitingVenueTruth = true;
  /** A restored attempt is unwound at prices of this core, and its time to unwind begins when there are any. */
  let awaitingPrices = false;
  let lookSequence = 0;
  let episode = 0;
  let judging: { readonly evaluation: ArbEvaluation; readonly judgement: ArbJudgement } | null = null;
  let undecided: { lookId: number; beganAtMs: number; needDeltaPx: number | null } | null = null;
  let lastLook: ArbEvaluation | null = null;
  let unwindPrices: ArbEvaluation | null = null;
  let lastReasons: ArbBotView['lastReasons'] = [];
  let lastNeed: number | null = null;
  let tapAtMs = 0;
  let pendingLookId = 0;
  /** Why the open attempt came to nothing, as its look says. */
  let attemptWhy = 'not_filled';
  const requests = new Map<number, LaneRequest>();
  const legOfOrder = new Map<string, { readonly leg: ArbLeg; readonly shownPx: number }>();

  const looks: LookBook = createLookBook({
    symbol,
    metrics,
    reasons: ARB_REASONS,
    onEnded(look, end, verdict) {
      const { value = null, limit = null, need = null } = verdict ?? {};
      lastReasons = [{ atMs: deps.nowMs(), end, value, limit, need }, ...lastReasons.slice(0, 9)];
      rows.write('decisions', id, 'look.ended', {
        lookId: look.lookId,
        end,
        beganAtMs: look.beganAtMs,
        value,
        limit,
        need,
        needDeltaPx: look.needDeltaPx,
      });
      if (end !== 'trade') {
        const text = (number: number | null) => (number === null ? '' : String(number));
        deps.log.log(
          'debug',
          'why',
          `[WHY] stage=${end} bot=${name} value=${text(value)} limit=${text(limit)} need=${text(need)}`,
        );
      }
    },
    onPending: (look) => rows.write('decisions', id, 'look.pending', { ...look }),
  });

  const laneSend = (message: LaneMessage) => deps.command({ type: 'lane.send', lane: config.lane, message });
  const ledger: ArbLedger = createArbLedger({
    config,
    nowMs: deps.nowMs,
    rows,
    metrics,
    log: deps.log,
    command: deps.command,
    armTimer: deps.armTimer,
    cancelTimer: deps.cancelTimer,
    isFlat: (attempt) => isFlat(attempt),
    onNet: (net) => desk.noteNet(id, net),
    askPrices: () => {
      const requestId = deps.nextRequestId();
      laneSend({ type: 'prices', botSlot: config.slot, requestId });
      return requestId;
    },
  });

  function judgedElsewhere(event: Extract<ArbEvent, { type: 'evaluated' }>): void {
    looks.judged(
      { lookId: event.lookId, beganAtMs: deps.nowMs(), needDeltaPx: event.needDeltaPx },
      event.failed?.reason ?? 'busy',
      event.failed,
    );
  }

  const isFlat = (attempt: ArbAttempt) => isDust(attempt.netBaseQty(), attempt.lastLook.midPx ?? 0, instruments);
  const flatNow = () => {
    const attempt = ledger.openAttempt();
    return attempt === null || isFlat(attempt);
  };

  const deliver = (queue: 'control' | 'order' | 'timer' | 'signal', event: ArbEvent) => {
    if (host === null) return;
    host.deliver(queue, event, queue === 'signal' ? `${config.pair}/${event.type}` : undefined);
    host.drain();
  };

  const reportLeg = (leg: ArbLeg, fate: LegFate) =>
    deliver('order', {
      type: 'leg.done',
      leg,
      fate,
      flat: flatNow(),
      anyFill: ledger.openAttempt()?.anyFill() ?? false,
    });

  desk.register(id, {
    onFill(order: DeskOrder, fill) {
      const leg = legOfOrder.get(order.intent.clientOrderId);
      ledger.applyFill(order.intent.leg, fill, leg?.shownPx ?? fill.price);
    },
    onChainFee: (_order, feeSol) => ledger.openAttempt()?.addChainFee(feeSol),
    onDone(order: DeskOrder, fate: OrderFate, detail: string) {
      legOfOrder.delete(order.intent.clientOrderId);
      if (fate !== 'filled') {
        deps.log.log('info', 'order', `${name} ${order.intent.leg} order ended without a fill: ${detail}`, {
          clientOrderId: order.intent.clientOrderId,
        });
      }
      reportLeg(order.intent.leg, fate);
      tryReconcile();
    },
  });

  const sendLeg = (leg: ArbLeg) => {
    const attempt = ledger.openAttempt();
    if (attempt === null) return reportLeg(leg, 'risk');
    const basis = {
      bot: id,
      botSlot: config.slot,
      epoch: incarnation,
      attempt: attempt.number,
      symbol,
      pair: config.pair,
      knobs,
      instruments,
    };
    const order: LegOrder | null =
      leg === 'dex'
        ? dexOrder(basis, attempt.lastLook)
        : leg === 'cex'
          ? cexOrder(basis, attempt.lastLook, attempt.netBaseQty())
          : unwindPrices === null
            ? null
            : unwindOrder(basis, attempt.netBaseQty(), unwindPrices);
    if (order === null) return reportLeg(leg, 'risk');
    const prices = leg === 'unwind' ? unwindPrices! : attempt.lastLook;
    const result = desk.submit(order.draft, {
      ...order.context,
      midPx: prices.compositeMidPx ?? prices.midPx,
      // The CEX leg of dexFirst leaves when the swap is proven, seconds after its price: its limit bounds it instead.
      priceAgeMs: leg === 'cex' ? 0 : prices.evaluatedAtMs === null ? null : deps.nowMs() - prices.evaluatedAtMs,
      // Two venues may cross each other, that is the chance; one venue that crosses itself prices nothing.
      bookCrossed:
        prices.bestBidVenue === prices.bestAskVenue && (prices.bestBidPx ?? 0) >= (prices.bestAskPx ?? Infinity),
      instrument: instruments.find(({ venue }) => venue === order.draft.venue) ?? null,
      positionQty: attempt.netBaseQty(),
      sessionOpen: slotOpenNow(),
    });
    if ('refused' in result) {
      deps.log.log('warn', 'risk', `${name} ${leg} order refused: ${result.refused.reason}`, { ...result.refused });
      reportLeg(leg, result.refused.reason === 'permit' || result.refused.reason === 'killed' ? 'permit' : 'risk');
    } else {
      legOfOrder.set(result.clientOrderId, { leg, shownPx: order.shownPx });
      rows.write('decisions', id, 'order.sent', {
        clientOrderId: result.clientOrderId,
        attempt: attempt.number,
        leg,
        shownPx: order.shownPx,
      });
    }
  };

  const askLane = (purpose: LaneRequest['purpose'], machineRequestId: number) => {
    const requestId = deps.nextRequestId();
    requests.set(requestId, { purpose, incarnation, machineRequestId });
    // Answers that never came (a dead lane) must not pile up.
    if (requests.size > 64) requests.delete(requests.keys().next().value!);
    laneSend({ type: purpose === 'lastLook' ? 'lastLook' : 'prices', botSlot: config.slot, requestId });
  };

  function onEmit(event: ArbEmitted): void {
    switch (event.type) {
      case 'look.ended':
        if (event.lookId === ledger.openAttempt()?.lookId && event.end !== 'trade') attemptWhy = event.end;
        if (undecided !== null && undecided.lookId === event.lookId) {
          looks.judged(undecided, event.end, event.verdict);
          undecided = null;
        } else {
          looks.end(event.lookId, event.end, event.verdict);
        }
        return;
      case 'look.pending':
        if (undecided !== null) looks.hold(undecided);
        undecided = null;
        pendingLookId = event.lookId;
        tapAtMs = deps.nowMs();
        return;
      case 'look.served':
        undecided = null;
        return;
      case 'episode':
        countStage(event.stage, event.first);
        return;
      case 'cooldown.lift':
        laneSend({ type: 'liftCooldown', botSlot: config.slot });
        return;
      case 'lastLook.wanted':
        askLane('lastLook', event.requestId);
        return;
      case 'prices.wanted':
        askLane('unwind', event.requestId);
        return;
      case 'attempt.began':
        attemptWhy = 'not_filled';
        ledger.begin({ lookId: pendingLookId, tapAtMs, firedAtMs: deps.nowMs(), lastLook: lastLook! });
        deps.log.log('info', 'trade', `GO (ladder $${knobs.ladderNotional} ${symbol})`, { bot: id });
        return;
      case 'order.wanted':
        sendLeg(event.leg);
        return;
      case 'attempt.ended':
        ledger.end(event.residual, attemptWhy);
        return;
    }
  }

  function countStage(stage: 'near' | 'auto' | 'go', first: boolean): void {
    if (!first) return;
    if (stage === 'near') episode += 1;
    counts[stage] += 1;
    stageTotals[stage].inc();
    const numbers = judging === null ? null : { ...judging.judgement, evaluation: judging.evaluation };
    rows.write('decisions', id, stage, { episode, snapshot: numbers });
    if (stage === 'near') {
      deps.log.log('info', 'near', `NEAR ${symbol} need ${judging?.judgement.needDeltaPx?.toFixed(4) ?? '?'} USDT`, {
        bot: id,
      });
    }
  }

  const slotOpenNow = () => knobs.slot === 'allDay' || isUsOpenSlot(deps.nowMs(), knobs.slotMinutes);

  /** Shared by every look: the stages of the lane again, with what only the core knows: stock, slot, permit. */
  /**
   * The lane judged ages when it evaluated; a record that waited since (a pause of this thread, a long queue) has aged by
   * as much. `quoteAgeMs` does not count for a last look, which rests on its own firm quote.
   */
  function agedOnTheWay(evaluation: ArbEvaluation): ArbEvaluation {
    const flags = evaluation.flags ?? 0;
    if ((flags & (EvaluationFlag.stale | EvaluationFlag.rateGuard)) !== 0) return evaluation;
    const waitedMs = Math.max(0, deps.nowMs() - (evaluation.evaluatedAtMs ?? 0));
    const quoteAgeMs = evaluation.kind === EvaluationKind.lastLook ? 0 : (evaluation.quoteAgeMs ?? 0);
    const ageMs = waitedMs + Math.max(evaluation.bookAgeMs ?? 0, quoteAgeMs);
    return ageMs > knobs.maxAgeMs ? { ...evaluation, flags: flags | EvaluationFlag.stale } : evaluation;
  }

  function judge(received: ArbEvaluation) {
    const evaluation = agedOnTheWay(received);
    const judgement = judgeArb(evaluation, knobs, 'preok', stockShort(evaluation));
    const slotOpen = slotOpenNow();
    const failed: StageVerdict | null =
      judgement.failed ??
      (slotOpen ? null : { reason: 'time_slot', value: null, limit: knobs.slotMinutes, need: null }) ??
      (permits.isOpen(id) ? null : { reason: 'permit', value: null, limit: null, need: null });
    return { judgement, slotOpen, failed };
  }

  function stockShort(evaluation: ArbEvaluation): boolean {
    if (!stock.known() || evaluation.orderQty === null || evaluation.midPx === null) return false;
    const cexVenue = cexVenueAt(evaluation.cbVenue ?? evaluation.cbTopVenue);
    const quoteNeeded = evaluation.orderQty * evaluation.midPx * 1.01;
    const buys = knobs.direction === 'buyDex';
    const dexShort = buys
      ? stock.free('jupiter', 'USDC') < quoteNeeded
      : stock.free('jupiter', symbol) < evaluation.orderQty;
    if (dexShort || cexVenue === null) return dexShort;
    return buys
      ? stock.free(cexVenue, symbol) < evaluation.orderQty
      : stock.free(cexVenue, config.pair.split('/')[1]!) < quoteNeeded;
  }

  function look(evaluation: ArbEvaluation): void {
    lookSequence += 1;
    const { judgement, slotOpen, failed } = judge(evaluation);
    const needDeltaPx = judgement.failed === null ? 0 : judgement.needDeltaPx;
    lastNeed = needDeltaPx;
    if (needDeltaPx !== null) needHistogram.observe(needDeltaPx);
    const began = { lookId: lookSequence, beganAtMs: evaluation.beganAtMs ?? deps.nowMs(), needDeltaPx };
    if (host === null || suspended) {
      looks.judged(began, failed?.reason ?? 'busy', failed);
      return;
    }
    judging = { evaluation, judgement };
    undecided = began;
    deliver('signal', {
      type: 'evaluated',
      lookId: lookSequence,
      failed,
      slotOpen,
      needDeltaPx,
      quoteId: evaluation.quoteId ?? 0,
    });
    judging = null;
    // A chart that died of this very look said nothing about it.
    if (undecided !== null) looks.judged(undecided, 'crashed', null);
    undecided = null;
  }

  function lastLookAnswered(evaluation: ArbEvaluation, request: LaneRequest): void {
    lastLook = evaluation;
    const { judgement } = judge(evaluation);
    const stale = ((agedOnTheWay(evaluation).flags ?? 0) & EvaluationFlag.stale) !== 0;
    const verdict = judgeFirm(stale ? null : judgement.firmNetBps, knobs.netEdgeMinBps, 'last_look');
    deliver('signal', { type: 'lastLook.answered', requestId: request.machineRequestId, verdict });
  }

  function tryReconcile(): void {
    if (host === null || host.snapshotValue() !== 'recovering') return;
    if (awaitingVenueTruth || desk.unresolved(id).length > 0) return;
    const flat = flatNow();
    if (!flat && awaitingPrices) return;
    ledger.endRestored();
    // What a dead chart left half done is closed here when it is flat, and unwound by the new one when it is not.
    if (flat && ledger.openAttempt() !== null) ledger.end(false, 'crashed');
    deliver('order', { type: 'reconciled', flat });
  }

  return {
    config,
    restore(found, orders) {
      looks.restore(found);
      lookSequence = found.lastLookId;
      episode = found.lastEpisode;
      for (const stage of ['near', 'auto', 'go'] as const) {
        counts[stage] += found.stages[stage];
        stageTotals[stage].inc(found.stages[stage]);
      }
      ledger.restore(found);
      awaitingPrices = found.attempts.length > 0;
      for (const { intent, shownPx } of orders) {
        if (shownPx !== null) legOfOrder.set(intent.clientOrderId, { leg: intent.leg, shownPx });
      }
    },
    start(nextIncarnation) {
      incarnation = nextIncarnation;
      host = createMachineHost({
        id: `${id}@${incarnation}`,
        machine: arbMachine,
        input: { knobs },
        nowMs: deps.nowMs,
        timers: { arm: deps.armTimer, cancel: deps.cancelTimer },
        mailbox,
        onEmit: (event) => onEmit(event as ArbEmitted),
        onTransition: ({ from, to, event }) => {
          metrics.counter('nightjar_transitions_total', { machine: 'arb' }).inc();
          rows.write('transitions', id, 'transition', { from, to, event: event.type });
        },
        onCrash: (error, details) => {
          host = null;
          if (undecided !== null) looks.judged(undecided, 'crashed', null);
          undecided = null;
          looks.endAll('crashed');
          deps.onCrash(toPlainError(error), details);
        },
        onDone: () => {},
      });
      awaitingVenueTruth = true;
      host.start();
      host?.drain();
      deps.requestReconcile();
    },
    stop(end) {
      const stopped = host;
      host = null;
      looks.endAll(end);
      stopped?.stop({ keepMailbox: true });
    },
    evaluation(evaluation) {
      ledger.noteMid(evaluation);
      if (awaitingPrices && evaluation.bestBidPx !== null && evaluation.bestAskPx !== null) {
        awaitingPrices = false;
        tryReconcile();
      }
      if (evaluation.kind === EvaluationKind.look) return look(evaluation);
      if (evaluation.kind === EvaluationKind.recede) {
        const { judgement } = judge(evaluation);
        lastNeed = judgement.needDeltaPx;
        return deliver('signal', { type: 'receded', needDeltaPx: judgement.needDeltaPx });
      }
      const requestId = evaluation.requestId ?? 0;
      if (ledger.pricesAnswered(requestId, evaluation)) return;
      const request = requests.get(requestId);
      requests.delete(requestId);
      if (request === undefined || request.incarnation !== incarnation) return;
      if (request.purpose === 'lastLook') return lastLookAnswered(evaluation, request);
      unwindPrices = evaluation;
      const usable = evaluation.bestBidPx !== null && evaluation.bestAskPx !== null;
      deliver('signal', { type: 'prices.answered', requestId: request.machineRequestId, usable });
    },
    reconciled() {
      awaitingVenueTruth = false;
      tryReconcile();
    },
    permitClosed: () => deliver('control', { type: 'permit.closed' }),
    timerDue(key) {
      if (ledger.timerDue(key)) return true;
      if (!key.startsWith(`${id}@`)) return false;
      host?.timerDue(key);
      host?.drain();
      return true;
    },
    suspend() {
      suspended = true;
    },
    resume() {
      suspended = false;
    },
    endRun() {
      if (ledger.openAttempt() === null) looks.endAll('run_ended');
    },
    attemptOpen: () => ledger.openAttempt() !== null || ledger.closing() > 0,
    holding() {
      const attempt = ledger.openAttempt();
      return attempt === null ? null : { attempt: attempt.number, netBaseQty: attempt.netBaseQty() };
    },
    view: () => ({
      id,
      symbol,
      state: host === null ? 'down' : stateName(host.snapshotValue() ?? ''),
      suspended,
      looks: looks.totals().looks,
      ...counts,
      trades: looks.totals().trades,
      why: { ...looks.totals().why },
      ev: ledger.totals(),
      slotOpen: slotOpenNow(),
      netEdgeMinBps: knobs.netEdgeMinBps,
      lastReasons,
      needDeltaPx: lastNeed,
      mailbox: Object.fromEntries(QUEUE_NAMES.map((queue) => [queue, mailbox.depth(queue)])) as Record<
        QueueName,
        number
      >,
    }),
    trace: (last) => host?.trace(last) ?? [],
  };
}
