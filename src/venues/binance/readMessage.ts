import type { DecodedFrame } from '../decodedFrame.ts';
import { FrameKind } from '../decodedFrame.ts';
import type { JsonObject } from '../slowFields.ts';
import {
  badFrame,
  decimalOf,
  isObject,
  objectOf,
  optionalWhole,
  readLevels,
  textOf,
  unknownMessage,
  wholeOf,
} from '../slowFields.ts';

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
  'markPriceUpdate',
  'indexPriceUpdate',
  'forceOrder',
  'contractInfo',
  'compositeIndex',
  'assetIndexUpdate',
  'rpiDepthUpdate',
]);

/** The slow reader: any key order, any number format. @throws NightjarError venue.bad-frame | venue.unknown-message */
export function readBinance(message: unknown, frame: DecodedFrame): FrameKind {
  if (
    Array.isArray(message) &&
    message.length > 0 &&
    message.every((item) => isObject(item) && typeof item.e === 'string')
  ) {
    return FrameKind.other;
  }
  const envelope = objectOf(message, 'frame');
  const event = envelope.e === undefined && isObject(envelope.data) ? envelope.data : envelope;
  const stream = typeof envelope.stream === 'string' ? envelope.stream : '';
  if (event.lastUpdateId !== undefined) return readSnapshot(event, stream, frame);
  if (event.e === undefined) return readNameless(event, frame);
  switch (textOf(event.e, 'e')) {
    case 'depthUpdate':
      return readDepth(event, stream, frame);
    case 'trade':
      return readTrade(event, frame, FrameKind.trade);
    case 'aggTrade':
      return readTrade(event, frame, FrameKind.aggTrade);
    case 'bookTicker':
      return readTicker(event, frame);
    case 'serverShutdown':
      frame.message = 'serverShutdown';
      return FrameKind.closing;
    default:
      if (UNREAD_EVENTS.has(event.e as string)) return FrameKind.other;
      throw unknownMessage(`event ${JSON.stringify(event.e)}`);
  }
}

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

function readTrade(event: JsonObject, frame: DecodedFrame, kind: FrameKind): FrameKind {
  frame.symbol = textOf(event.s, 's');
  frame.venueTimeMs = optionalWhole(event.E, 'E');
  if (typeof event.m !== 'boolean') throw badFrame('m', event.m, 'true or false');
  frame.addTrade(decimalOf(event.p, 'p'), decimalOf(event.q, 'q'), wholeOf(event.T, 'T'), event.m);
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

/** A bookTicker of spot, or an answer to a control frame. */
function readNameless(event: JsonObject, frame: DecodedFrame): FrameKind {
  if (typeof event.s === 'string' && event.B !== undefined && event.A !== undefined) return readTicker(event, frame);
  const error = isObject(event.error) ? event.error : event;
  if (typeof error.code === 'number' && typeof error.msg === 'string') {
    frame.message = `${error.code} ${error.msg}`;
    return FrameKind.refused;
  }
  if (event.result !== undefined && 'id' in event) return FrameKind.ack;
  throw unknownMessage(JSON.stringify(event));
}
