import { NightjarError } from '../domain/errors.ts';
import type { Fill } from '../domain/orders.ts';
import { fromE18, toE18 } from './exactProduct.ts';

export interface FillBookOptions {
  /** Trade ids remembered; when full, the oldest is forgotten and counted: 100 000 unless told. */
  readonly capacity?: number;
}

export type FillVerdict =
  | {
      readonly result: 'applied' /** Filled beyond what was ordered: booked all the same. */;
      readonly overfilled: boolean;
    }
  /** The same trade again: nothing changed. */
  | { readonly result: 'duplicate' }
  /** Without quantity: some venues echo a last execution with zeros in cancel answers. */
  | { readonly result: 'ignored' };

type TradeIdentity = Pick<Fill, 'venue' | 'pair' | 'tradeId' | 'clientOrderId' | 'side' | 'price' | 'qty'>;

export interface FillBook {
  /** States what was ordered, so that an overfill is seen. */
  ordered(clientOrderId: string, qty: number): void;
  /** @throws NightjarError ledger.mismatch when a trade id comes back with another price, quantity or side */
  apply(fill: Fill): FillVerdict;
  /** A trade that was booked before this book: the same again changes nothing, and it counts for no order. */
  remember(trade: TradeIdentity): void;
  filledQty(clientOrderId: string): number;
  /** Base bought minus base sold over the given orders, all when none is given; exact to 1e-18 before it becomes a number. */
  netBaseQty(clientOrderIds?: readonly string[]): number;
  /** The fills of an order, oldest first. */
  fillsOf(clientOrderId: string): readonly Fill[];
  /** Forgets an order's quantities; its trade ids stay known, so that a late duplicate is still one. */
  forget(clientOrderId: string): void;
  readonly forgottenTrades: number;
}

interface OrderFills {
  orderedE18: bigint | null;
  filledE18: bigint;
  netE18: bigint;
  readonly fills: Fill[];
}

const DEFAULT_CAPACITY = 100_000;

/** Applies each venue trade exactly once, however often and by whatever way it is reported. */
export function createFillBook(options: FillBookOptions = {}): FillBook {
  const capacity = options.capacity ?? DEFAULT_CAPACITY;
  const trades = new Map<string, string>();
  const orders = new Map<string, OrderFills>();
  let forgottenTrades = 0;

  const orderOf = (clientOrderId: string): OrderFills => {
    const known = orders.get(clientOrderId);
    if (known !== undefined) return known;
    const fresh: OrderFills = { orderedE18: null, filledE18: 0n, netE18: 0n, fills: [] };
    orders.set(clientOrderId, fresh);
    return fresh;
  };

  const know = (key: string, content: string) => {
    trades.set(key, content);
    if (trades.size <= capacity) return;
    trades.delete(trades.keys().next().value!);
    forgottenTrades += 1;
  };

  return {
    ordered(clientOrderId, qty) {
      orderOf(clientOrderId).orderedE18 = toE18(qty);
    },

    apply(fill) {
      if (fill.qty === 0) return { result: 'ignored' };
      refuseImpossible(fill);
      const key = keyOf(fill);
      const content = contentOf(fill);
      const seen = trades.get(key);
      if (seen === content) return { result: 'duplicate' };
      if (seen !== undefined) {
        throw new NightjarError(
          'ledger.mismatch',
          `trade ${key} was booked as ${seen} and is now reported as ${content}`,
          {
            tradeId: fill.tradeId,
            venue: fill.venue,
          },
        );
      }
      know(key, content);
      const order = orderOf(fill.clientOrderId);
      const qtyE18 = toE18(fill.qty);
      order.filledE18 += qtyE18;
      order.netE18 += fill.side === 'buy' ? qtyE18 : -qtyE18;
      order.fills.push(fill);
      return { result: 'applied', overfilled: order.orderedE18 !== null && order.filledE18 > order.orderedE18 };
    },

    remember(trade) {
      if (!trades.has(keyOf(trade))) know(keyOf(trade), contentOf(trade));
    },

    filledQty: (clientOrderId) => fromE18(orders.get(clientOrderId)?.filledE18 ?? 0n),

    netBaseQty(clientOrderIds) {
      let net = 0n;
      for (const id of clientOrderIds ?? orders.keys()) net += orders.get(id)?.netE18 ?? 0n;
      return fromE18(net);
    },

    fillsOf: (clientOrderId) => orders.get(clientOrderId)?.fills ?? [],

    forget(clientOrderId) {
      orders.delete(clientOrderId);
    },

    get forgottenTrades() {
      return forgottenTrades;
    },
  };
}

/** Binance and Bybit number trades per market, so the market is part of the key. */
const keyOf = ({ venue, pair, tradeId }: TradeIdentity) => `${venue}|${pair}|${tradeId}`;
const contentOf = ({ clientOrderId, side, price, qty }: TradeIdentity) => `${clientOrderId}|${side}|${price}|${qty}`;

function refuseImpossible(fill: Fill): void {
  const good = Number.isFinite(fill.qty) && fill.qty > 0 && Number.isFinite(fill.price) && fill.price > 0;
  if (good && fill.tradeId !== '') return;
  throw new NightjarError(
    'ledger.mismatch',
    `${fill.venue} ${fill.pair} reports a fill of ${fill.qty} at ${fill.price} with trade id "${fill.tradeId}": it cannot be booked`,
    { clientOrderId: fill.clientOrderId, tradeId: fill.tradeId },
  );
}
