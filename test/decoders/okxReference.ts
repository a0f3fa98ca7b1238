import type { Outcome } from './outcome.ts';
import type { Json } from './referenceFields.ts';
import {
  bad,
  book,
  decimal,
  figures,
  isObject,
  list,
  maybe,
  maybeTime,
  maybeWhole,
  object,
  only,
  refer,
  says,
  signed,
  some,
  text,
  tradeKey,
  unknown,
  whole,
} from './referenceFields.ts';

const UNREAD = /^(trades-all|instruments|index-tickers|price-limit|opt-summary|estimated-price|adl-warning|status)$/;
const ACCOUNT =
  /^(orders|orders-algo|algo-advance|account|positions|balance_and_position|liquidation-warning|account-greeks|fills|sprd-orders|sprd-trades)$/;

export function okxReference(bytes: Uint8Array): Outcome {
  return new TextDecoder().decode(bytes) === 'pong' ? says('pong') : refer(bytes, read);
}

function read(message: Json): Outcome {
  const frame = object(message);
  if (frame.event !== undefined) return event(frame);
  if (frame.arg === undefined && typeof frame.code === 'string') return says(frame.code === '0' ? 'reply' : 'refused');
  if (!isObject(frame.arg) || frame.data === undefined) unknown();
  const channel = text(frame.arg.channel);
  list(frame.data);
  if (UNREAD.test(channel) || channel.startsWith('candle')) return says('other');
  if (ACCOUNT.test(channel)) return says('account');
  if (channel === 'liquidation-orders') return liquidations(frame.data);
  return market(channel, text(frame.arg.instId), frame);
}

function market(channel: string, symbol: string, { data, action }: Json): Outcome {
  switch (channel) {
    case 'trades': {
      const trades = some(data).map((t) => {
        const { px, sz, ts, side, tradeId } = object(t);
        if (side !== 'buy' && side !== 'sell') bad();
        return [decimal(px), decimal(sz), whole(ts), side === 'sell' ? 1 : 0, tradeKey(tradeId)];
      });
      return says('trade', { symbol, trades, timeMs: trades.at(-1)![2]! });
    }
    case 'books':
    case 'books-l2-tbt':
    case 'books50-l2-tbt':
    case 'books5':
    case 'bbo-tbt':
      return levels(channel, symbol, only(data), text(action ?? 'whole'));
    case 'tickers': {
      const t = only(data);
      const said = figures({
        bid: [maybe(t.bidPx), maybe(t.bidSz)],
        ask: [maybe(t.askPx), maybe(t.askSz)],
        last: maybe(t.last),
      });
      return says('ticker', { symbol, timeMs: whole(t.ts), figures: said });
    }
    case 'mark-price':
      return says('markPrice', {
        symbol,
        timeMs: whole(only(data).ts),
        figures: figures({ mark: decimal(data[0].markPx) }),
      });
    case 'funding-rate': {
      const { ts, fundingRate, fundingTime, nextFundingTime } = only(data);
      const said = figures({ funding: signed(fundingRate), nextFunding: maybeTime(fundingTime ?? nextFundingTime) });
      return says('funding', { symbol, timeMs: maybeTime(ts), figures: said });
    }
    case 'open-interest':
      return says('openInterest', {
        symbol,
        timeMs: whole(only(data).ts),
        figures: figures({ interest: decimal(data[0].oi) }),
      });
    default:
      return unknown();
  }
}

function levels(channel: string, symbol: string, item: Json, action: string): Outcome {
  const sides = book(item.bids, item.asks);
  const parts = symbol.split('-');
  const derivative = parts.length > 3 ? 'option' : parts[2] === 'SWAP' ? 'swap' : 'futures';
  const said = {
    symbol,
    ...sides,
    timeMs: maybeWhole(item.ts),
    ids: [Number.NaN, maybeWhole(item.seqId), maybeWhole(item.prevSeqId), maybeWhole(item.checksum)],
    market: parts.length <= 2 ? 'spot' : derivative,
  };
  if (channel === 'books5' || channel === 'bbo-tbt') {
    const best = (side: number[][]) => (side[0] ?? [Number.NaN, Number.NaN]) as [number, number];
    const quote = figures({ bid: best(sides.bids), ask: best(sides.asks) });
    return says('partialDepth', { ...said, figures: quote });
  }
  if (action !== 'snapshot' && action !== 'update') bad();
  return says(action === 'snapshot' ? 'snapshot' : 'depth', said);
}

function liquidations(data: Json[]): Outcome {
  const rows = some(data).flatMap((m) => {
    const symbol = text(object(m).instId);
    return list(m.details).map((d) => {
      const { side, posSide, bkPx, sz, ts } = object(d);
      if (side !== 'buy' && side !== 'sell') bad();
      const long = posSide === 'long' || (posSide !== 'short' && side === 'sell');
      return [symbol, decimal(bkPx), decimal(sz), whole(ts), long ? 1 : 0];
    });
  });
  const symbol = data.length === 1 ? String(data[0].instId) : '';
  const timeMs = rows.length > 0 ? (rows.at(-1)![3] as number) : Number.NaN;
  return says('liquidation', { symbol, timeMs, liquidations: rows });
}

function event(frame: Json): Outcome {
  const is = (code: string) => frame.code === code || (typeof frame.code === 'number' && String(frame.code) === code);
  switch (frame.event) {
    case 'subscribe':
    case 'unsubscribe':
      return says('ack');
    case 'error':
      return says('refused');
    case 'notice':
      return says(is('64008') ? 'closing' : 'other');
    case 'login':
      return says(is('0') ? 'ack' : 'refused');
    case 'channel-conn-count':
    case 'channel-conn-count-error':
      return says('other');
    default:
      return unknown();
  }
}
