import type { Venue } from '../domain/instruments.ts';
import type { Balance, Fill } from '../domain/orders.ts';

/** What we hold where, from the last reconcile and the fills since: shown as drift, asked before a look may fire. */
export interface Stock {
  replace(balances: readonly Balance[]): void;
  applyFill(fill: Fill): void;
  free(venue: Venue, asset: string): number;
  known(): boolean;
  entries(): readonly { readonly venue: string; readonly asset: string; readonly free: number }[];
}

export function createStock(): Stock {
  const freeByKey = new Map<string, number>();
  let reconciled = false;
  const key = (venue: string, asset: string) => `${venue}/${asset}`;
  const add = (venue: string, asset: string, amount: number) =>
    freeByKey.set(key(venue, asset), (freeByKey.get(key(venue, asset)) ?? 0) + amount);
  return {
    replace(balances) {
      // A venue that did not answer keeps its last known stock: a missing report is not an empty account.
      for (const { venue, asset, free } of balances) freeByKey.set(key(venue, asset), free);
      reconciled = true;
    },
    applyFill(fill) {
      const [base, quote] = fill.pair.split('/') as [string, string];
      const paid = fill.venue === 'jupiter' ? 'USDC' : quote;
      const sign = fill.side === 'buy' ? 1 : -1;
      add(fill.venue, base, sign * fill.qty);
      add(fill.venue, paid, -sign * fill.qty * fill.price);
      add(fill.venue, fill.feeCurrency, -fill.fee);
    },
    free: (venue, asset) => freeByKey.get(key(venue, asset)) ?? 0,
    known: () => reconciled,
    entries: () =>
      [...freeByKey].map(([joined, free]) => {
        const [venue, asset] = joined.split('/') as [string, string];
        return { venue, asset, free };
      }),
  };
}
