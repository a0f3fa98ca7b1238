import type { DecimalScale } from '../workers/kernels/decimalScale.ts';
import type { LevelBuffer } from '../workers/kernels/levelScanner.ts';
import { createLevelBuffer } from '../workers/kernels/levelScanner.ts';
import type { GridValues } from './slowFields.ts';

/** What one frame of a venue is. Negative = refused. */
export const FrameKind = {
  /** Not JSON, truncated, a field of the wrong type. */
  badFrame: -1,
  /** Well-formed, but no message that this venue is known to send. */
  unknownMessage: -2,
  /** Internal to the decoder: a level lies between two increments. */
  offGrid: -3,
  /** Book changes. */
  depth: 1,
  /** Whole book: replaces what we have. */
  snapshot: 2,
  trade: 3,
  /** Trades merged per taker order. */
  aggTrade: 4,
  bookTicker: 5,
  /** The venue's top N levels, sent whole each time and without continuity. */
  partialDepth: 6,
  /** Subscription or unsubscription accepted. */
  ack: 7,
  /** Subscription or request refused: `message` says why. */
  refused: 8,
  /** Answer to our keep-alive. */
  pong: 9,
  /** The venue announces that it will close the connection. */
  closing: 10,
  /** A known message that nothing here reads (candles, 24 h statistics, …); `message` names it. */
  other: 11,
  /** Positions closed by force, the closed side normalised. */
  liquidation: 12,
  /** Mark price, with index and funding where the venue sends them together. */
  markPrice: 13,
  funding: 14,
  openInterest: 15,
  /** Any of last, best bid and ask, mark, index, funding, open interest; what is absent is unchanged. */
  ticker: 16,
  /** A message of a private stream (orders, fills, balances); `message` names it. Trading reads these elsewhere. */
  account: 17,
  /** A REST or order-entry answer that reports success. */
  reply: 18,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** Names for reports, by kind. */
export const frameKindNames = Object.fromEntries(
  Object.entries(FrameKind).map(([name, kind]) => [kind, name]),
) as Readonly<Record<FrameKind, keyof typeof FrameKind>>;

const LEVELS = 2048;
const TRADES = 128;
const LIQUIDATIONS = 32;

/**
 * The one object that a decoder writes each frame into; valid until the next frame. Numbers that a message does not
 * carry are NaN, texts are ''.
 */
export class DecodedFrame {
  kind: FrameKind = FrameKind.other;
  /** The grid in which `bids` and `asks` count. */
  price: DecimalScale;
  size: DecimalScale;
  /** Venue's own name of the market, as written; '' where the message has none (Binance spot REST snapshot). */
  symbol = '';
  /** When the venue made the message. */
  venueTimeMs = Number.NaN;
  /** First, last and previous-last update id: U, u, pu · –, seqId, prevSeqId · –, u, –. */
  firstId = Number.NaN;
  lastId = Number.NaN;
  prevId = Number.NaN;
  readonly bids: LevelBuffer = createLevelBuffer(LEVELS);
  readonly asks: LevelBuffer = createLevelBuffer(LEVELS);

  /** OKX's CRC-32 of the top 25 levels; NaN where absent. 0 means that the venue computed none. */
  checksum = Number.NaN;

  tradeCount = 0;
  tradePx = new Float64Array(TRADES);
  tradeQty = new Float64Array(TRADES);
  tradeTimeMs = new Float64Array(TRADES);
  /** 1 = the taker sold. */
  tradeTakerSold = new Uint8Array(TRADES);

  /** As `tradeKey` makes it of the venue's id; NaN where it gives none. */
  tradeId = new Float64Array(TRADES);

  liquidationCount = 0;
  /** Price in quote; quantity in the unit of the venue's sizes. */
  liquidationPx = new Float64Array(LIQUIDATIONS);
  liquidationQty = new Float64Array(LIQUIDATIONS);
  liquidationTimeMs = new Float64Array(LIQUIDATIONS);
  /** 1 = a long position was closed (the market sees a sell), 0 = a short one. */
  liquidatedLong = new Uint8Array(LIQUIDATIONS);
  /** One channel reports many markets at once. */
  readonly liquidationSymbols: string[] = [];

  /** Of a bookTicker, ticker, whole-level message of depth 1. */
  bidPx = Number.NaN;
  bidQty = Number.NaN;
  askPx = Number.NaN;
  askQty = Number.NaN;

  lastPx = Number.NaN;
  markPx = Number.NaN;
  indexPx = Number.NaN;
  /** Fraction per funding interval, as the venue states it; negative: shorts pay. */
  fundingRate = Number.NaN;
  nextFundingMs = Number.NaN;
  /** In the unit of the venue's sizes: contracts on OKX, base elsewhere. */
  openInterest = Number.NaN;

  /** Which market of the venue sent this, as far as the frame itself tells: `spot`, `usdm`, `coinm`, `linear`, `swap`, … */
  market = '';
  /** Set while a frame is read for the sake of its levels' grid only. */
  gridValues: GridValues | null = null;
  /** Why the frame was refused, or what a control message says. */
  message = '';

  constructor(price: DecimalScale, size: DecimalScale) {
    this.price = price;
    this.size = size;
  }

  reset(): void {
    this.kind = FrameKind.other;
    this.symbol = '';
    this.venueTimeMs = Number.NaN;
    this.firstId = Number.NaN;
    this.lastId = Number.NaN;
    this.prevId = Number.NaN;
    this.bids.count = 0;
    this.asks.count = 0;
    this.checksum = Number.NaN;
    this.tradeCount = 0;
    this.liquidationCount = 0;
    this.bidPx = Number.NaN;
    this.bidQty = Number.NaN;
    this.askPx = Number.NaN;
    this.askQty = Number.NaN;
    this.lastPx = Number.NaN;
    this.markPx = Number.NaN;
    this.indexPx = Number.NaN;
    this.fundingRate = Number.NaN;
    this.nextFundingMs = Number.NaN;
    this.openInterest = Number.NaN;
    this.market = '';
    this.message = '';
  }

  /** @param takerSold true when the taker sold */
  addTrade(px: number, qty: number, timeMs: number, takerSold: boolean, id: number): void {
    if (this.tradeCount === this.tradePx.length) this.#growTrades();
    const at = this.tradeCount;
    this.tradePx[at] = px;
    this.tradeQty[at] = qty;
    this.tradeTimeMs[at] = timeMs;
    this.tradeTakerSold[at] = takerSold ? 1 : 0;
    this.tradeId[at] = id;
    this.tradeCount = at + 1;
  }

  addLiquidation(symbol: string, px: number, qty: number, timeMs: number, long: boolean): void {
    const at = this.liquidationCount;
    if (at === this.liquidationPx.length) {
      this.liquidationPx = doubled(this.liquidationPx, new Float64Array(2 * at));
      this.liquidationQty = doubled(this.liquidationQty, new Float64Array(2 * at));
      this.liquidationTimeMs = doubled(this.liquidationTimeMs, new Float64Array(2 * at));
      this.liquidatedLong = doubled(this.liquidatedLong, new Uint8Array(2 * at));
    }
    this.liquidationSymbols[at] = symbol;
    this.liquidationPx[at] = px;
    this.liquidationQty[at] = qty;
    this.liquidationTimeMs[at] = timeMs;
    this.liquidatedLong[at] = long ? 1 : 0;
    this.liquidationCount = at + 1;
  }

  #growTrades(): void {
    const capacity = this.tradePx.length * 2;
    this.tradePx = doubled(this.tradePx, new Float64Array(capacity));
    this.tradeQty = doubled(this.tradeQty, new Float64Array(capacity));
    this.tradeTimeMs = doubled(this.tradeTimeMs, new Float64Array(capacity));
    this.tradeTakerSold = doubled(this.tradeTakerSold, new Uint8Array(capacity));
    this.tradeId = doubled(this.tradeId, new Float64Array(capacity));
  }
}

function doubled<T extends Float64Array | Uint8Array>(old: T, next: T): T {
  next.set(old);
  return next;
}
