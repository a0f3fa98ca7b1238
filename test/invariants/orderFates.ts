import type { OrderIntent } from '../../src/domain/orders.ts';
import type { JournalRow } from '../../src/journal/rows.ts';
import { isEnded, type OrderState } from '../../src/machines/orderTable.ts';

/**
 * Every intent has one fate: an order ends at most once (again only after the venue has shown that it lives), and in a
 * run that has come to rest exactly once.
 *
 * @param transitions  rows of the table `transitions`, in order; only those of kind `order` are read
 * @param settled      nothing is under way any more: who has no end then was forgotten
 */
export function brokenFates(
  intents: readonly OrderIntent[],
  transitions: Iterable<JournalRow>,
  settled: boolean,
): string[] {
  const ended = new Map<string, OrderState>();
  const problems: string[] = [];
  for (const { kind, payload } of transitions) {
    if (kind !== 'order') continue;
    const { clientOrderId, from, to } = payload as { clientOrderId: string; from: OrderState; to: OrderState };
    const before = ended.get(clientOrderId);
    // Between two ends only the venue's own contradiction moves an order, and that is one fate corrected, not two.
    if (isEnded(to) && before !== undefined && !isEnded(from)) {
      problems.push(`order ${clientOrderId} ended twice: ${before}, then ${to}`);
    }
    if (isEnded(to)) ended.set(clientOrderId, to);
    else if (isEnded(from)) ended.delete(clientOrderId);
  }
  if (!settled) return problems;
  const open = intents.filter(({ clientOrderId }) => !ended.has(clientOrderId));
  return [...problems, ...open.map(({ clientOrderId }) => `order ${clientOrderId} has no fate`)];
}
