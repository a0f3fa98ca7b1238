import { formatIncrements } from '../domain/instruments.ts';
import { formatE12 } from './amounts.ts';
import type { ExchangeRules } from './exchange.ts';
import { averagePrice, priceText, type SimFill, type SimOrder } from './simOrder.ts';

function statusOf(order: SimOrder): string {
  const partly = order.filledLots > 0;
  if (order.status === 'filled') return 'Filled';
  if (order.status === 'open') return partly ? 'PartiallyFilled' : 'New';
  return partly ? 'PartiallyFilledCanceled' : 'Cancelled';
}

const REJECT_REASON = {
  '': 'EC_NoError',
  user: 'EC_PerCancelRequest',
  iocRemainder: 'EC_NoImmediateQtyToFill',
  postOnlyWouldTake: 'EC_PostOnlyWillTakeLiquidity',
  balance: 'EC_InsufficientBalance',
} as const;
const TIME_IN_FORCE = { limit: 'GTC', market: 'IOC', ioc: 'IOC', postOnly: 'PostOnly' } as const;

export function orderFields(order: SimOrder) {
  const { instrument, request, fills } = order;
  const lots = (count: number) => formatIncrements(count, instrument.stepSize);
  const fee = fills.reduce((sum, fill) => sum + fill.fee, 0n);
  const feeCoin = request.side === 'buy' ? instrument.base : instrument.quote;
  return {
    orderId: order.venueOrderId,
    orderLinkId: request.clientOrderId,
    symbol: instrument.venueSymbol,
    side: request.side === 'buy' ? 'Buy' : 'Sell',
    orderType: request.type === 'market' ? 'Market' : 'Limit',
    timeInForce: TIME_IN_FORCE[request.type],
    price: priceText(order),
    qty: lots(order.lots),
    marketUnit: request.type === 'market' ? 'baseCoin' : '',
    orderStatus: statusOf(order),
    cancelType: order.endReason === 'user' ? 'CancelByUser' : 'UNKNOWN',
    rejectReason: REJECT_REASON[order.endReason],
    avgPrice: order.filledLots === 0 ? '' : averagePrice(order),
    leavesQty: order.status === 'open' ? lots(order.lots - order.filledLots) : '0',
    leavesValue: '0',
    cumExecQty: lots(order.filledLots),
    cumExecValue: formatE12(order.filledQuote),
    cumExecFee: formatE12(fee),
    cumFeeDetail: fills.length === 0 ? {} : { [feeCoin]: formatE12(fee) },
    stopOrderType: '',
    triggerPrice: '0',
    reduceOnly: false,
    createdTime: String(order.createdMs),
    updatedTime: String(order.updatedMs),
  };
}

export function executionFields(rules: ExchangeRules, order: SimOrder, fill: SimFill) {
  const { instrument, request } = order;
  const { makerFeeBps, takerFeeBps } = rules;
  return {
    symbol: instrument.venueSymbol,
    orderId: order.venueOrderId,
    orderLinkId: request.clientOrderId,
    side: request.side === 'buy' ? 'Buy' : 'Sell',
    orderPrice: priceText(order),
    orderQty: formatIncrements(order.lots, instrument.stepSize),
    orderType: request.type === 'market' ? 'Market' : 'Limit',
    execId: fill.tradeId,
    execPrice: formatIncrements(fill.tick, instrument.tickSize),
    execQty: formatIncrements(fill.lots, instrument.stepSize),
    execValue: formatE12(fill.quote),
    execType: 'Trade',
    execFee: formatE12(fill.fee),
    feeCurrency: fill.feeAsset,
    feeRate: String((fill.maker ? makerFeeBps : takerFeeBps) / 1e4),
    isMaker: fill.maker,
    execTime: String(fill.timeMs),
    seq: Number(fill.tradeId),
  };
}
