import { formatIncrements } from '../domain/instruments.ts';
import { formatE12 } from './amounts.ts';
import { averagePrice, priceText, type SimFill, type SimOrder } from './simOrder.ts';

const STATE = { open: 'live', filled: 'filled', cancelled: 'canceled', expired: 'canceled' } as const;
const ORDER_TYPES = { limit: 'limit', market: 'market', ioc: 'ioc', postOnly: 'post_only' } as const;

export function orderFields(order: SimOrder) {
  const { instrument, request, filledLots } = order;
  const last = order.fills.at(-1);
  const feeTotal = order.fills.reduce((sum, fill) => sum + fill.fee, 0n);
  const feeCcy = request.side === 'buy' ? instrument.base : instrument.quote;
  const lots = (count: number) => formatIncrements(count, instrument.stepSize);
  return {
    instType: 'SPOT',
    instId: instrument.venueSymbol,
    ordId: order.venueOrderId,
    clOrdId: request.clientOrderId,
    tag: '',
    px: request.type === 'market' ? '' : priceText(order),
    sz: lots(order.lots),
    ordType: ORDER_TYPES[request.type],
    side: request.side,
    posSide: '',
    tdMode: 'cash',
    tgtCcy: 'base_ccy',
    accFillSz: lots(filledLots),
    fillPx: last === undefined ? '' : formatIncrements(last.tick, instrument.tickSize),
    fillSz: lots(last?.lots ?? 0),
    fillTime: last === undefined ? '' : String(last.timeMs),
    tradeId: last?.tradeId ?? '',
    avgPx: filledLots === 0 ? '' : averagePrice(order),
    state: order.status === 'open' && filledLots > 0 ? 'partially_filled' : STATE[order.status],
    fee: formatE12(-feeTotal),
    feeCcy,
    rebate: '0',
    rebateCcy: request.side === 'buy' ? instrument.quote : instrument.base,
    lever: '',
    pnl: '0',
    category: 'normal',
    cancelSource: order.endReason === 'postOnlyWouldTake' ? '31' : '',
    reduceOnly: 'false',
    cTime: String(order.createdMs),
    uTime: String(order.updatedMs),
  };
}

export function fillFields(order: SimOrder, fill: SimFill) {
  const { instrument, request } = order;
  return {
    instType: 'SPOT',
    instId: instrument.venueSymbol,
    tradeId: fill.tradeId,
    ordId: order.venueOrderId,
    clOrdId: request.clientOrderId,
    billId: fill.tradeId,
    tag: '',
    fillPx: formatIncrements(fill.tick, instrument.tickSize),
    fillSz: formatIncrements(fill.lots, instrument.stepSize),
    side: request.side,
    posSide: '',
    execType: fill.maker ? 'M' : 'T',
    // Negative = charged.
    fee: formatE12(-fill.fee),
    feeCcy: fill.feeAsset,
    ts: String(fill.timeMs),
    fillTime: String(fill.timeMs),
  };
}
