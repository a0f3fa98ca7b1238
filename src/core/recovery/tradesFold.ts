import type { Fill } from '../../domain/orders.ts';

/** Trades remembered over restarts, the newest; those of nobody's and of ended orders have room of their own. */
const MOST_TRADES = 1024;

/** What tells a trade that was booked from a new one, and from itself changed. */
export type BookedTrade = Pick<Fill, 'venue' | 'pair' | 'tradeId' | 'clientOrderId' | 'side' | 'price' | 'qty'>;

export interface TradesFoldState {
  readonly ordinary: readonly BookedTrade[];
  readonly stray: readonly BookedTrade[];
}

/** The newest trades of a run's `fills` rows, whatever became of their orders: a venue may tell them again to the next core. */
export function createTradesFold(saved?: TradesFoldState) {
  const ordinary = [...(saved?.ordinary ?? [])];
  // Told after the end of their order or without one: the likeliest to be told again, so trading never crowds them out.
  const stray = [...(saved?.stray ?? [])];
  return {
    /** One row of the table `fills`. */
    take(kind: string, fill: Fill): void {
      const { venue, pair, tradeId, clientOrderId, side, price, qty } = fill;
      const window = kind === 'orphan' || kind === 'late' ? stray : ordinary;
      window.push({ venue, pair, tradeId, clientOrderId, side, price, qty });
      if (window.length > MOST_TRADES) window.shift();
    },
    list: (): readonly BookedTrade[] => [...ordinary, ...stray],
    save: (): TradesFoldState => ({ ordinary: [...ordinary], stray: [...stray] }),
  };
}
