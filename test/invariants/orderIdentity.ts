import type { OrderIntent } from '../../src/domain/orders.ts';
import type { LoggedOrder } from '../../src/sim/orderLog.ts';

/**
 * No duplicate effect per intent: each client order id is intended once, reaches the venues at most once, and nothing of
 * ours reaches them without an intent.
 *
 * @param log      what reached the venues, by their own order log
 * @param intents  `order.place` rows of the whole run
 */
export function brokenIdentities(log: readonly LoggedOrder[], intents: readonly OrderIntent[]): string[] {
  const intended = new Set(intents.map(({ clientOrderId }) => clientOrderId));
  return [
    ...twice(intents.map(({ clientOrderId }) => clientOrderId)).map((id) => `intent ${id} stands twice`),
    ...twice(log.map(({ clientOrderId }) => clientOrderId)).map((id) => `order ${id} reached the venues twice`),
    ...log
      .filter(({ clientOrderId }) => !intended.has(clientOrderId))
      .map(({ clientOrderId }) => `order ${clientOrderId} has no intent`),
  ];
}

/** Keys that stand more than once, each as often as it is one too many. */
export function twice(keys: readonly string[]): string[] {
  const seen = new Set<string>();
  return keys.filter((key) => seen.size === seen.add(key).size);
}
