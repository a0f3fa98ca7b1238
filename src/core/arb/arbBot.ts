import type { AnyEventObject } from 'xstate';
import { createMachineHost, type MachineHost } from '../../actors/machineHost.ts';
import { createMailbox, type Mailbox, QUEUE_NAMES, type QueueName } from '../../actors/mailbox.ts';
import { stateName } from '../../actors/stateNames.ts';
import { toPlainError } from '../../domain/errors.ts';
import type { ArbEmitted, ArbEvent, ArbLeg, LegFate } from '../../machines/arbEvents.ts';
import { arbMachine } from '../../machines/arbMachine.ts';
import { type ArbEvaluation, EvaluationKind } from '../../strategies/arb/arbEvaluation.ts';
import { ARB_REASONS, type ArbJudgement } from '../../strategies/arb/arbStages.ts';
import type { LaneMessage } from '../../workers/laneMessages.ts';
import type { DeskOrder, OrderFate } from '../orderDesk.ts';
import type { ArbAttempt } from './arbAttempt.ts';
import type { ArbBot, ArbBotConfig, ArbBotDeps, ArbBotView } from './arbBotTypes.ts';
import { createArbJudge } from './arbJudge.ts';
import { type ArbLedger, createArbLedger } from './arbLedger.ts';
import { cexOrder, dexOrder, isDust, type LegOrder, unwindOrder } from './arbOrders.ts';
import { createLookBook, type LookBook } from './lookBook.ts';

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
  const { rows, desk, metrics } = deps;
  const judge = createArbJudge(config, deps);
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
    // The very look being delivered was dropped: it ends here, once.
    if (undecided?.lookId === event.lookId) undecided = null;
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
      sessionOpen: judge.slotOpen(),
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

  function look(evaluation: ArbEvaluation): void {
    lookSequence += 1;
    const { judgement, slotOpen, failed } = judge.judge(evaluation);
    const { needDeltaPx } = judgement;
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
      // A firm quote that passed preok has reached the line, whatever the indicative one still lacks.
      needDeltaPx: judgement.failed === null ? 0 : needDeltaPx,
      quoteId: evaluation.quoteId ?? 0,
    });
    judging = null;
    // A chart that died of this very look said nothing about it.
    if (undecided !== null) looks.judged(undecided, 'crashed', null);
    undecided = null;
  }

  function lastLookAnswered(evaluation: ArbEvaluation, request: LaneRequest): void {
    lastLook = evaluation;
    const verdict = judge.lastLook(evaluation);
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
        const { judgement } = judge.judge(evaluation);
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
      slotOpen: judge.slotOpen(),
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
