import { takeBestLevels } from '../bestLevels.ts';
import type { DecodedFrame } from '../decodedFrame.ts';
import { FrameKind } from '../decodedFrame.ts';
import type { JsonObject } from '../slowFields.ts';
import {
  badFrame,
  decimalOf,
  keysOf,
  listOf,
  objectOf,
  optionalWhole,
  readLevels,
  textOf,
  tradeKeyOf,
  unknownMessage,
  wholeOf,
} from '../slowFields.ts';
import { readLiquidations, readTicker } from './readEvents.ts';

const UNREAD_TOPICS = ['kline.', 'liquidation.', 'insurance.', 'priceLimit.', 'adlAlert.', 'system.'];
const ACCOUNT_TOPICS = ['order', 'execution', 'position', 'wallet', 'greeks', 'dcp'];

/** The slow reader: any key order, any number format. @throws NightjarError venue.bad-frame | venue.unknown-message */
export function readBybit(message: unknown, frame: DecodedFrame): FrameKind {
  const envelope = objectOf(message, 'frame');
  if (envelope.topic === undefined) return readAnswer(envelope, frame);
  const topic = textOf(envelope.topic, 'topic');
  if (UNREAD_TOPICS.some((prefix) => topic.startsWith(prefix))) {
    frame.message = topic;
    return FrameKind.other;
  }
  // `order` and `order.linear`, `execution.fast`, `dcp.future`; a public `orderbook.50` is none of them.
  if (ACCOUNT_TOPICS.includes(topic.split('.', 1)[0]!)) {
    frame.message = topic;
    return FrameKind.account;
  }
  frame.venueTimeMs = optionalWhole(envelope.ts, 'ts');
  if (topic.startsWith('orderbook.')) return readBook(envelope, topic, frame);
  if (topic.startsWith('publicTrade.')) return readTrades(listOf(envelope.data, 'data'), frame);
  if (topic.startsWith('tickers.')) return readTicker(envelope, frame);
  if (topic.startsWith('allLiquidation.')) return readLiquidations(listOf(envelope.data, 'data'), frame);
  throw unknownMessage(`topic ${JSON.stringify(topic)}`);
}

/**
 * Told by the order of keys, since frames do not name their market: spot messages have `ts` before `type`, the others
 * behind it (docs/v5/websocket/public/orderbook, 2026-07); inverse symbols end in USD or have a delivery code.
 */
export function marketOf(symbol: string, timeIsBeforeType: boolean): string {
  if (timeIsBeforeType) return 'spot';
  return /USD([FGHJKMNQUVXZ]\d\d)?$/.test(symbol) ? 'inverse' : 'linear';
}

function readAnswer(envelope: JsonObject, frame: DecodedFrame): FrameKind {
  const { op } = envelope;
  if (op === 'pong' || (op === 'ping' && envelope.ret_msg === 'pong')) return FrameKind.pong;
  const code = envelope.retCode;
  if (typeof code === 'number') {
    frame.message = `${code} ${typeof envelope.retMsg === 'string' ? envelope.retMsg : ''}`.trim();
    return code === 0 ? FrameKind.reply : FrameKind.refused;
  }
  frame.message = typeof envelope.ret_msg === 'string' ? envelope.ret_msg : '';
  if (envelope.success === false) return FrameKind.refused;
  if (envelope.success === true && (op === 'subscribe' || op === 'unsubscribe' || op === 'auth')) {
    frame.message = op;
    return FrameKind.ack;
  }
  throw unknownMessage(`an object with ${keysOf(envelope)}`);
}

function readBook(envelope: JsonObject, topic: string, frame: DecodedFrame): FrameKind {
  const book = objectOf(envelope.data, 'data');
  frame.symbol = textOf(book.s, 's');
  frame.lastId = wholeOf(book.u, 'u');
  const keys = Object.keys(envelope);
  const timeAt = keys.indexOf('ts');
  frame.market = marketOf(frame.symbol, timeAt >= 0 && timeAt < keys.indexOf('type'));
  if (!readLevels(book.b, 'b', frame.bids, frame)) return FrameKind.offGrid;
  if (!readLevels(book.a, 'a', frame.asks, frame)) return FrameKind.offGrid;
  const { type } = envelope;
  if (type !== 'snapshot' && type !== 'delta') throw badFrame('type', type, 'snapshot or delta');
  // Depth 1 is whole each time, repeats with the same `u` after 3 s, and is no part of the deeper book.
  if (topic.startsWith('orderbook.1.')) {
    takeBestLevels(frame);
    return FrameKind.partialDepth;
  }
  return type === 'snapshot' || frame.lastId === 1 ? FrameKind.snapshot : FrameKind.depth;
}

function readTrades(data: readonly unknown[], frame: DecodedFrame): FrameKind {
  if (data.length === 0) throw badFrame('data', data, 'a list with a trade');
  for (const item of data) {
    const trade = objectOf(item, 'data');
    frame.symbol = textOf(trade.s, 's');
    if (trade.S !== 'Buy' && trade.S !== 'Sell') throw badFrame('S', trade.S, 'Buy or Sell');
    const [px, qty, timeMs] = [decimalOf(trade.p, 'p'), decimalOf(trade.v, 'v'), wholeOf(trade.T, 'T')];
    frame.addTrade(px, qty, timeMs, trade.S === 'Sell', tradeKeyOf(trade.i));
  }
  return FrameKind.trade;
}
