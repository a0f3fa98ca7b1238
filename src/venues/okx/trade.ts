import type { OrderStatus } from '../../domain/orders.ts';
import {
  acknowledged,
  type CexDialect,
  type Fields,
  fieldsOf,
  listOf,
  numberIn,
  type OrderReading,
  sideIn,
  textIn,
} from '../cexDialect.ts';

/** `state` of an order (wire reference 2.3). A canceled one may have `accFillSz` > 0: an IOC's end, or a cancel after a part. */
const statuses: Readonly<Record<string, OrderStatus>> = {
  live: 'open',
  partially_filled: 'open',
  filled: 'filled',
  canceled: 'cancelled',
  mmp_canceled: 'cancelled',
};

/** OKX spot: a create only says that the gateway took it; a post-only that would take is acknowledged, then canceled. */
export const okxDialect: CexDialect = {
  venue: 'okx',
  // ccxt posts a list of one to the batch endpoint.
  createPath: /\/api\/v5\/trade\/(batch-orders|order)$/,
  createParams: (intent) => ({
    clOrdId: intent.clientOrderId,
    tdMode: 'cash',
    // A market buy in base units: without it OKX reads the size as quote.
    tgtCcy: 'base_ccy',
    ...(intent.type === 'ioc' ? { timeInForce: 'IOC' } : {}),
    ...(intent.type === 'postOnly' ? { postOnly: true } : {}),
  }),
  readPlaced: (body, intent) => {
    const first = firstOf(body);
    if (first === null) throw new Error('it lists no order');
    if (first.clOrdId !== intent.clientOrderId) throw new Error(`it is about order ${String(first.clOrdId)}`);
    return acknowledged(intent.clientOrderId, textIn(first, 'ordId'), numberIn({ ts: first.ts ?? 0 }, 'ts'));
  },

  cancel: ({ clientOrderId, venueSymbol }) => ({
    method: 'privatePostTradeCancelOrder',
    params: { instId: venueSymbol, clOrdId: clientOrderId },
  }),
  byClientId: ({ clientOrderId, venueSymbol }) => ({
    method: 'privateGetTradeOrder',
    params: { instId: venueSymbol, clOrdId: clientOrderId },
  }),
  readOne: (body) => {
    const first = firstOf(body);
    return first === null ? null : readOrder(first);
  },
  elsewhere: ({ venueSymbol }) => [
    { method: 'privateGetTradeOrdersPending', params: { instType: 'SPOT', instId: venueSymbol } },
    { method: 'privateGetTradeOrdersHistory', params: { instType: 'SPOT', instId: venueSymbol } },
  ],
  allOpen: () => ({ method: 'privateGetTradeOrdersPending', params: { instType: 'SPOT' } }),
  readMany: (body) => dataOf(body).map(readOrder),
  fillsOf: (order) => ({
    method: 'privateGetTradeFills',
    params: { instType: 'SPOT', instId: order.venueSymbol, ordId: order.venueOrderId },
  }),
  readFills: (body, order) =>
    dataOf(body)
      .filter((fill) => fill.ordId === order.venueOrderId)
      .map((fill) => ({
        tradeId: textIn(fill, 'tradeId'),
        price: numberIn(fill, 'fillPx'),
        qty: numberIn(fill, 'fillSz'),
        // Negative = charged: the other way round than ours. The sum avoids a negative zero.
        fee: 0 - numberIn(fill, 'fee'),
        feeCurrency: textIn(fill, 'feeCcy'),
        venueTimeMs: numberIn(fill, 'ts'),
      })),
  balances: () => ({ method: 'privateGetAccountBalance', params: {} }),
  readBalances: (body) => {
    const first = firstOf(body);
    return listOf(first === null ? [] : first.details, 'details').map((entry) => ({
      asset: textIn(entry, 'ccy'),
      free: numberIn(entry, 'availBal'),
      locked: numberIn(entry, 'frozenBal'),
    }));
  },
};

function dataOf(body: unknown): readonly Fields[] {
  return listOf(fieldsOf(body, 'the answer').data, 'data');
}

function firstOf(body: unknown): Fields | null {
  return dataOf(body)[0] ?? null;
}

function readOrder(fields: Fields): OrderReading {
  const filledQty = numberIn(fields, 'accFillSz');
  return {
    venueOrderId: textIn(fields, 'ordId'),
    // Empty on orders that were placed without one.
    clientOrderId: String(fields.clOrdId ?? ''),
    venueSymbol: textIn(fields, 'instId'),
    side: sideIn(fields, 'side'),
    status: statuses[textIn(fields, 'state')] ?? null,
    filledQty,
    avgPrice: filledQty > 0 ? numberIn(fields, 'avgPx') : null,
    venueTimeMs: numberIn(fields, 'uTime'),
  };
}
