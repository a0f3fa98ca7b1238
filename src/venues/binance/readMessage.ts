import type { DecodedFrame } from '../decodedFrame.ts';
import { FrameKind } from '../decodedFrame.ts';
import type { JsonObject } from '../slowFields.ts';
import {
  badFrame,
  decimalOf,
  isObject,
  keysOf,
  objectOf,
  optionalWhole,
  readLevels,
  textOf,
  tradeKeyOf,
  unknownMessage,
  wholeOf,
} from '../slowFields.ts';
import { readForceOrder, readMarkPrice } from './readEvents.ts';

/** Events that Binance documents and nothing here reads (web-socket-streams.md of spot 2026-07, USDⓈ-M docs 2026). */
const UNREAD_EVENTS = new Set([
  '24hrTicker',
  '24hrMiniTicker',
  '1hTicker',
  '4hTicker',
  '1dTicker',
  'avgPrice',
  'kline',
  'continuous_kline',
  'indexPriceUpdate',
  'contractInfo',
  'compositeIndex',
  'assetIndexUpdate',
  'rpiDepthUpdate',
]);

/** Events of the user-data streams, spot and futures (user-data-stream.md 2026-07, USDⓈ-M docs 2026). */
const ACCOUNT_EVENTS = new Set([
  'executionReport',
  'outboundAccountPosition',
  'balanceUpdate',
  'listStatus',
  'externalLockUpdate',
  'eventStreamTerminated',
  'listenKeyExpired',
  'ORDER_TRADE_UPDATE',
  'TRADE_LITE',
  'ACCOUNT_UPDATE',
  'ACCOUNT_CONFIG_UPDATE',
  'ALGO_UPDATE',
  'MARGIN_CALL',
  'CONDITIONAL_ORDER_TRIGGER_REJECT',
]);

/** The slow reader: any key order, any number format. @throws NightjarError venue.bad-frame | venue.unknown-message */
export function readBinance(message: unknown, frame: DecodedFrame): FrameKind {
  if (Array.isArray(message) && message.length > 0 && message.every(isEvent)) {
    frame.message = `a list of ${(message[0] as JsonObject).e}`;
    return FrameKind.other;
  }
  const envelope = objectOf(message, 'frame');
  const event = envelope.e === undefined && isObject(envelope.data) ? envelope.data : envelope;
  const stream = typeof envelope.stream === 'string' ? envelope.stream : '';
  if (event.lastUpdateId !== undefined) return readSnapshot(event, stream, frame);
  if (event.e === undefined) return readNameless(event, frame);
  const name = textOf(event.e, 'e');
  switch (name) {
    case 'depthUpdate':
      return readDepth(event, stream, frame);
    case 'trade':
      return readTrade(event, frame, FrameKind.trade, event.t);
    case 'aggTrade':
      return readTrade(event, frame, FrameKind.aggTrade, event.a);
    case 'bookTicker':
      return readTicker(event, frame);
    case 'markPriceUpdate':
      return readMarkPrice(event, frame);
    case 'forceOrder':
      return readForceOrder(event, frame);
    case 'serverShutdown':
      frame.message = 'serverShutdown';
      return FrameKind.closing;
    default:
      if (!UNREAD_EVENTS.has(name) && !ACCOUNT_EVENTS.has(name)) throw unknownMessage(`event ${JSON.stringify(name)}`);
      frame.message = name;
      return UNREAD_EVENTS.has(name) ? FrameKind.other : FrameKind.account;
  }
}

const isEvent = (item: unknown) => isObject(item) && typeof item.e === 'string';

/** `spot`, `usdm` or `coinm`: only futures carry `pu`, only COIN-M symbols an underscore behind `USD`. */
export function marketOf(symbol: string, hasPreviousId: boolean): string {
  if (!hasPreviousId) return 'spot';
  return /USD_/.test(symbol) ? 'coinm' : 'usdm';
}

const isPartial = (stream: string) => /@depth\d/.test(stream);

function readSnapshot(event: JsonObject, stream: string, frame: DecodedFrame): FrameKind {
  frame.lastId = wholeOf(event.lastUpdateId, 'lastUpdateId');
  frame.venueTimeMs = optionalWhole(event.E, 'E');
  if (event.symbol !== undefined) {
    // Only COIN-M answers name their symbol.
    frame.symbol = textOf(event.symbol, 'symbol');
    frame.market = 'coinm';
  }
  if (!readLevels(event.bids, 'bids', frame.bids, frame)) return FrameKind.offGrid;
  if (!readLevels(event.asks, 'asks', frame.asks, frame)) return FrameKind.offGrid;
  if (!isPartial(stream)) return FrameKind.snapshot;
  frame.symbol = stream.slice(0, stream.indexOf('@')).toUpperCase();
  return FrameKind.partialDepth;
}

function readDepth(event: JsonObject, stream: string, frame: DecodedFrame): FrameKind {
  frame.symbol = textOf(event.s, 's');
  frame.venueTimeMs = optionalWhole(event.E, 'E');
  frame.firstId = wholeOf(event.U, 'U');
  frame.lastId = wholeOf(event.u, 'u');
  frame.prevId = optionalWhole(event.pu, 'pu');
  frame.market = marketOf(frame.symbol, event.pu !== undefined);
  if (!readLevels(event.b, 'b', frame.bids, frame)) return FrameKind.offGrid;
  if (!readLevels(event.a, 'a', frame.asks, frame)) return FrameKind.offGrid;
  return isPartial(stream) ? FrameKind.partialDepth : FrameKind.depth;
}

function readTrade(event: JsonObject, frame: DecodedFrame, kind: FrameKind, id: unknown): FrameKind {
  frame.symbol = textOf(event.s, 's');
  frame.venueTimeMs = optionalWhole(event.E, 'E');
  if (typeof event.m !== 'boolean') throw badFrame('m', event.m, 'true or false');
  frame.addTrade(decimalOf(event.p, 'p'), decimalOf(event.q, 'q'), wholeOf(event.T, 'T'), event.m, tradeKeyOf(id));
  return kind;
}

function readTicker(event: JsonObject, frame: DecodedFrame): FrameKind {
  frame.symbol = textOf(event.s, 's');
  frame.venueTimeMs = optionalWhole(event.E, 'E');
  frame.lastId = wholeOf(event.u, 'u');
  frame.bidPx = decimalOf(event.b, 'b');
  frame.bidQty = decimalOf(event.B, 'B');
  frame.askPx = decimalOf(event.a, 'a');
  frame.askQty = decimalOf(event.A, 'A');
  return FrameKind.bookTicker;
}

/** A bookTicker of spot, an event of a WebSocket-API session, an answer to a control frame or a request, REST open interest. */
function readNameless(event: JsonObject, frame: DecodedFrame): FrameKind {
  if (typeof event.s === 'string' && event.B !== undefined && event.A !== undefined) return readTicker(event, frame);
  if (isObject(event.event) && typeof event.event.e === 'string') {
    frame.message = event.event.e;
    return FrameKind.account;
  }
  const error = isObject(event.error) ? event.error : event;
  if (typeof error.code === 'number' && typeof error.msg === 'string') {
    frame.message = `${error.code} ${error.msg}`;
    return error.code === 200 ? FrameKind.reply : FrameKind.refused;
  }
  if (event.openInterest !== undefined && event.symbol !== undefined) {
    frame.symbol = textOf(event.symbol, 'symbol');
    frame.venueTimeMs = optionalWhole(event.time, 'time');
    frame.openInterest = decimalOf(event.openInterest, 'openInterest');
    return FrameKind.openInterest;
  }
  if (event.result !== undefined && 'id' in event) return FrameKind.ack;
  throw unknownMessage(`an object with ${keysOf(event)}`);
}
