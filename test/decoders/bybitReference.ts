import type { Outcome } from './outcome.ts';
import type { Json } from './referenceFields.ts';
import {
  bad,
  book,
  decimal,
  figures,
  maybe,
  maybeSigned,
  maybeTime,
  maybeWhole,
  object,
  refer,
  says,
  some,
  text,
  tradeKey,
  unknown,
  whole,
} from './referenceFields.ts';

export const bybitReference = (bytes: Uint8Array): Outcome => refer(bytes, read);

function read(message: Json): Outcome {
  const frame = object(message);
  if (frame.topic === undefined) return answer(frame);
  const topic = text(frame.topic);
  if (/^(kline|liquidation|insurance|priceLimit|adlAlert|system)\./.test(topic)) return says('other');
  if (/^(order|execution|position|wallet|greeks|dcp)(\.|$)/.test(topic)) return says('account');
  const timeMs = maybeWhole(frame.ts);
  if (topic.startsWith('orderbook.')) return levels(frame, topic, timeMs);
  if (topic.startsWith('tickers.')) return ticker(object(frame.data), timeMs);
  const isTrade = topic.startsWith('publicTrade.');
  if (!isTrade && !topic.startsWith('allLiquidation.')) unknown();
  const rows = some(frame.data).map((row) => {
    const { s, S, p, v, T, i } = object(row);
    if (S !== 'Buy' && S !== 'Sell') bad();
    return { symbol: text(s), px: decimal(p), qty: decimal(v), at: whole(T), S, id: tradeKey(i) };
  });
  const symbol = rows.at(-1)!.symbol;
  if (isTrade) {
    const trades = rows.map(({ px, qty, at, S, id }) => [px, qty, at, S === 'Sell' ? 1 : 0, id]);
    return says('trade', { symbol, timeMs, trades });
  }
  const liquidations = rows.map((row) => [row.symbol, row.px, row.qty, row.at, row.S === 'Buy' ? 1 : 0]);
  return says('liquidation', { symbol, timeMs, liquidations });
}

function levels(frame: Json, topic: string, timeMs: number): Outcome {
  const { s, u, b, a } = object(frame.data);
  if (frame.type !== 'snapshot' && frame.type !== 'delta') bad();
  const sides = book(b, a);
  const [symbol, lastId] = [text(s), whole(u)];
  const order = Object.keys(frame).filter((key) => key === 'ts' || key === 'type');
  const derivative = /USD([FGHJKMNQUVXZ]\d\d)?$/.test(symbol) ? 'inverse' : 'linear';
  const said = {
    symbol,
    timeMs,
    ...sides,
    ids: [Number.NaN, lastId, Number.NaN, Number.NaN],
    market: order[0] === 'ts' ? 'spot' : derivative,
  };
  if (topic.startsWith('orderbook.1.')) {
    const best = (side: number[][]) => (side[0] ?? [Number.NaN, Number.NaN]) as [number, number];
    return says('partialDepth', { ...said, figures: figures({ bid: best(sides.bids), ask: best(sides.asks) }) });
  }
  return says(frame.type === 'snapshot' || lastId === 1 ? 'snapshot' : 'depth', said);
}

function ticker(data: Json, timeMs: number): Outcome {
  return says('ticker', {
    symbol: text(data.symbol),
    timeMs,
    figures: figures({
      bid: [maybe(data.bid1Price ?? data.bidPrice), maybe(data.bid1Size ?? data.bidSize)],
      ask: [maybe(data.ask1Price ?? data.askPrice), maybe(data.ask1Size ?? data.askSize)],
      last: maybe(data.lastPrice),
      mark: maybe(data.markPrice),
      index: maybe(data.indexPrice),
      funding: maybeSigned(data.fundingRate),
      nextFunding: maybeTime(data.nextFundingTime),
      interest: maybe(data.openInterest),
    }),
  });
}

function answer(frame: Json): Outcome {
  const { op } = frame;
  if (op === 'pong' || (op === 'ping' && frame.ret_msg === 'pong')) return says('pong');
  if (typeof frame.retCode === 'number') return says(frame.retCode === 0 ? 'reply' : 'refused');
  if (frame.success === false) return says('refused');
  return frame.success === true && ['subscribe', 'unsubscribe', 'auth'].includes(op) ? says('ack') : unknown();
}
