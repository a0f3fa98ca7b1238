import { toNumber } from '../workers/kernels/decimalScale.ts';
import type { DecodedFrame } from './decodedFrame.ts';

/** Best bid and offer of a whole-level message, levels best first; NaN for an empty side. */
export function takeBestLevels(frame: DecodedFrame): void {
  const { bids, asks, price, size } = frame;
  if (bids.count > 0) {
    frame.bidPx = toNumber(bids.ticks[0]!, price);
    frame.bidQty = toNumber(bids.lots[0]!, size);
  }
  if (asks.count > 0) {
    frame.askPx = toNumber(asks.ticks[0]!, price);
    frame.askQty = toNumber(asks.lots[0]!, size);
  }
}
