import type { DecodedFrame } from '../decodedFrame.ts';
import { FrameKind } from '../decodedFrame.ts';
import type { JsonObject } from '../slowFields.ts';
import {
  badFrame,
  decimalOf,
  isObject,
  listOf,
  objectOf,
  optionalWhole,
  readLevels,
  textOf,
  unknownMessage,
  wholeOf,
} from '../slowFields.ts';

/** Channels whose data nothing here reads. `books5`, `bbo-tbt` send whole levels and have no continuity. */
const UNREAD_CHANNELS = new Set([
  'tickers',
  'trades-all',
  'open-interest',
  'funding-rate',
  'liquidation-orders',
  'instruments',
  'mark-price',
  'index-tickers',
  'price-limit',
  'status',
]);
const WHOLE_LEVELS = new Set(['books5', 'bbo-tbt']);
const BOOKS = new Set(['books', 'books-l2-tbt', 'books50-l2-tbt']);

/** The slow reader: any key order, any number format. @throws NightjarError venue.bad-frame | venue.unknown-message */
export function readOkx(message: unknown, frame: DecodedFrame): FrameKind {
  const envelope = objectOf(message, 'frame');
  if (envelope.event !== undefined) return readEvent(envelope, frame);
  if (!isObject(envelope.arg) || envelope.data === undefined) throw unknownMessage(JSON.stringify(envelope));
  const channel = textOf(envelope.arg.channel, 'arg.channel');
  const data = listOf(envelope.data, 'data');
  if (UNREAD_CHANNELS.has(channel) || channel.startsWith('candle')) return FrameKind.other;
  frame.symbol = textOf(envelope.arg.instId, 'arg.instId');
  if (channel === 'trades') return readTrades(data, frame);
  if (BOOKS.has(channel) || WHOLE_LEVELS.has(channel)) {
    return readBook(data, textOf(envelope.action ?? 'whole', 'action'), WHOLE_LEVELS.has(channel), frame);
  }
  throw unknownMessage(`channel ${JSON.stringify(channel)}`);
}

/** `spot`, `swap`, `futures` or `option`, told by the parts of BTC-USDT, BTC-USDT-SWAP, BTC-USD-220527, BTC-USD-220527-40000-C. */
export function marketOf(instId: string): string {
  const parts = instId.split('-');
  if (parts.length <= 2) return 'spot';
  if (parts.length > 3) return 'option';
  return parts[2] === 'SWAP' ? 'swap' : 'futures';
}

function readEvent(envelope: JsonObject, frame: DecodedFrame): FrameKind {
  const code = String(envelope.code ?? '');
  frame.message = `${code} ${String(envelope.msg ?? '')}`.trim();
  switch (envelope.event) {
    case 'subscribe':
    case 'unsubscribe':
      frame.message = isObject(envelope.arg) ? String(envelope.arg.channel ?? '') : '';
      return FrameKind.ack;
    case 'error':
      return FrameKind.refused;
    case 'notice':
      return code === '64008' ? FrameKind.closing : FrameKind.other;
    case 'channel-conn-count':
    case 'channel-conn-count-error':
    case 'login':
      return FrameKind.other;
    default:
      throw unknownMessage(`event ${JSON.stringify(envelope.event)}`);
  }
}

function readBook(data: readonly unknown[], action: string, whole: boolean, frame: DecodedFrame): FrameKind {
  if (data.length !== 1) throw badFrame('data', data.length, 'a list with one book');
  const book = objectOf(data[0], 'data[0]');
  frame.venueTimeMs = optionalWhole(book.ts, 'ts');
  frame.lastId = optionalWhole(book.seqId, 'seqId');
  frame.prevId = optionalWhole(book.prevSeqId, 'prevSeqId');
  frame.market = marketOf(frame.symbol);
  if (!readLevels(book.bids, 'bids', frame.bids, frame)) return FrameKind.offGrid;
  if (!readLevels(book.asks, 'asks', frame.asks, frame)) return FrameKind.offGrid;
  if (whole) return FrameKind.partialDepth;
  if (action === 'snapshot') return FrameKind.snapshot;
  if (action === 'update') return FrameKind.depth;
  throw badFrame('action', action, 'snapshot or update');
}

function readTrades(data: readonly unknown[], frame: DecodedFrame): FrameKind {
  if (data.length === 0) throw badFrame('data', data, 'a list with a trade');
  for (const item of data) {
    const trade = objectOf(item, 'data');
    if (trade.side !== 'buy' && trade.side !== 'sell') throw badFrame('side', trade.side, 'buy or sell');
    const timeMs = wholeOf(trade.ts, 'ts');
    frame.venueTimeMs = timeMs;
    frame.addTrade(decimalOf(trade.px, 'px'), decimalOf(trade.sz, 'sz'), timeMs, trade.side === 'sell');
  }
  return FrameKind.trade;
}
