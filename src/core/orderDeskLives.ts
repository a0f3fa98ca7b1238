import type { OrderIntent } from '../domain/orders.ts';
import { isEnded, type OrderEventType, type OrderState, orderAfter } from '../machines/orderTable.ts';
import type { Pauses } from './orderDeskPauses.ts';
import type { DeskOrder } from './orderDeskTypes.ts';
import type { RowWriter } from './rowWriter.ts';

/** Ended orders that are remembered, so that late news about them is judged; then the oldest is forgotten. */
export const ENDED_CAPACITY = 4096;

/** The lives of all orders: each step in the journal, each contradiction as evidence. */
export interface OrderLives {
  begin(intent: OrderIntent, state: OrderState, referencePx: number): DeskOrder;
  /** Living or remembered. */
  find(clientOrderId: string): DeskOrder | undefined;
  living(): Iterable<DeskOrder>;
  count(): number;
  endedSince(sinceMs: number): readonly DeskOrder[];
  /** @returns true when an order that had ended lives again */
  hear(order: DeskOrder, event: OrderEventType): boolean;
  /** Moves an ended order to the remembered ones; again does nothing. */
  retire(order: DeskOrder): void;
  /** Evidence and an alarm, once per kind and text of an order; `pause` also stops its symbol. */
  flag(order: DeskOrder, kind: string, detail: string, weight: 'alarm' | 'pause', report?: unknown): void;
}

export interface OrderLivesDeps {
  readonly rows: RowWriter;
  readonly pauses: Pauses;
  nowMs(): number;
  alarm?(message: string, fields: Readonly<Record<string, unknown>>): void;
  /** An order has left the memory. */
  forget(clientOrderId: string): void;
}

export function createOrderLives(deps: OrderLivesDeps): OrderLives {
  const { rows } = deps;
  const living = new Map<string, DeskOrder>();
  const ended = new Map<string, { readonly order: DeskOrder; readonly atMs: number }>();
  const flagged = new WeakMap<DeskOrder, Set<string>>();

  const flag: OrderLives['flag'] = (order, kind, detail, weight, report) => {
    const { clientOrderId, bot, pair } = order.intent;
    const known = flagged.get(order) ?? new Set();
    flagged.set(order, known);
    if (!known.has(`${kind}/${detail}`)) {
      known.add(`${kind}/${detail}`);
      rows.write('reports', bot, 'evidence', { clientOrderId, kind, detail, report: report ?? null });
      deps.alarm?.(`${bot} ${kind}: ${detail}`, { clientOrderId, kind });
    }
    if (weight === 'pause') deps.pauses.pause(pair, bot, kind);
  };

  return {
    begin(intent, state, referencePx) {
      const order: DeskOrder = {
        intent,
        state,
        done: false,
        filledQty: 0,
        acknowledged: false,
        venueTimeMs: 0,
        reportedQty: 0,
        unknownSinceMs: state === 'unknown' ? deps.nowMs() : null,
        cancelsAsked: 0,
        referencePx,
      };
      living.set(intent.clientOrderId, order);
      return order;
    },
    find: (clientOrderId) => living.get(clientOrderId) ?? ended.get(clientOrderId)?.order,
    living: () => living.values(),
    count: () => living.size,
    endedSince: (sinceMs) => [...ended.values()].filter(({ atMs }) => atMs >= sinceMs).map(({ order }) => order),
    hear(order, event) {
      const from = order.state;
      const { to, news } = orderAfter(from, event);
      const { clientOrderId, bot } = order.intent;
      order.state = to;
      if (from !== to) rows.write('transitions', bot, 'order', { clientOrderId, from, to, event });
      order.unknownSinceMs = to === 'unknown' ? (order.unknownSinceMs ?? deps.nowMs()) : null;
      if (news === 'contradiction') flag(order, 'contradiction', `${event} after ${from}`, 'pause');
      if (!isEnded(from) || isEnded(to)) return false;
      ended.delete(clientOrderId);
      living.set(clientOrderId, order);
      return true;
    },
    retire(order) {
      const { clientOrderId } = order.intent;
      if (!living.delete(clientOrderId)) return;
      ended.set(clientOrderId, { order, atMs: deps.nowMs() });
      if (ended.size <= ENDED_CAPACITY) return;
      const oldest = ended.keys().next().value!;
      ended.delete(oldest);
      deps.forget(oldest);
    },
    flag,
  };
}
