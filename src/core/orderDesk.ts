import { makeClientOrderId } from '../domain/clientOrderId.ts';
import type { Fill, LookupOutcome, OrderIntent, OrderReport, PlaceOutcome } from '../domain/orders.ts';
import { defaultRiskLimits, type RiskLimits } from '../risk/limits.ts';
import { checkOrder, type RiskRefusal } from '../risk/preTradeGate.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import type { OtherCommand } from './commands.ts';
import type { Permits } from './permits.ts';
import type { RowWriter } from './rowWriter.ts';
import type { Stock } from './stock.ts';

/** How long the gateway follows one unresolved order before it reports back; then it is asked again. */
export const RESOLVE_DEADLINE_MS = 10_000;

export type OrderDraft = Omit<OrderIntent, 'clientOrderId' | 'decidedAtMs' | 'account'>;

/** What the gate must know beyond the draft: prices and the venue's rules. */
export interface DraftContext {
  readonly price: number | null;
  readonly midPx: number | null;
  readonly priceAgeMs: number | null;
  readonly minQty: number;
  readonly minNotional: number;
  readonly parentRemainingQty: number;
  readonly lossSoFar: number;
}

export type OrderFate = 'filled' | 'nothing' | 'permit';

export interface DeskOrder {
  readonly intent: OrderIntent;
  done: boolean;
  filledQty: number;
}

export interface OrderOwner {
  onFill(order: DeskOrder, fill: Fill): void;
  /** A failed swap was charged all the same. */
  onChainFee(order: DeskOrder, feeSol: number): void;
  /** Exactly once per order, after its last fill. */
  onDone(order: DeskOrder, fate: OrderFate, detail: string): void;
}

export interface OrderDesk {
  register(bot: string, owner: OrderOwner): void;
  submit(
    draft: OrderDraft,
    context: DraftContext,
  ): { readonly clientOrderId: string } | { readonly refused: RiskRefusal };
  placed(clientOrderId: string, answer: PlaceOutcome): void;
  refused(clientOrderId: string, reason: string): void;
  resolved(clientOrderId: string, answer: LookupOutcome): void;
  unresolved(bot: string): readonly DeskOrder[];
  openOrderCount(): number;
  /** Asks the gateway after every order whose fate is open. */
  followAll(): void;
}

export interface OrderDeskDeps {
  readonly runTag: string;
  readonly coreIncarnation: number;
  nowMs(): number;
  readonly rows: RowWriter;
  readonly permits: Permits;
  readonly stock: Stock;
  readonly metrics: MetricSink;
  readonly limits?: RiskLimits;
  command(command: OtherCommand): void;
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/**
 * Turns drafts into journalled intents behind the pre-trade gate, and venue answers into fills (each venue trade id
 * once) and one proven fate per order. An unknown outcome is never resent: it is asked after until the venue proves it.
 */
export function createOrderDesk(deps: OrderDeskDeps): OrderDesk {
  const { rows, permits, stock } = deps;
  const limits = deps.limits ?? defaultRiskLimits;
  const orders = new Map<string, DeskOrder>();
  const owners = new Map<string, OrderOwner>();
  const appliedTrades = new Set<string>();
  const lastSentAt = new Map<string, number>();
  let sentAt: number[] = [];
  let sequence = 0;

  const notional = (order: DeskOrder) => Number(order.intent.qty) * Number(order.intent.price ?? 0);
  const openOf = (bot: string) => [...orders.values()].filter((order) => !order.done && order.intent.bot === bot);

  const finish = (order: DeskOrder, fate: OrderFate, detail: string) => {
    if (order.done) return;
    order.done = true;
    orders.delete(order.intent.clientOrderId);
    owners.get(order.intent.bot)?.onDone(order, fate, detail);
  };

  const applyReport = (order: DeskOrder, report: OrderReport) => {
    for (const fill of report.fills) {
      // Trade ids are unique per symbol only, at Binance and OKX.
      const key = `${fill.venue}/${fill.pair}/${fill.tradeId}`;
      if (appliedTrades.has(key)) continue;
      appliedTrades.add(key);
      order.filledQty += fill.qty;
      stock.applyFill(fill);
      rows.write('fills', order.intent.bot, order.intent.leg, { ...fill, attempt: order.intent.attempt });
      owners.get(order.intent.bot)?.onFill(order, fill);
    }
    if (report.status === 'open') return;
    if (!order.done && report.failedChainFee !== undefined) {
      owners.get(order.intent.bot)?.onChainFee(order, report.failedChainFee);
    }
    finish(order, order.filledQty > 0 ? 'filled' : 'nothing', report.status);
  };

  const follow = (order: DeskOrder) => {
    const { clientOrderId, venue, account, pair, type } = order.intent;
    const ref = { clientOrderId, venue, account, pair, type };
    deps.command({ type: 'order.resolve', ref, deadlineMs: deps.nowMs() + RESOLVE_DEADLINE_MS });
  };

  return {
    register(bot, owner) {
      owners.set(bot, owner);
    },
    submit(draft, context) {
      const nowMs = deps.nowMs();
      sentAt = sentAt.filter((atMs) => nowMs - atMs < 1000);
      const sameKey = `${draft.bot}/${draft.attempt}/${draft.leg}/${draft.side}`;
      const open = openOf(draft.bot);
      const refusal = checkOrder(
        {
          ...context,
          side: draft.side,
          effect: draft.effect,
          qty: Number(draft.qty),
          openOrders: open.length,
          openNotional: open.reduce((sum, order) => sum + notional(order), 0),
          sameSentAtMs: lastSentAt.get(sameKey) ?? null,
          sentInLastSecond: sentAt.length,
          permitOpen: permits.isOpen(draft.bot),
          killed: permits.isKilled(draft.bot),
          nowMs,
        },
        limits,
      );
      if (refusal !== null) {
        rows.write('decisions', draft.bot, 'order.refused', { leg: draft.leg, attempt: draft.attempt, ...refusal });
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
      orders.set(clientOrderId, { intent, done: false, filledQty: 0 });
      lastSentAt.set(sameKey, nowMs);
      sentAt.push(nowMs);
      rows.write('intents', draft.bot, 'order.place', intent);
      return { clientOrderId };
    },
    placed(clientOrderId, answer) {
      const order = orders.get(clientOrderId);
      if (order === undefined) return;
      rows.write('reports', order.intent.bot, `placed.${answer.outcome}`, { clientOrderId, answer });
      deps.metrics.counter('nightjar_orders_total', { venue: order.intent.venue, outcome: answer.outcome }).inc();
      if (answer.outcome === 'confirmed') applyReport(order, answer.report);
      else if (answer.outcome === 'rejected') finish(order, 'nothing', `${answer.code}: ${answer.reason}`);
      // unknown: the gateway follows it by itself; its proof arrives as `resolved`.
    },
    refused(clientOrderId, reason) {
      const order = orders.get(clientOrderId);
      if (order === undefined) return;
      rows.write('reports', order.intent.bot, 'refused', { clientOrderId, reason });
      finish(order, 'permit', reason);
    },
    resolved(clientOrderId, answer) {
      const order = orders.get(clientOrderId);
      if (order === undefined) return;
      rows.write('reports', order.intent.bot, `resolved.${answer.found}`, { clientOrderId, answer });
      if (answer.found === 'yes') {
        applyReport(order, answer.report);
        if (!order.done) follow(order);
      } else if (answer.found === 'no') {
        finish(order, order.filledQty > 0 ? 'filled' : 'nothing', 'the venue has no such order');
      } else {
        deps.warn('order still unresolved, asking again', { clientOrderId, reason: answer.reason });
        follow(order);
      }
    },
    unresolved: openOf,
    openOrderCount: () => orders.size,
    followAll() {
      for (const order of [...orders.values()]) follow(order);
    },
  };
}
