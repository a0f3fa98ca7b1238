import type { JournalRow } from '../journal/rows.ts';
import { gatewayMessageOf, type IntentMessage } from './gatewayMessageOf.ts';
import type { ToGateway } from './gatewayMessages.ts';

/** What the outlet needs of a message port. */
export interface GatewayPort {
  postMessage(message: ToGateway): void;
  close(): void;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * The only way by which orders reach the gateway, in order. Their cancels are passed over: the core has sent them itself,
 * without waiting for this thread.
 */
export interface IntentOutlet {
  /** A new gateway: what waits for the old one must have been handed over before. */
  connect(port: GatewayPort): void;
  /** Takes an intent of the open group. @throws NightjarError journal.failed on a kind that is no order */
  add(row: JournalRow, isHandedOver: boolean): void;
  readonly waiting: number;
  /** After the commit: the group's intents leave. */
  handOver(): void;
  /**
   * Fail-stop, for good: orders of the open group and all later ones are given back, never sent.
   */
  failStop(): void;
  /** After `failStop`: rows that are in no journal. Other tables' rows and kinds that are no order are passed over. */
  takeUnrecorded(rows: readonly JournalRow[]): void;
  close(): void;
}

type Place = Extract<IntentMessage, { type: 'place' }>;

/** @param giveBack  told which orders were never sent and never will be */
export function createIntentOutlet(giveBack: (clientOrderIds: readonly string[]) => void): IntentOutlet {
  let gateway: GatewayPort | null = null;
  let intents: Place[] = [];
  let orphans: string[] = [];
  let failed = false;

  const leave = (message: Place) => {
    // Kept for a later gateway it would be an order decided on an old book: it is given back instead.
    if (gateway === null || failed) orphans.push(message.intent.clientOrderId);
    else gateway.postMessage(message);
  };
  const handOver = () => {
    for (const message of intents) leave(message);
    if (orphans.length > 0) giveBack(orphans);
    intents = [];
    orphans = [];
  };

  return {
    connect(port) {
      gateway?.close();
      gateway = port;
      port.once('close', () => {
        if (gateway === port) gateway = null;
      });
    },
    add(row, isHandedOver) {
      const message = gatewayMessageOf(row);
      if (message.type === 'cancel') return;
      if (isHandedOver) intents.push(message);
      else orphans.push(message.intent.clientOrderId);
    },
    get waiting() {
      return intents.length;
    },
    handOver,
    failStop() {
      failed = true;
      handOver();
    },
    takeUnrecorded(rows) {
      const orders = rows.filter(({ table, kind }) => table === 'intents' && kind === 'order.place');
      intents.push(...orders.map((row) => gatewayMessageOf(row) as Place));
      handOver();
    },
    close() {
      gateway?.close();
      gateway = null;
    },
  };
}
