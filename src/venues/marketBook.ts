import { toNumber } from '../workers/kernels/decimalScale.ts';
import { LadderBook } from '../workers/kernels/ladderBook.ts';
import type { LadderSideOptions } from '../workers/kernels/ladderSide.ts';
import { vwapPrice } from '../workers/kernels/vwap.ts';
import type { FrameKind } from './decodedFrame.ts';
import type { FrameDecoder, GridChange } from './frameDecoder.ts';
import type { BookTrust, PricedBook } from './venueFeed.ts';

/** The book of one market with the decoder that feeds it: both count in the same grid and change it together. */
export class MarketBook implements PricedBook {
  trust: BookTrust = 'syncing';
  readonly decoder: FrameDecoder;
  readonly ladder: LadderBook;
  /** Base per unit of the venue's sizes: 1, or what one contract stands for. */
  readonly #contractSize: number;

  readonly #rescale = ({ ticksPerTick, lotsPerLot }: GridChange): void => {
    if (this.ladder.bids.count + this.ladder.asks.count > 0) this.ladder.rescale(ticksPerTick, lotsPerLot);
  };

  constructor(decoder: FrameDecoder, options?: LadderSideOptions, contractSize = 1) {
    this.decoder = decoder;
    this.#contractSize = contractSize;
    this.ladder = new LadderBook(options);
  }

  /** As `FrameDecoder.decode`, but a frame finer than the grid refines it (book included) instead of coming out as `offGrid`. */
  decode(bytes: Uint8Array): FrameKind {
    return this.decoder.decodeRefining(bytes, this.#rescale);
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
    return this.trust === 'live' && bids.count > 0 ? this.#baseOf(bids.bestLots) : Number.NaN;
  }

  bestAskQty(): number {
    const { asks } = this.ladder;
    return this.trust === 'live' && asks.count > 0 ? this.#baseOf(asks.bestLots) : Number.NaN;
  }

  #baseOf(lots: number): number {
    return toNumber(lots, this.decoder.frame.size) * this.#contractSize;
  }

  midPx(): number {
    return (this.bestBidPx() + this.bestAskPx()) / 2;
  }

  vwapPx(side: 'bid' | 'ask', notional: number): number {
    if (this.trust !== 'live' || !(notional > 0)) return Number.NaN;
    const { price, size } = this.decoder.frame;
    // In contracts: what the notional is per base that a contract stands for.
    return vwapPrice(side === 'bid' ? this.ladder.bids : this.ladder.asks, notional / this.#contractSize, price, size);
  }
}
