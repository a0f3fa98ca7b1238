import { makeClientOrderId } from '../domain/clientOrderId.ts';
import type { OrderIntent, OrderReport } from '../domain/orders.ts';
import { createFillBook } from '../ledger/fillBook.ts';
import { isEnded, type OrderEventType } from '../machines/orderTable.ts';
import { defaultRiskLimits } from '../risk/limits.ts';
import { checkCancel, checkOrder } from '../risk/preTradeGate.ts';
import { knownToDesk, rulesHashOf } from './orderDeskCheck.ts';
import { createFillDesk } from './orderDeskFills.ts';
import { createOrderLives } from './orderDeskLives.ts';
import { createLossDesk } from './orderDeskLosses.ts';
import { createPauses } from './orderDeskPauses.ts';
import type { DeskOrder, OrderDesk, OrderDeskDeps, OrderFate, OrderOwner } from './orderDeskTypes.ts';

export type {
  DeskOrder,
  DraftContext,
  OrderDesk,
  OrderDeskDeps,
  OrderDraft,
  OrderFate,
  OrderOwner,
} from './orderDeskTypes.ts';

/** How long the gateway follows one unresolved order before it reports back; then it is asked again. */
export const RESOLVE_DEADLINE_MS = 10_000;
/** A cancel that shows no effect is asked again so often in all; then only the order's fate is asked after. */
const MOST_CANCELS = 3;
/** An order without a known fate for this long wakes somebody. */
const UNKNOWN_ALARM_MS = 30_000;

/**
 * Turns drafts into journalled intents behind the pre-trade gate, and venue answers into fills (each venue trade id
 * once) and one proven fate per order. An unknown outcome is never resent: it is asked after until the venue proves it.
 */
export function createOrderDesk(deps: OrderDeskDeps): OrderDesk {
  const { rows, permits, stock } = deps;
  const limits = deps.limits ?? defaultRiskLimits;
  const rulesAtStart = new Map(deps.instruments.map((one) => [`${one.venue}/${one.pair}`, rulesHashOf(one)] as const));
  const owners = new Map<string, OrderOwner>();
  const lastSentAt = new Map<string, number>();
  let sentAt: number[] = [];
  let cancelledAt: number[] = [];
  let sequence = 0;
  let activity = 0;

  const pauses = createPauses(deps);
  const losses = createLossDesk({ ...deps, limits });
  const book = createFillBook();
  const lives = createOrderLives({ ...deps, pauses, forget: (clientOrderId) => book.forget(clientOrderId) });
  const fillDesk = createFillDesk({ ...deps, book, lives, owners });

  const hear = (order: DeskOrder, event: OrderEventType, detail: string) => {
    const livesAgain = lives.hear(order, event);
    // Nobody waits for it any more, so nobody wants what it may still do.
    if (livesAgain) cancelNow(order);
    else if (isEnded(order.state)) finish(order, detail);
  };

  const finish = (order: DeskOrder, detail: string) => {
    lives.retire(order);
    stock.release(order.intent.clientOrderId);
    if (order.done) return;
    order.done = true;
    activity += 1;
    const fate: OrderFate = order.filledQty > 0 ? 'filled' : order.state === 'refused' ? 'permit' : 'nothing';
    owners.get(order.intent.bot)?.onDone(order, fate, detail);
  };

  const applyReport = (order: DeskOrder, report: OrderReport) => {
    activity += 1;
    fillDesk.apply(order, report);
    const event = report.status === 'open' && order.filledQty > 0 ? 'report.partlyFilled' : `report.${report.status}`;
    hear(order, event as OrderEventType, report.status);
  };

  const refOf = ({ intent: { clientOrderId, venue, account, pair, type } }: DeskOrder) => ({
    ...{ clientOrderId, venue, account, pair, type },
  });
  const follow = (order: DeskOrder) =>
    deps.command({ type: 'order.resolve', ref: refOf(order), deadlineMs: deps.nowMs() + RESOLVE_DEADLINE_MS });

  const cancelNow = (order: DeskOrder) => {
    order.cancelsAsked += 1;
    cancelledAt.push(deps.nowMs());
    rows.write('intents', order.intent.bot, 'order.cancel', refOf(order));
    hear(order, 'cancel.asked', 'cancelled');
  };
  const cancelsInLastSecond = () => {
    cancelledAt = cancelledAt.filter((atMs) => deps.nowMs() - atMs < 1000);
    return cancelledAt.length;
  };

  const stillUnknown = (order: DeskOrder, reason: string) => {
    const { clientOrderId } = order.intent;
    hear(order, 'lookup.unknown', reason);
    if (isEnded(order.state)) return;
    deps.warn('order still unresolved, asking again', { clientOrderId, reason });
    if (order.unknownSinceMs !== null && deps.nowMs() - order.unknownSinceMs >= UNKNOWN_ALARM_MS) {
      lives.flag(order, 'unknown_overdue', `no proof of its fate for ${UNKNOWN_ALARM_MS / 1000} s`, 'alarm');
    }
    const cancelAgain =
      order.cancelsAsked > 0 &&
      order.cancelsAsked < MOST_CANCELS &&
      checkCancel(cancelsInLastSecond(), limits) === null;
    if (cancelAgain) cancelNow(order);
    else follow(order);
  };

  return {
    register(bot, owner) {
      owners.set(bot, owner);
    },
    submit(draft, context) {
      const nowMs = deps.nowMs();
      sentAt = sentAt.filter((atMs) => nowMs - atMs < 1000);
      const sameKey = `${draft.bot}/${draft.attempt}/${draft.leg}/${draft.side}`;
      const { instrument, ...figures } = context;
      const rulesHash = rulesHashOf(instrument);
      const refusal = checkOrder(
        {
          ...figures,
          ...knownToDesk(draft, context, { living: lives.living(), lastTrades: fillDesk.lastTrades, nowMs }),
          ...losses.of(draft.bot),
          side: draft.side,
          effect: draft.effect,
          qty: Number(draft.qty),
          sameSentAtMs: lastSentAt.get(sameKey) ?? null,
          sentInLastSecond: sentAt.length,
          rulesHash,
          rulesHashAtStart:
            instrument === null ? null : (rulesAtStart.get(`${instrument.venue}/${instrument.pair}`) ?? null),
          symbolPaused: pauses.isPaused(draft.pair),
          permitOpen: permits.isOpen(draft.bot),
          killed: permits.isKilled(draft.bot),
          nowMs,
        },
        limits,
      );
      if (refusal !== null) {
        rows.write('decisions', draft.bot, 'order.refused', { leg: draft.leg, attempt: draft.attempt, ...refusal });
        if (refusal.reason === 'metadata_changed') pauses.pause(draft.pair, draft.bot, refusal.reason);
        return { refused: refusal };
      }
      sequence += 1;
      const clientOrderId = makeClientOrderId({
        runTag: deps.runTag,
        botSlot: draft.botSlot,
        coreIncarnation: deps.coreIncarnation,
        botIncarnation: draft.epoch,
        sequence,
      });
      const intent: OrderIntent = { ...draft, clientOrderId, account: 'main', decidedAtMs: nowMs };
      const order = lives.begin(intent, 'intended', context.price ?? context.midPx ?? 0);
      fillDesk.expect(order);
      lastSentAt.delete(sameKey);
      lastSentAt.set(sameKey, nowMs);
      if (lastSentAt.size > 256) lastSentAt.delete(lastSentAt.keys().next().value!);
      sentAt.push(nowMs);
      activity += 1;
      rows.write('intents', draft.bot, 'order.place', intent);
      return { clientOrderId };
    },
    cancel(clientOrderId) {
      const order = lives.find(clientOrderId);
      if (order === undefined || isEnded(order.state)) return 'not alive';
      if (order.state === 'cancelling') return 'under way';
      const refusal = checkCancel(cancelsInLastSecond(), limits);
      if (refusal !== null) return { refused: refusal };
      cancelNow(order);
      return 'asked';
    },
    cancelAll() {
      // No rate limit: nothing comes after this. A swap on the chain cannot be called back.
      const open = [...lives.living()].filter(({ intent, state }) => intent.type !== 'swap' && state !== 'cancelling');
      for (const order of open) cancelNow(order);
      return open.map(({ intent }) => intent.clientOrderId);
    },
    placed(clientOrderId, answer) {
      const order = lives.find(clientOrderId);
      if (order === undefined) {
        if (answer.outcome === 'confirmed') fillDesk.applyOrphan(clientOrderId, answer.report);
        return;
      }
      rows.write('reports', order.intent.bot, `placed.${answer.outcome}`, { clientOrderId, answer });
      deps.metrics.counter('nightjar_orders_total', { venue: order.intent.venue, outcome: answer.outcome }).inc();
      if (answer.outcome === 'confirmed') applyReport(order, answer.report);
      else if (answer.outcome === 'rejected') hear(order, 'answer.rejected', `${answer.code}: ${answer.reason}`);
      // unknown: the gateway follows it by itself; its proof arrives as `resolved`.
      else hear(order, 'answer.unknown', answer.reason);
    },
    refused(clientOrderId, reason) {
      const order = lives.find(clientOrderId);
      if (order === undefined) return;
      rows.write('reports', order.intent.bot, 'refused', { clientOrderId, reason });
      hear(order, 'answer.refused', reason);
    },
    resolved(clientOrderId, answer) {
      const order = lives.find(clientOrderId);
      if (order === undefined) {
        if (answer.found === 'yes') fillDesk.applyOrphan(clientOrderId, answer.report);
        return;
      }
      // A "no" about an order that the venue has shown proves nothing, and must not read as its end in the journal.
      const found = answer.found === 'no' && order.acknowledged ? 'vanished' : answer.found;
      rows.write('reports', order.intent.bot, `resolved.${found}`, { clientOrderId, answer });
      if (answer.found === 'yes') applyReport(order, answer.report);
      else if (answer.found === 'unknown') return stillUnknown(order, answer.reason);
      else hear(order, found === 'no' ? 'lookup.absent' : 'lookup.vanished', 'the venue has no such order');
      if (!isEnded(order.state)) follow(order);
    },
    adopt(found) {
      return found.map(({ intent, fills }) => {
        const order = lives.begin(intent, 'unknown', Number(intent.price ?? fills[0]?.price ?? 0));
        fillDesk.expect(order);
        for (const fill of fills) book.apply(fill);
        order.filledQty = book.filledQty(intent.clientOrderId);
        order.acknowledged = fills.length > 0;
        return order;
      });
    },
    rememberDenied(intents) {
      for (const intent of intents) {
        if (intent.type !== 'swap') book.ordered(intent.clientOrderId, Number(intent.qty));
        const order = lives.begin(intent, 'neverArrived', Number(intent.price ?? 0));
        order.done = true;
        lives.retire(order);
      }
    },
    rememberTrades(trades) {
      for (const trade of trades) book.remember(trade);
    },
    unresolved: (bot) => [...lives.living()].filter((order) => order.intent.bot === bot),
    openOrderCount: () => lives.count(),
    listed(report) {
      const order = lives.find(report.clientOrderId);
      if (order === undefined) return false;
      // The living are followed anyway, by answers that are newer than any list.
      if (isEnded(order.state)) applyReport(order, report);
      return true;
    },
    activity: () => activity,
    followAll() {
      for (const order of [...lives.living()]) {
        hear(order, 'follow.asked', 'its follower died');
        follow(order);
      }
    },
    recheck(venue, sinceMs) {
      for (const order of lives.endedSince(sinceMs)) if (order.intent.venue === venue) follow(order);
    },
    restoreLosses: losses.restore,
    noteNet: (bot, net) => losses.note(bot, net),
    pause: pauses.pause,
    permitsChanged: () => pauses.permitsChanged(),
  };
}
