import { toNumber } from '../workers/kernels/decimalScale.ts';
import { LadderBook } from '../workers/kernels/ladderBook.ts';
import type { LadderSideOptions } from '../workers/kernels/ladderSide.ts';
import { vwapPrice } from '../workers/kernels/vwap.ts';
import { FrameKind } from './decodedFrame.ts';
import type { FrameDecoder } from './frameDecoder.ts';
import type { BookTrust, PricedBook } from './venueFeed.ts';

/** The book of one market with the decoder that feeds it: both count in the same grid and change it together. */
export class MarketBook implements PricedBook {
  trust: BookTrust = 'syncing';
  readonly decoder: FrameDecoder;
  readonly ladder: LadderBook;

  constructor(decoder: FrameDecoder, options?: LadderSideOptions) {
    this.decoder = decoder;
    this.ladder = new LadderBook(options);
  }

  /** As `FrameDecoder.decode`, but a frame finer than the grid refines it (book included) instead of coming out as `offGrid`. */
  decode(bytes: Uint8Array): FrameKind {
    const kind = this.decoder.decode(bytes);
    if (kind !== FrameKind.offGrid) return kind;
    const change = this.decoder.refineGrid(bytes);
    if (change === null) return FrameKind.badFrame;
    if (this.ladder.bids.count + this.ladder.asks.count > 0) {
      this.ladder.rescale(change.ticksPerTick, change.lotsPerLot);
    }
    const again = this.decoder.decode(bytes);
    return again === FrameKind.offGrid ? this.decoder.refuse('a price or size is too large to be exact') : again;
  }

  /** Applies the decoded changes. */
  apply(): void {
    this.ladder.apply(this.decoder.frame.bids, this.decoder.frame.asks);
  }

  /** The decoded levels become the whole book. */
  replace(): void {
    this.ladder.replace(this.decoder.frame.bids, this.decoder.frame.asks);
  }

  bestBidPx(): number {
    return this.trust === 'live' ? toNumber(this.ladder.bids.bestTick, this.decoder.frame.price) : Number.NaN;
  }

  bestAskPx(): number {
    return this.trust === 'live' ? toNumber(this.ladder.asks.bestTick, this.decoder.frame.price) : Number.NaN;
  }

  bestBidQty(): number {
    const { bids } = this.ladder;
    return this.trust === 'live' && bids.count > 0 ? toNumber(bids.bestLots, this.decoder.frame.size) : Number.NaN;
  }

  bestAskQty(): number {
    const { asks } = this.ladder;
    return this.trust === 'live' && asks.count > 0 ? toNumber(asks.bestLots, this.decoder.frame.size) : Number.NaN;
  }

  midPx(): number {
    return (this.bestBidPx() + this.bestAskPx()) / 2;
  }

  vwapPx(side: 'bid' | 'ask', notional: number): number {
    if (this.trust !== 'live' || !(notional > 0)) return Number.NaN;
    const { price, size } = this.decoder.frame;
    return vwapPrice(side === 'bid' ? this.ladder.bids : this.ladder.asks, notional, price, size);
  }
}
