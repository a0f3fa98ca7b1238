import type { OrderIntent } from '../../src/domain/orders.ts';
import type { JournalRow } from '../../src/journal/rows.ts';
import { isEnded, type OrderState } from '../../src/machines/orderTable.ts';
import type { RowTap } from './rowTap.ts';

export interface LivingOrder {
  readonly intent: OrderIntent;
  readonly state: OrderState;
  /** Of the world, when it came into this state. */
  readonly sinceMs: number;
}

/** Orders without an end and attempts without a close, as the rows tell it. */
export interface OrderWatch {
  hear(row: JournalRow): void;
  /** A new core: it begins with what the rows before it left open. */
  rebuild(tap: RowTap): void;
  living(): readonly LivingOrder[];
  intentOf(clientOrderId: string): OrderIntent | undefined;
  /** Bots with an attempt under way. */
  attempts(): readonly string[];
}

export function createOrderWatch(nowMs: () => number): OrderWatch {
  const intents = new Map<string, OrderIntent>();
  let living = new Map<string, LivingOrder>();
  let attempts = new Map<string, string>();

  const hear = ({ table, kind, subject, payload }: JournalRow) => {
    if (table === 'intents' && kind === 'order.place') {
      const intent = payload as OrderIntent;
      intents.set(intent.clientOrderId, intent);
      living.set(intent.clientOrderId, { intent, state: 'intended', sinceMs: nowMs() });
    } else if (table === 'transitions' && kind === 'order') {
      const { clientOrderId, to } = payload as { clientOrderId: string; to: OrderState };
      const intent = intents.get(clientOrderId);
      if (isEnded(to) || intent === undefined) living.delete(clientOrderId);
      else living.set(clientOrderId, { intent, state: to, sinceMs: nowMs() });
    } else if (table === 'decisions' && kind === 'attempt.began') {
      const { number } = payload as { number: number };
      attempts.set(`${subject} ${number}`, subject);
    } else if (table === 'decisions' && kind === 'attempt.closed') {
      const { attempt } = payload as { attempt: number };
      attempts.delete(`${subject} ${attempt}`);
    }
  };

  return {
    hear,
    rebuild(tap) {
      living = new Map();
      attempts = new Map();
      for (const table of ['intents', 'transitions', 'decisions'] as const) for (const row of tap.of(table)) hear(row);
      // Whatever the dead core knew of an order died with it.
      for (const [id, order] of living) living.set(id, { ...order, state: 'unknown', sinceMs: nowMs() });
    },
    living: () => [...living.values()],
    intentOf: (clientOrderId) => intents.get(clientOrderId),
    attempts: () => [...new Set(attempts.values())],
  };
}
