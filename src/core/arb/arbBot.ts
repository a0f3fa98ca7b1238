import type { AnyEventObject } from 'xstate';
import { createMachineHost, type MachineHost } from '../../actors/machineHost.ts';
import { type Mailbox, type MailboxMessage, QUEUE_NAMES, type QueueName } from '../../actors/mailbox.ts';
import { stateName } from '../../actors/stateNames.ts';
import { toPlainError } from '../../domain/errors.ts';
import type { ArbEmitted, ArbEvent, ArbLeg, LegFate } from '../../machines/arbEvents.ts';
import { arbMachine } from '../../machines/arbMachine.ts';
import { type ArbEvaluation, EvaluationKind } from '../../strategies/arb/arbEvaluation.ts';
import type { LaneMessage } from '../../workers/laneMessages.ts';
import type { ArbAttempt } from './arbAttempt.ts';
import type { ArbBot, ArbBotConfig, ArbBotDeps } from './arbBotTypes.ts';
import { createArbJudge } from './arbJudge.ts';
import { createLaneAsks } from './arbLaneAsks.ts';
import { type ArbLedger, createArbLedger } from './arbLedger.ts';
import { type ArbLegs, createArbLegs } from './arbLegs.ts';
import { createArbLooks } from './arbLooks.ts';
import { isDust } from './arbOrders.ts';
import { createArbPoison } from './arbPoison.ts';

/** More quotes than a lane can ask for in a year, and few enough that numbers stay exact. */
const QUOTES_PER_LANE_LIFE = 1e9;

/** Hosts the arbitrage chart: judges what the lane sends, keeps looks and attempts across crashes, and turns the chart's wishes into rows and commands. */
export function createArbBot(config: ArbBotConfig, deps: ArbBotDeps): ArbBot {
  const { id, symbol, knobs, instruments } = config;
  const { rows, desk, metrics } = deps;
  const judge = createArbJudge(config, deps);
  const poison = createArbPoison(config, deps);
  /** A look that will not be delivered ends here. */
  const undelivered = (message: MailboxMessage<AnyEventObject>) => {
    const event = message.event as ArbEvent;
    if (event.type !== 'evaluated') return;
    looks.dropped(event.lookId, event.needDeltaPx, event.failed?.reason ?? 'busy', event.failed);
  };
  const mailbox: Mailbox<AnyEventObject> = poison.mailbox(
    {
      nowMs: deps.nowMs,
      onDropped: (message, reason) => {
        metrics.counter('nightjar_dead_letters_total', { reason }).inc();
        undelivered(message);
      },
    },
    () => host?.snapshotValue() ?? null,
    undelivered,
  );

  let host: MachineHost | null = null;
  let incarnation = 0;
  let suspended = false;
  let awaitingVenueTruth = true;
  /** A restored attempt is unwound at prices of this core, and its time to unwind begins when there are any. */
  let awaitingPrices = false;
  let lastLook: ArbEvaluation | null = null;
  let tapAtMs = 0;
  let pendingLookId = 0;
  /** Why the open attempt came to nothing, as its look says. */
  let attemptWhy = 'not_filled';
  const looks = createArbLooks(config, deps);
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

  const legs: ArbLegs = createArbLegs({
    config,
    desk,
    ledger,
    rows,
    log: deps.log,
    nowMs: deps.nowMs,
    slotOpen: judge.slotOpen,
    onLegDone: reportLeg,
    onProven: () => tryReconcile(),
  });

  const asks = createLaneAsks({ botSlot: config.slot, nextRequestId: deps.nextRequestId, send: laneSend });

  function onEmit(event: ArbEmitted): void {
    switch (event.type) {
      case 'look.ended':
        if (event.lookId === ledger.openAttempt()?.lookId && event.end !== 'trade') attemptWhy = event.end;
        looks.ended(event.lookId, event.end, event.verdict);
        return;
      case 'look.pending':
        looks.pending();
        pendingLookId = event.lookId;
        tapAtMs = deps.nowMs();
        return;
      case 'look.served':
        looks.served();
        return;
      case 'episode':
        looks.countStage(event.stage, event.first);
        return;
      case 'cooldown.lift':
        laneSend({ type: 'liftCooldown', botSlot: config.slot });
        return;
      case 'lastLook.wanted':
        asks.ask({ purpose: 'lastLook', incarnation, machineRequestId: event.requestId });
        return;
      case 'prices.wanted':
        asks.ask({ purpose: 'unwind', incarnation, machineRequestId: event.requestId });
        return;
      case 'attempt.began':
        attemptWhy = 'not_filled';
        ledger.begin({ lookId: pendingLookId, tapAtMs, firedAtMs: deps.nowMs(), lastLook: lastLook! });
        deps.log.log('info', 'trade', `GO (ladder $${knobs.ladderNotional} ${symbol})`, { bot: id });
        return;
      case 'order.wanted':
        legs.send(event.leg, incarnation);
        return;
      case 'attempt.ended':
        ledger.end(event.residual, attemptWhy);
        return;
    }
  }

  function look(evaluation: ArbEvaluation): void {
    const judged = judge.judge(evaluation);
    const { judgement, slotOpen, failed } = judged;
    const { lookId } = looks.begin(evaluation, judged);
    if (host === null || suspended) {
      looks.settle(failed?.reason ?? 'busy', failed);
      return;
    }
    deliver('signal', {
      type: 'evaluated',
      lookId,
      failed,
      slotOpen,
      // A firm quote that passed preok has reached the line, whatever the indicative one still lacks.
      needDeltaPx: judgement.failed === null ? 0 : judgement.needDeltaPx,
      // A lane that starts again numbers its quotes from 1: what it says is newer all the same.
      quoteId: deps.laneIncarnation() * QUOTES_PER_LANE_LIFE + (evaluation.quoteId ?? 0),
    });
    // A chart that died of this very look said nothing about it.
    looks.settle('crashed', null);
  }

  function lastLookAnswered(evaluation: ArbEvaluation, machineRequestId: number): void {
    lastLook = evaluation;
    const verdict = judge.lastLook(evaluation);
    deliver('signal', { type: 'lastLook.answered', requestId: machineRequestId, verdict });
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
      if (found.lossState !== undefined) desk.restoreLosses(id, found.lossState);
      ledger.restore(found);
      awaitingPrices = found.attempts.length > 0;
      legs.restore(orders);
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
          poison.crashed(details);
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
        looks.noteNeed(judgement.needDeltaPx);
        return deliver('signal', { type: 'receded', needDeltaPx: judgement.needDeltaPx });
      }
      const requestId = evaluation.requestId ?? 0;
      if (ledger.pricesAnswered(requestId, evaluation)) return;
      const asked = asks.take(requestId, incarnation);
      if (asked === undefined) return;
      if (asked.purpose === 'lastLook') return lastLookAnswered(evaluation, asked.machineRequestId);
      legs.priceUnwind(evaluation);
      const usable = evaluation.bestBidPx !== null && evaluation.bestAskPx !== null;
      deliver('signal', { type: 'prices.answered', requestId: asked.machineRequestId, usable });
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
    release: () => poison.release(),
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
      state: host === null ? (incarnation === 0 ? 'starting' : 'down') : stateName(host.snapshotValue() ?? ''),
      suspended,
      ...looks.view(),
      ev: ledger.totals(),
      slotOpen: judge.slotOpen(),
      netEdgeMinBps: knobs.netEdgeMinBps,
      quarantined: poison.entries(),
      mailbox: Object.fromEntries(QUEUE_NAMES.map((queue) => [queue, mailbox.depth(queue)])) as Record<
        QueueName,
        number
      >,
    }),
    trace: (last) => host?.trace(last) ?? [],
  };
}
