import { takeBestLevels } from '../bestLevels.ts';
import type { DecodedFrame } from '../decodedFrame.ts';
import { FrameKind } from '../decodedFrame.ts';
import type { JsonObject } from '../slowFields.ts';
import {
  badFrame,
  decimalOf,
  isObject,
  keysOf,
  listOf,
  objectOf,
  onlyItemOf,
  optionalWhole,
  readLevels,
  textOf,
  tradeKeyOf,
  unknownMessage,
  wholeOf,
} from '../slowFields.ts';
import { readLiquidations, readMarketEvent } from './readEvents.ts';

/** Channels whose data nothing here reads. */
const UNREAD_CHANNELS = new Set([
  'trades-all',
  'instruments',
  'index-tickers',
  'price-limit',
  'opt-summary',
  'estimated-price',
  'adl-warning',
  'status',
]);
const ACCOUNT_CHANNELS = new Set([
  'orders',
  'orders-algo',
  'algo-advance',
  'account',
  'positions',
  'balance_and_position',
  'liquidation-warning',
  'account-greeks',
  'fills',
  'sprd-orders',
  'sprd-trades',
]);
/** `books5`, `bbo-tbt` send whole levels and have no continuity. */
const WHOLE_LEVELS = new Set(['books5', 'bbo-tbt']);
const BOOKS = new Set(['books', 'books-l2-tbt', 'books50-l2-tbt']);

/** The slow reader: any key order, any number format. @throws NightjarError venue.bad-frame | venue.unknown-message */
export function readOkx(message: unknown, frame: DecodedFrame): FrameKind {
  const envelope = objectOf(message, 'frame');
  if (envelope.event !== undefined) return readEvent(envelope, frame);
  if (envelope.arg === undefined && typeof envelope.code === 'string') return readAnswer(envelope, frame);
  if (!isObject(envelope.arg) || envelope.data === undefined) {
    throw unknownMessage(`an object with ${keysOf(envelope)}`);
  }
  const channel = textOf(envelope.arg.channel, 'arg.channel');
  const data = listOf(envelope.data, 'data');
  if (UNREAD_CHANNELS.has(channel) || channel.startsWith('candle')) {
    frame.message = channel;
    return FrameKind.other;
  }
  if (ACCOUNT_CHANNELS.has(channel)) {
    frame.message = channel;
    return FrameKind.account;
  }
  if (channel === 'liquidation-orders') return readLiquidations(data, frame);
  frame.symbol = textOf(envelope.arg.instId, 'arg.instId');
  if (channel === 'trades') return readTrades(data, frame);
  if (BOOKS.has(channel) || WHOLE_LEVELS.has(channel)) {
    return readBook(data, textOf(envelope.action ?? 'whole', 'action'), WHOLE_LEVELS.has(channel), frame);
  }
  const kind = readMarketEvent(channel, data, frame);
  if (kind === null) throw unknownMessage(`channel ${JSON.stringify(channel)}`);
  return kind;
}

/** `spot`, `swap`, `futures` or `option`, told by the parts of BTC-USDT, BTC-USDT-SWAP, BTC-USD-220527, BTC-USD-220527-40000-C. */
export function marketOf(instId: string): string {
  const parts = instId.split('-');
  if (parts.length <= 2) return 'spot';
  if (parts.length > 3) return 'option';
  return parts[2] === 'SWAP' ? 'swap' : 'futures';
}

function readEvent(envelope: JsonObject, frame: DecodedFrame): FrameKind {
  const code = plainText(envelope.code);
  frame.message = `${code} ${plainText(envelope.msg)}`.trim();
  switch (envelope.event) {
    case 'subscribe':
    case 'unsubscribe':
      frame.message = isObject(envelope.arg) ? plainText(envelope.arg.channel) : '';
      return FrameKind.ack;
    case 'error':
      return FrameKind.refused;
    case 'notice':
      return code === '64008' ? FrameKind.closing : FrameKind.other;
    case 'login':
      return code === '0' ? FrameKind.ack : FrameKind.refused;
    case 'channel-conn-count':
    case 'channel-conn-count-error':
      frame.message = String(envelope.event);
      return FrameKind.other;
    default:
      throw unknownMessage(
        `event ${typeof envelope.event === 'string' ? JSON.stringify(envelope.event) : 'of no name'}`,
      );
  }
}

/** A REST answer: code 0 is success. */
function readAnswer(envelope: JsonObject, frame: DecodedFrame): FrameKind {
  frame.message = `${plainText(envelope.code)} ${plainText(envelope.msg)}`.trim();
  return envelope.code === '0' ? FrameKind.reply : FrameKind.refused;
}

const plainText = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

function readBook(data: readonly unknown[], action: string, whole: boolean, frame: DecodedFrame): FrameKind {
  const book = onlyItemOf(data, 'book');
  frame.venueTimeMs = optionalWhole(book.ts, 'ts');
  frame.lastId = optionalWhole(book.seqId, 'seqId');
  frame.prevId = optionalWhole(book.prevSeqId, 'prevSeqId');
  frame.checksum = optionalWhole(book.checksum, 'checksum');
  frame.market = marketOf(frame.symbol);
  if (!readLevels(book.bids, 'bids', frame.bids, frame)) return FrameKind.offGrid;
  if (!readLevels(book.asks, 'asks', frame.asks, frame)) return FrameKind.offGrid;
  if (whole) {
    takeBestLevels(frame);
    return FrameKind.partialDepth;
  }
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
    const [px, qty] = [decimalOf(trade.px, 'px'), decimalOf(trade.sz, 'sz')];
    frame.addTrade(px, qty, timeMs, trade.side === 'sell', tradeKeyOf(trade.tradeId));
  }
  return FrameKind.trade;
}
