import type { Outcome } from './outcome.ts';
import type { Json } from './referenceFields.ts';
import {
  bad,
  book,
  decimal,
  figures,
  isObject,
  maybe,
  maybeSigned,
  maybeTime,
  maybeWhole,
  object,
  refer,
  says,
  text,
  tradeKey,
  unknown,
  whole,
} from './referenceFields.ts';

const UNREAD =
  /^(24hrTicker|24hrMiniTicker|1hTicker|4hTicker|1dTicker|avgPrice|kline|continuous_kline|indexPriceUpdate|contractInfo|compositeIndex|assetIndexUpdate|rpiDepthUpdate)$/;
const ACCOUNT =
  /^(executionReport|outboundAccountPosition|balanceUpdate|listStatus|externalLockUpdate|eventStreamTerminated|listenKeyExpired|ORDER_TRADE_UPDATE|TRADE_LITE|ACCOUNT_UPDATE|ACCOUNT_CONFIG_UPDATE|ALGO_UPDATE|MARGIN_CALL|CONDITIONAL_ORDER_TRIGGER_REJECT)$/;

export const binanceReference = (bytes: Uint8Array): Outcome => refer(bytes, read);

function read(message: Json): Outcome {
  if (Array.isArray(message) && message.length > 0 && message.every((e) => isObject(e) && typeof e.e === 'string')) {
    return says('other');
  }
  const frame = object(message);
  const event = frame.e === undefined && isObject(frame.data) ? frame.data : frame;
  const partial = typeof frame.stream === 'string' && /@depth\d/.test(frame.stream) ? String(frame.stream) : null;
  if (event.lastUpdateId !== undefined) return snapshot(event, partial);
  if (event.e === undefined) return nameless(event);
  const name = text(event.e);
  if (name === 'depthUpdate') return depth(event, partial !== null);
  if (name === 'trade' || name === 'aggTrade') return trade(event, name);
  if (name === 'bookTicker') return ticker(event);
  if (name === 'markPriceUpdate') {
    const [mark, index, funding, nextFunding] = [
      decimal(event.p),
      maybe(event.i),
      maybeSigned(event.r),
      maybeTime(event.T),
    ];
    const said = figures({ mark, index, funding, nextFunding });
    return says('markPrice', { symbol: text(event.s), timeMs: maybeWhole(event.E), figures: said });
  }
  if (name === 'forceOrder') return forceOrder(event);
  if (name === 'serverShutdown') return says('closing');
  if (ACCOUNT.test(name)) return says('account');
  return UNREAD.test(name) ? says('other') : unknown();
}

function snapshot(event: Json, partial: string | null): Outcome {
  const levels = book(event.bids, event.asks);
  const said = {
    ...levels,
    ids: [Number.NaN, whole(event.lastUpdateId), Number.NaN, Number.NaN],
    timeMs: maybeWhole(event.E),
    ...(event.symbol === undefined ? {} : { symbol: text(event.symbol), market: 'coinm' }),
  };
  if (partial === null) return says('snapshot', said);
  return says('partialDepth', { ...said, symbol: partial.slice(0, partial.indexOf('@')).toUpperCase() });
}

function depth(event: Json, partial: boolean): Outcome {
  const symbol = text(event.s);
  const futures = symbol.includes('USD_') ? 'coinm' : 'usdm';
  return says(partial ? 'partialDepth' : 'depth', {
    symbol,
    ...book(event.b, event.a),
    ids: [whole(event.U), whole(event.u), maybeWhole(event.pu), Number.NaN],
    timeMs: maybeWhole(event.E),
    market: event.pu === undefined ? 'spot' : futures,
  });
}

function trade(event: Json, kind: string): Outcome {
  if (event.m !== true && event.m !== false) bad();
  const id = tradeKey(kind === 'trade' ? event.t : event.a);
  const row = [decimal(event.p), decimal(event.q), whole(event.T), event.m ? 1 : 0, id];
  return says(kind, { symbol: text(event.s), timeMs: maybeWhole(event.E), trades: [row] });
}

function ticker(event: Json): Outcome {
  return says('bookTicker', {
    symbol: text(event.s),
    timeMs: maybeWhole(event.E),
    ids: [Number.NaN, whole(event.u), Number.NaN, Number.NaN],
    figures: figures({ bid: [decimal(event.b), decimal(event.B)], ask: [decimal(event.a), decimal(event.A)] }),
  });
}

function forceOrder(event: Json): Outcome {
  const order = object(event.o);
  if (order.S !== 'SELL' && order.S !== 'BUY') bad();
  const [px, average] = [decimal(order.p), maybe(order.ap)];
  const row = [text(order.s), average > 0 ? average : px, decimal(order.q), whole(order.T), order.S === 'SELL' ? 1 : 0];
  return says('liquidation', { symbol: order.s, timeMs: maybeWhole(event.E), liquidations: [row] });
}

function nameless(event: Json): Outcome {
  if (typeof event.s === 'string' && event.B !== undefined && event.A !== undefined) return ticker(event);
  if (isObject(event.event) && typeof event.event.e === 'string') return says('account');
  const error = isObject(event.error) ? event.error : event;
  if (typeof error.code === 'number' && typeof error.msg === 'string') {
    return says(error.code === 200 ? 'reply' : 'refused');
  }
  if (event.openInterest !== undefined && event.symbol !== undefined) {
    const said = figures({ interest: decimal(event.openInterest) });
    return says('openInterest', { symbol: text(event.symbol), timeMs: maybeWhole(event.time), figures: said });
  }
  return event.result !== undefined && 'id' in event ? says('ack') : unknown();
}
