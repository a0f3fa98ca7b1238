import type { DecodedFrame } from '../decodedFrame.ts';
import { FrameKind } from '../decodedFrame.ts';
import type { JsonObject } from '../slowFields.ts';
import {
  badFrame,
  decimalOf,
  listOf,
  objectOf,
  onlyItemOf,
  optionalDecimal,
  optionalTime,
  signedDecimalOf,
  textOf,
  wholeOf,
} from '../slowFields.ts';

/** Channels of one market that come seldom, by name. Each has one item. @source OKX API v5 guide, public data (2026-07) */
const readers: Readonly<Record<string, (item: JsonObject, frame: DecodedFrame) => FrameKind>> = {
  tickers: readTicker,
  'mark-price': (item, frame) => {
    frame.venueTimeMs = wholeOf(item.ts, 'ts');
    frame.markPx = decimalOf(item.markPx, 'markPx');
    return FrameKind.markPrice;
  },
  'funding-rate': (item, frame) => {
    frame.venueTimeMs = optionalTime(item.ts, 'ts');
    frame.fundingRate = signedDecimalOf(item.fundingRate, 'fundingRate');
    // `fundingTime` is the settlement that this rate is paid at; `nextFundingTime` is the one behind it.
    frame.nextFundingMs = optionalTime(item.fundingTime ?? item.nextFundingTime, 'fundingTime');
    return FrameKind.funding;
  },
  'open-interest': (item, frame) => {
    frame.venueTimeMs = wholeOf(item.ts, 'ts');
    frame.openInterest = decimalOf(item.oi, 'oi');
    return FrameKind.openInterest;
  },
};

/** @returns null for a channel that is none of these. @throws NightjarError venue.bad-frame */
export function readMarketEvent(channel: string, data: readonly unknown[], frame: DecodedFrame): FrameKind | null {
  const read = Object.hasOwn(readers, channel) ? readers[channel] : undefined;
  return read === undefined ? null : read(onlyItemOf(data, `item of ${channel}`), frame);
}

function readTicker(item: JsonObject, frame: DecodedFrame): FrameKind {
  frame.venueTimeMs = wholeOf(item.ts, 'ts');
  frame.lastPx = optionalDecimal(item.last, 'last');
  frame.bidPx = optionalDecimal(item.bidPx, 'bidPx');
  frame.bidQty = optionalDecimal(item.bidSz, 'bidSz');
  frame.askPx = optionalDecimal(item.askPx, 'askPx');
  frame.askQty = optionalDecimal(item.askSz, 'askSz');
  return FrameKind.ticker;
}

/**
 * `liquidation-orders`: one message may report several markets, each with several orders. `posSide` is the position that
 * was closed; accounts in net mode have it as `net`, and then `side` tells: what sells closes a long. Sizes in contracts.
 * Not the full set of liquidations, nor in order of time.
 */
export function readLiquidations(data: readonly unknown[], frame: DecodedFrame): FrameKind {
  if (data.length === 0) throw badFrame('data', data, 'a list with a market');
  for (const market of data) {
    const { instId, details } = objectOf(market, 'data');
    const symbol = textOf(instId, 'instId');
    frame.symbol = data.length === 1 ? symbol : '';
    for (const detail of listOf(details, 'details')) {
      const order = objectOf(detail, 'details');
      const timeMs = wholeOf(order.ts, 'details.ts');
      const px = decimalOf(order.bkPx, 'details.bkPx');
      frame.addLiquidation(symbol, px, decimalOf(order.sz, 'details.sz'), timeMs, isLong(order));
      frame.venueTimeMs = timeMs;
    }
  }
  return FrameKind.liquidation;
}

function isLong({ side, posSide }: JsonObject): boolean {
  if (side !== 'buy' && side !== 'sell') throw badFrame('details.side', side, 'buy or sell');
  if (posSide === 'long' || posSide === 'short') return posSide === 'long';
  return side === 'sell';
}
