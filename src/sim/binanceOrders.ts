import { formatIncrements } from '../domain/instruments.ts';
import { formatE12 } from './amounts.ts';
import { priceText, type SimFill, type SimOrder } from './simOrder.ts';

const STATUS = { open: 'NEW', filled: 'FILLED', cancelled: 'CANCELED', expired: 'EXPIRED' } as const;

export function orderFields(order: SimOrder) {
  const { request, instrument, lots, filledLots } = order;
  const status = order.status === 'open' && filledLots > 0 ? 'PARTIALLY_FILLED' : STATUS[order.status];
  const type = request.type === 'market' ? 'MARKET' : request.type === 'postOnly' ? 'LIMIT_MAKER' : 'LIMIT';
  return {
    price: priceText(order),
    origQty: formatIncrements(lots, instrument.stepSize),
    executedQty: formatIncrements(filledLots, instrument.stepSize),
    origQuoteOrderQty: '0.00000000',
    cummulativeQuoteQty: formatE12(order.filledQuote),
    status,
    timeInForce: request.type === 'ioc' ? 'IOC' : 'GTC',
    type,
    side: request.side === 'buy' ? 'BUY' : 'SELL',
    selfTradePreventionMode: 'NONE',
  };
}

export function queriedOrder(order: SimOrder) {
  return {
    symbol: order.instrument.venueSymbol,
    orderId: Number(order.venueOrderId),
    orderListId: -1,
    clientOrderId: order.request.clientOrderId,
    ...orderFields(order),
    stopPrice: '0.00000000',
    icebergQty: '0.00000000',
    time: order.createdMs,
    updateTime: order.updatedMs,
    isWorking: true,
    workingTime: order.createdMs,
  };
}

export function tradeFields(order: SimOrder, fill: SimFill) {
  const { instrument, request } = order;
  return {
    symbol: instrument.venueSymbol,
    id: Number(fill.tradeId),
    orderId: Number(order.venueOrderId),
    orderListId: -1,
    price: formatIncrements(fill.tick, instrument.tickSize),
    qty: formatIncrements(fill.lots, instrument.stepSize),
    quoteQty: formatE12(fill.quote),
    commission: formatE12(fill.fee),
    commissionAsset: fill.feeAsset,
    time: fill.timeMs,
    isBuyer: request.side === 'buy',
    isMaker: fill.maker,
    isBestMatch: true,
  };
}
