import type { Venue } from '../domain/instruments.ts';
import type { Balance, Fill } from '../domain/orders.ts';

/**
 * What we hold where, from the last reconcile and the fills since; shown as drift, asked before a look may fire. What an
 * order in flight may still spend is spent already for whoever asks what is free.
 */
export interface Stock {
  replace(balances: readonly Balance[]): void;
  /** What a dead core's journal says we should own: a claim to compare, not yet venue truth. */
  expect(entries: readonly { readonly venue: Venue; readonly asset: string; readonly free: number }[]): void;
  applyFill(fill: Fill): void;
  /** A cost that is no fill: the fee of a swap that failed. */
  charge(venue: Venue, asset: string, amount: number): void;
  /** States what this order may still spend, in place of what was stated before. */
  reserve(clientOrderId: string, venue: Venue, asset: string, amount: number): void;
  release(clientOrderId: string): void;
  /** Held minus what is in flight, at least 0. */
  free(venue: Venue, asset: string): number;
  known(): boolean;
  /** What is held, in flight or not. */
  entries(): readonly { readonly venue: string; readonly asset: string; readonly free: number }[];
}

export function createStock(): Stock {
  const heldByKey = new Map<string, number>();
  const reservedByOrder = new Map<string, { readonly key: string; readonly amount: number }>();
  let reconciled = false;
  const keyOf = (venue: string, asset: string) => `${venue}/${asset}`;
  const add = (venue: string, asset: string, amount: number) =>
    heldByKey.set(keyOf(venue, asset), (heldByKey.get(keyOf(venue, asset)) ?? 0) + amount);
  const reserved = (key: string) => {
    let sum = 0;
    for (const one of reservedByOrder.values()) if (one.key === key) sum += one.amount;
    return sum;
  };
  return {
    replace(balances) {
      // A venue that did not answer keeps its last known stock: a missing report is not an empty account.
      for (const { venue, asset, free, locked } of balances) {
        const key = keyOf(venue, asset);
        // Locked by our own orders is ours, and counted as in flight; locked by anybody else's is not free to us.
        heldByKey.set(key, free + Math.min(locked, reserved(key)));
      }
      reconciled = true;
    },
    expect(entries) {
      for (const { venue, asset, free } of entries) heldByKey.set(keyOf(venue, asset), free);
    },
    applyFill(fill) {
      const [base, quote] = fill.pair.split('/') as [string, string];
      const paid = fill.venue === 'jupiter' ? 'USDC' : quote;
      const sign = fill.side === 'buy' ? 1 : -1;
      add(fill.venue, base, sign * fill.qty);
      add(fill.venue, paid, -sign * fill.qty * fill.price);
      add(fill.venue, fill.feeCurrency, -fill.fee);
    },
    charge: (venue, asset, amount) => void add(venue, asset, -amount),
    reserve(clientOrderId, venue, asset, amount) {
      reservedByOrder.set(clientOrderId, { key: keyOf(venue, asset), amount });
    },
    release: (clientOrderId) => void reservedByOrder.delete(clientOrderId),
    free: (venue, asset) => {
      const key = keyOf(venue, asset);
      return Math.max(0, (heldByKey.get(key) ?? 0) - reserved(key));
    },
    known: () => reconciled,
    entries: () =>
      [...heldByKey].map(([joined, free]) => {
        const [venue, asset] = joined.split('/') as [string, string];
        return { venue, asset, free };
      }),
  };
}
