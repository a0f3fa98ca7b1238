import { NightjarError } from '../domain/errors.ts';
import type { OrderIntent, OrderRef } from '../domain/orders.ts';
import type { JournalRow } from '../journal/rows.ts';
import type { ToGateway } from './gatewayMessages.ts';

export type IntentMessage = Extract<ToGateway, { type: 'place' | 'cancel' }>;

/** What a committed `intents` row asks of the gateway. @throws NightjarError journal.failed on a kind that is no order */
export function gatewayMessageOf(row: JournalRow): IntentMessage {
  switch (row.kind) {
    case 'order.place':
      return { type: 'place', intent: row.payload as OrderIntent };
    case 'order.cancel':
      return { type: 'cancel', ref: row.payload as OrderRef };
    default:
      throw new NightjarError('journal.failed', `intents ${row.seq} has the kind "${row.kind}", which is no order`, {
        seq: row.seq,
        kind: row.kind,
      });
  }
}
