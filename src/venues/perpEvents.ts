import type { DecodedFrame } from './decodedFrame.ts';
import { FrameKind } from './decodedFrame.ts';
import type { Liquidation, PerpFigures, PerpQuote } from './perpFeedTypes.ts';
import { TradeIds } from './tradeIds.ts';

export interface PerpEventSink {
  trade(px: number, qty: number, takerSide: 'buy' | 'sell', venueTimeMs: number): void;
  liquidation(liquidation: Liquidation): void;
  quoteChanged(): void;
  figuresChanged(): void;
}

/** Turns decoded frames into trades, quotes, figures and liquidations of one market, sizes into base. */
export class PerpEvents {
  readonly quote: PerpQuote = emptyQuote();
  readonly figures: PerpFigures = emptyFigures();
  readonly tradeIds = new TradeIds();
  readonly #symbol: string;
  readonly #contractSize: number;
  readonly #sink: PerpEventSink;
  /** Id of the newest quote: streams overtake each other, and what is older says nothing. */
  #quoteId = Number.NaN;

  constructor(symbol: string, contractSize: number, sink: PerpEventSink) {
    this.#symbol = symbol;
    this.#contractSize = contractSize;
    this.#sink = sink;
  }

  /** The connection is new: its ids may have started again. */
  reconnected(): void {
    this.#quoteId = Number.NaN;
  }

  /** @returns false for a frame that is none of these */
  take(frame: DecodedFrame, receivedMs: number): boolean {
    switch (frame.kind) {
      case FrameKind.trade:
      case FrameKind.aggTrade:
        this.#trades(frame);
        return true;
      case FrameKind.bookTicker:
      case FrameKind.partialDepth:
        this.#quote(frame, receivedMs);
        return true;
      case FrameKind.markPrice:
      case FrameKind.funding:
      case FrameKind.openInterest:
      case FrameKind.ticker:
        this.#takeFigures(frame, receivedMs);
        return true;
      case FrameKind.liquidation:
        this.#liquidations(frame);
        return true;
      default:
        return false;
    }
  }

  #trades(frame: DecodedFrame): void {
    for (let i = 0; i < frame.tradeCount; i += 1) {
      if (!this.tradeIds.isNew(frame.tradeId[i]!)) continue;
      const side = frame.tradeTakerSold[i] === 1 ? 'sell' : 'buy';
      this.#sink.trade(frame.tradePx[i]!, frame.tradeQty[i]! * this.#contractSize, side, frame.tradeTimeMs[i]!);
    }
  }

  #quote(frame: DecodedFrame, receivedMs: number): void {
    if (frame.lastId < this.#quoteId) return;
    this.#quoteId = frame.lastId;
    const { quote } = this;
    quote.bidPx = frame.bidPx;
    quote.bidQty = frame.bidQty * this.#contractSize;
    quote.askPx = frame.askPx;
    quote.askQty = frame.askQty * this.#contractSize;
    quote.receivedMs = receivedMs;
    this.#sink.quoteChanged();
  }

  /** What a message does not carry is unchanged. */
  #takeFigures(frame: DecodedFrame, receivedMs: number): void {
    const { figures } = this;
    const openInterest = frame.openInterest * this.#contractSize;
    const { markPx, indexPx, fundingRate, nextFundingMs } = frame;
    if (Number.isNaN(markPx) && Number.isNaN(indexPx) && Number.isNaN(fundingRate) && Number.isNaN(openInterest)) {
      return;
    }
    if (!Number.isNaN(markPx)) figures.markPx = markPx;
    if (!Number.isNaN(indexPx)) figures.indexPx = indexPx;
    if (!Number.isNaN(fundingRate)) figures.fundingRate = fundingRate;
    if (!Number.isNaN(nextFundingMs)) figures.nextFundingMs = nextFundingMs;
    if (!Number.isNaN(openInterest)) figures.openInterest = openInterest;
    figures.receivedMs = receivedMs;
    this.#sink.figuresChanged();
  }

  #liquidations(frame: DecodedFrame): void {
    for (let i = 0; i < frame.liquidationCount; i += 1) {
      if (frame.liquidationSymbols[i] !== this.#symbol) continue;
      this.#sink.liquidation({
        px: frame.liquidationPx[i]!,
        qty: frame.liquidationQty[i]! * this.#contractSize,
        closed: frame.liquidatedLong[i] === 1 ? 'long' : 'short',
        venueTimeMs: frame.liquidationTimeMs[i]!,
      });
    }
  }
}

const { NaN: NONE } = Number;
const emptyQuote = (): PerpQuote => ({ bidPx: NONE, bidQty: NONE, askPx: NONE, askQty: NONE, receivedMs: NONE });
const emptyFigures = (): PerpFigures => ({
  ...{ markPx: NONE, indexPx: NONE, fundingRate: NONE, nextFundingMs: NONE, openInterest: NONE, receivedMs: NONE },
});
