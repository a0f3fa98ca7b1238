import type { DecodedFrame } from '../decodedFrame.ts';
import { FrameKind } from '../decodedFrame.ts';
import type { JsonObject } from '../slowFields.ts';
import {
  badFrame,
  decimalOf,
  listOf,
  objectOf,
  optionalWhole,
  readLevels,
  textOf,
  unknownMessage,
  wholeOf,
} from '../slowFields.ts';

const UNREAD_TOPICS = [
  'tickers.',
  'kline.',
  'allLiquidation.',
  'liquidation.',
  'insurance.',
  'priceLimit.',
  'adlAlert.',
];

/** The slow reader: any key order, any number format. @throws NightjarError venue.bad-frame | venue.unknown-message */
export function readBybit(message: unknown, frame: DecodedFrame): FrameKind {
  const envelope = objectOf(message, 'frame');
  if (envelope.topic === undefined) return readAnswer(envelope, frame);
  const topic = textOf(envelope.topic, 'topic');
  if (UNREAD_TOPICS.some((prefix) => topic.startsWith(prefix))) return FrameKind.other;
  frame.venueTimeMs = optionalWhole(envelope.ts, 'ts');
  if (topic.startsWith('orderbook.')) return readBook(envelope, frame);
  if (topic.startsWith('publicTrade.')) return readTrades(listOf(envelope.data, 'data'), frame);
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
  frame.message = String(envelope.ret_msg ?? '');
  if (envelope.success === false) return FrameKind.refused;
  if (envelope.success === true && (op === 'subscribe' || op === 'unsubscribe')) {
    frame.message = op;
    return FrameKind.ack;
  }
  throw unknownMessage(JSON.stringify(envelope));
}

function readBook(envelope: JsonObject, frame: DecodedFrame): FrameKind {
  const book = objectOf(envelope.data, 'data');
  frame.symbol = textOf(book.s, 's');
  frame.lastId = wholeOf(book.u, 'u');
  const keys = Object.keys(envelope);
  const timeAt = keys.indexOf('ts');
  frame.market = marketOf(frame.symbol, timeAt >= 0 && timeAt < keys.indexOf('type'));
  if (!readLevels(book.b, 'b', frame.bids, frame)) return FrameKind.offGrid;
  if (!readLevels(book.a, 'a', frame.asks, frame)) return FrameKind.offGrid;
  if (envelope.type === 'snapshot') return FrameKind.snapshot;
  if (envelope.type === 'delta') return frame.lastId === 1 ? FrameKind.snapshot : FrameKind.depth;
  throw badFrame('type', envelope.type, 'snapshot or delta');
}

function readTrades(data: readonly unknown[], frame: DecodedFrame): FrameKind {
  if (data.length === 0) throw badFrame('data', data, 'a list with a trade');
  for (const item of data) {
    const trade = objectOf(item, 'data');
    frame.symbol = textOf(trade.s, 's');
    if (trade.S !== 'Buy' && trade.S !== 'Sell') throw badFrame('S', trade.S, 'Buy or Sell');
    frame.addTrade(decimalOf(trade.p, 'p'), decimalOf(trade.v, 'v'), wholeOf(trade.T, 'T'), trade.S === 'Sell');
  }
  return FrameKind.trade;
}
