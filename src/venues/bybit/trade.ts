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

/** `orderStatus` (wire reference 3.3). */
const statuses: Readonly<Record<string, OrderStatus>> = {
  Created: 'open',
  New: 'open',
  PartiallyFilled: 'open',
  Untriggered: 'open',
  Triggered: 'open',
  Filled: 'filled',
  PartiallyFilledCanceled: 'cancelled',
  Cancelled: 'cancelled',
  Deactivated: 'cancelled',
  Rejected: 'rejected',
};

/** Bybit spot: a create only says that the request was taken; a post-only that would take shows up as Cancelled. */
export const bybitDialect: CexDialect = {
  venue: 'bybit',
  createPath: /\/v5\/order\/create$/,
  createParams: (intent) => ({
    clientOrderId: intent.clientOrderId,
    ...(intent.type === 'ioc' ? { timeInForce: 'IOC' } : {}),
    ...(intent.type === 'postOnly' ? { postOnly: true } : {}),
  }),
  readPlaced: (body, intent) => {
    const result = resultOf(body);
    if (result.orderLinkId !== intent.clientOrderId) throw new Error(`it is about order ${String(result.orderLinkId)}`);
    const timeMs = numberIn({ time: fieldsOf(body, 'the answer').time ?? 0 }, 'time');
    return acknowledged(intent.clientOrderId, textIn(result, 'orderId'), timeMs);
  },

  cancel: ({ clientOrderId, venueSymbol }) => ({
    method: 'privatePostV5OrderCancel',
    params: { category: 'spot', symbol: venueSymbol, orderLinkId: clientOrderId },
  }),
  // Open and recently ended orders.
  byClientId: ({ clientOrderId, venueSymbol }) => ({
    method: 'privateGetV5OrderRealtime',
    params: { category: 'spot', symbol: venueSymbol, orderLinkId: clientOrderId },
  }),
  readOne: (body) => {
    const first = entriesOf(body)[0];
    return first === undefined ? null : readOrder(first);
  },
  elsewhere: ({ clientOrderId, venueSymbol }) => [
    {
      method: 'privateGetV5OrderHistory',
      params: { category: 'spot', symbol: venueSymbol, orderLinkId: clientOrderId },
    },
  ],
  allOpen: () => ({ method: 'privateGetV5OrderRealtime', params: { category: 'spot', limit: 50 } }),
  readMany: (body) => entriesOf(body).map(readOrder),
  fillsOf: (order) => ({
    method: 'privateGetV5ExecutionList',
    params: { category: 'spot', symbol: order.venueSymbol, orderId: order.venueOrderId, limit: 100 },
  }),
  readFills: (body, order) =>
    entriesOf(body)
      .filter((fill) => fill.orderId === order.venueOrderId)
      .map((fill) => ({
        tradeId: textIn(fill, 'execId'),
        price: numberIn(fill, 'execPrice'),
        qty: numberIn(fill, 'execQty'),
        fee: numberIn(fill, 'execFee'),
        feeCurrency: textIn(fill, 'feeCurrency'),
        venueTimeMs: numberIn(fill, 'execTime'),
      })),
  balances: () => ({ method: 'privateGetV5AccountWalletBalance', params: { accountType: 'UNIFIED' } }),
  readBalances: (body) => {
    const account = entriesOf(body)[0];
    return listOf(account?.coin ?? [], 'coin').map((entry) => {
      const locked = numberIn(entry, 'locked');
      return { asset: textIn(entry, 'coin'), free: numberIn(entry, 'walletBalance') - locked, locked };
    });
  },
};

function resultOf(body: unknown): Fields {
  return fieldsOf(fieldsOf(body, 'the answer').result, 'result');
}

function entriesOf(body: unknown): readonly Fields[] {
  return listOf(resultOf(body).list, 'list');
}

function readOrder(fields: Fields): OrderReading {
  const filledQty = numberIn(fields, 'cumExecQty');
  const status = statuses[textIn(fields, 'orderStatus')] ?? null;
  return {
    venueOrderId: textIn(fields, 'orderId'),
    clientOrderId: String(fields.orderLinkId ?? ''),
    venueSymbol: textIn(fields, 'symbol'),
    side: sideIn(fields, 'side'),
    // A `Rejected` with executed quantity has been recorded on this venue: the fills count, so it is no rejection.
    status: status === 'rejected' && filledQty > 0 ? 'cancelled' : status,
    filledQty,
    avgPrice: filledQty > 0 ? numberIn(fields, 'avgPrice') : null,
    venueTimeMs: numberIn(fields, 'updatedTime'),
  };
}
