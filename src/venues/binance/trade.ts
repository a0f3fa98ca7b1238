import type { OrderStatus } from '../../domain/orders.ts';
import {
  type CexDialect,
  type Fields,
  type FillReading,
  fieldsOf,
  listOf,
  numberIn,
  type OrderReading,
  sideIn,
  textIn,
} from '../cexDialect.ts';

/** `status` of a spot order (wire reference 1.4). The remainder of an IOC ends EXPIRED, with `executedQty` > 0 possible. */
const statuses: Readonly<Record<string, OrderStatus>> = {
  NEW: 'open',
  PENDING_NEW: 'open',
  PARTIALLY_FILLED: 'open',
  PENDING_CANCEL: 'open',
  FILLED: 'filled',
  CANCELED: 'cancelled',
  REJECTED: 'rejected',
  EXPIRED: 'expired',
  EXPIRED_IN_MATCH: 'expired',
};

/** Binance spot: a create answers with the order's state and its fills (`newOrderRespType=FULL`, ccxt's default). */
export const binanceDialect: CexDialect = {
  venue: 'binance',
  createPath: /\/api\/v3\/order$/,
  createParams: (intent) => ({
    newClientOrderId: intent.clientOrderId,
    ...(intent.type === 'ioc' ? { timeInForce: 'IOC' } : {}),
    ...(intent.type === 'postOnly' ? { postOnly: true } : {}),
  }),
  readPlaced: (body, intent) => {
    const fields = fieldsOf(body, 'the answer');
    const order = readOrder(fields, numberIn(fields, 'transactTime'));
    if (order.clientOrderId !== intent.clientOrderId) throw new Error(`it is about order ${order.clientOrderId}`);
    if (order.status === null) throw new Error(`its status "${String(fields.status)}" is unknown`);
    const fills = listOf(fields.fills ?? [], 'fills').map((fill) => ({
      ...readFill(fill, order.venueTimeMs),
      clientOrderId: intent.clientOrderId,
      venue: intent.venue,
      pair: intent.pair,
      side: intent.side,
    }));
    const { venueOrderId, filledQty, avgPrice, venueTimeMs, status } = order;
    return { clientOrderId: intent.clientOrderId, venueOrderId, status, filledQty, avgPrice, fills, venueTimeMs };
  },

  cancel: ({ clientOrderId, venueSymbol }) => ({
    method: 'privateDeleteOrder',
    params: { symbol: venueSymbol, origClientOrderId: clientOrderId },
  }),
  byClientId: ({ clientOrderId, venueSymbol }) => ({
    method: 'privateGetOrder',
    params: { symbol: venueSymbol, origClientOrderId: clientOrderId },
  }),
  readOne: (body) => readListed(fieldsOf(body, 'the order')),
  elsewhere: ({ venueSymbol }) => [
    { method: 'privateGetOpenOrders', params: { symbol: venueSymbol } },
    { method: 'privateGetAllOrders', params: { symbol: venueSymbol, limit: 500 } },
  ],
  allOpen: () => ({ method: 'privateGetOpenOrders', params: {} }),
  readMany: (body) => listOf(body, 'orders').map(readListed),
  fillsOf: (order) => ({
    method: 'privateGetMyTrades',
    params: { symbol: order.venueSymbol, orderId: order.venueOrderId, limit: 1000 },
  }),
  readFills: (body, order) =>
    listOf(body, 'trades')
      .filter((trade) => textIn(trade, 'orderId') === order.venueOrderId)
      .map((trade) => ({ ...readFill({ ...trade, tradeId: trade.id }, numberIn(trade, 'time')) })),
  balances: () => ({ method: 'privateGetAccount', params: { omitZeroBalances: 'true' } }),
  readBalances: (body) =>
    listOf(fieldsOf(body, 'the account').balances, 'balances').map((entry) => ({
      asset: textIn(entry, 'asset'),
      free: numberIn(entry, 'free'),
      locked: numberIn(entry, 'locked'),
    })),
};

function readListed(fields: Fields): OrderReading {
  return readOrder(fields, numberIn(fields, 'updateTime'));
}

function readOrder(fields: Fields, venueTimeMs: number): OrderReading {
  const filledQty = numberIn(fields, 'executedQty');
  return {
    venueOrderId: textIn(fields, 'orderId'),
    clientOrderId: textIn(fields, 'clientOrderId'),
    venueSymbol: textIn(fields, 'symbol'),
    side: sideIn(fields, 'side'),
    status: statuses[textIn(fields, 'status')] ?? null,
    filledQty,
    avgPrice: filledQty > 0 ? numberIn(fields, 'cummulativeQuoteQty') / filledQty : null,
    venueTimeMs,
  };
}

function readFill(fields: Fields, venueTimeMs: number): FillReading {
  return {
    tradeId: textIn(fields, 'tradeId'),
    price: numberIn(fields, 'price'),
    qty: numberIn(fields, 'qty'),
    fee: numberIn(fields, 'commission'),
    feeCurrency: textIn(fields, 'commissionAsset'),
    venueTimeMs,
  };
}
