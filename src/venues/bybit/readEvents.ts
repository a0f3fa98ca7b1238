import type { DecodedFrame } from '../decodedFrame.ts';
import { FrameKind } from '../decodedFrame.ts';
import type { JsonObject } from '../slowFields.ts';
import {
  badFrame,
  decimalOf,
  objectOf,
  optionalDecimal,
  optionalSigned,
  optionalTime,
  textOf,
  wholeOf,
} from '../slowFields.ts';

/**
 * `tickers`: linear and inverse send a snapshot, then deltas in which an absent field is unchanged; spot and options send
 * snapshots only, options under other names. @source docs/v5/websocket/public/ticker (2026-07)
 */
export function readTicker(envelope: JsonObject, frame: DecodedFrame): FrameKind {
  const data = objectOf(envelope.data, 'data');
  frame.symbol = textOf(data.symbol, 'symbol');
  frame.lastPx = optionalDecimal(data.lastPrice, 'lastPrice');
  frame.bidPx = optionalDecimal(data.bid1Price ?? data.bidPrice, 'bid1Price');
  frame.bidQty = optionalDecimal(data.bid1Size ?? data.bidSize, 'bid1Size');
  frame.askPx = optionalDecimal(data.ask1Price ?? data.askPrice, 'ask1Price');
  frame.askQty = optionalDecimal(data.ask1Size ?? data.askSize, 'ask1Size');
  frame.markPx = optionalDecimal(data.markPrice, 'markPrice');
  frame.indexPx = optionalDecimal(data.indexPrice, 'indexPrice');
  frame.openInterest = optionalDecimal(data.openInterest, 'openInterest');
  frame.fundingRate = optionalSigned(data.fundingRate, 'fundingRate');
  frame.nextFundingMs = optionalTime(data.nextFundingTime, 'nextFundingTime');
  return FrameKind.ticker;
}

/**
 * `allLiquidation`: `S` is the side of the POSITION, so Buy means that a long was closed; `p` is the bankruptcy price.
 * Every liquidation is sent. @source docs/v5/websocket/public/all-liquidation (2026-07)
 */
export function readLiquidations(data: readonly unknown[], frame: DecodedFrame): FrameKind {
  if (data.length === 0) throw badFrame('data', data, 'a list with a liquidation');
  for (const item of data) {
    const closed = objectOf(item, 'data');
    const symbol = textOf(closed.s, 's');
    if (closed.S !== 'Buy' && closed.S !== 'Sell') throw badFrame('S', closed.S, 'Buy or Sell');
    const [px, qty, timeMs] = [decimalOf(closed.p, 'p'), decimalOf(closed.v, 'v'), wholeOf(closed.T, 'T')];
    frame.symbol = symbol;
    frame.addLiquidation(symbol, px, qty, timeMs, closed.S === 'Buy');
  }
  return FrameKind.liquidation;
}
