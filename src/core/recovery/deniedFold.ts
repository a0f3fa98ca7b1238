import type { OrderIntent } from '../../domain/orders.ts';

/** Denied orders are remembered over restarts for so long behind the newest report, and so many at most. */
export const DENIED_KEPT_MS = 600_000;
const MOST_DENIED = 64;

export interface DeniedOrder {
  readonly intent: OrderIntent;
  /** Of the first proof. */
  readonly atMs: number;
}

/**
 * Orders of which their venue said that it never had them, from a run's reports. A proof may be wrong where a venue keeps
 * no end of life for requests, or breaks its word: then they are the first to ask after when a balance does not add up.
 */
export function createDeniedFold(saved: readonly DeniedOrder[] = []) {
  const denied = new Map(saved.map((one) => [one.intent.clientOrderId, one]));
  let newestMs = Math.max(Number.NEGATIVE_INFINITY, ...saved.map(({ atMs }) => atMs));
  const list = (): readonly DeniedOrder[] =>
    [...denied.values()].filter(({ atMs }) => atMs >= newestMs - DENIED_KEPT_MS);
  return {
    /** One row of the table `reports` about an order. */
    take(kind: string, clientOrderId: string, atMs: number, intent: OrderIntent | undefined): void {
      newestMs = Math.max(newestMs, atMs);
      if (kind === 'resolved.yes') denied.delete(clientOrderId);
      if (kind !== 'resolved.no' || intent === undefined || denied.has(clientOrderId)) return;
      denied.set(clientOrderId, { intent, atMs });
      if (denied.size > MOST_DENIED) denied.delete(denied.keys().next().value!);
    },
    list,
  };
}
