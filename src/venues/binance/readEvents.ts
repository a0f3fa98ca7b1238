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
  optionalWhole,
  textOf,
  wholeOf,
} from '../slowFields.ts';

/** `markPriceUpdate`: mark, index and funding of one perpetual. @source USDⓈ-M docs, mark price stream (2026) */
export function readMarkPrice(event: JsonObject, frame: DecodedFrame): FrameKind {
  frame.symbol = textOf(event.s, 's');
  frame.venueTimeMs = optionalWhole(event.E, 'E');
  frame.markPx = decimalOf(event.p, 'p');
  frame.indexPx = optionalDecimal(event.i, 'i');
  frame.fundingRate = optionalSigned(event.r, 'r');
  frame.nextFundingMs = optionalTime(event.T, 'T');
  return FrameKind.markPrice;
}

/**
 * `forceOrder`: `S` is the side of the closing order, so SELL closed a long. Price is the average fill where there is
 * one; `q` in base (contracts on COIN-M). A sample: at most one per symbol and second, never to be summed as volume.
 * @source USDⓈ-M docs, liquidation order streams (2026)
 */
export function readForceOrder(event: JsonObject, frame: DecodedFrame): FrameKind {
  const order = objectOf(event.o, 'o');
  frame.symbol = textOf(order.s, 'o.s');
  frame.venueTimeMs = optionalWhole(event.E, 'E');
  if (order.S !== 'SELL' && order.S !== 'BUY') throw badFrame('o.S', order.S, 'SELL or BUY');
  const orderPx = decimalOf(order.p, 'o.p');
  const averagePx = optionalDecimal(order.ap, 'o.ap');
  const px = averagePx > 0 ? averagePx : orderPx;
  frame.addLiquidation(frame.symbol, px, decimalOf(order.q, 'o.q'), wholeOf(order.T, 'o.T'), order.S === 'SELL');
  return FrameKind.liquidation;
}
