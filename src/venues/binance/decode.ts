import {
  BACKSLASH,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  endOfString,
  isText,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  readDigits,
  readPlainDecimal,
  SLOW,
  skipValue,
} from '../../workers/kernels/jsonBytes.ts';
import { scanLevels } from '../../workers/kernels/levelScanner.ts';
import type { DecodedFrame } from '../decodedFrame.ts';
import { FrameKind } from '../decodedFrame.ts';
import type { DecoderOptions, Dialect, FrameDecoder } from '../frameDecoder.ts';
import { createFrameDecoder } from '../frameDecoder.ts';
import { MarketMemo, SymbolText } from '../symbolText.ts';
import { marketOf, readBinance } from './readMessage.ts';

/** Binance spot, USDⓈ-M and COIN-M market data, raw or in the combined-stream envelope, and REST depth answers. */
export const createBinanceDecoder = (options: DecoderOptions = {}): FrameDecoder =>
  createFrameDecoder(new BinanceDialect(), options);

const AT_SIGN = 64;
const BOTH = 3;

class BinanceDialect implements Dialect {
  readonly #cell = new Float64Array(1);
  readonly #symbol = new SymbolText();
  readonly #market = new MarketMemo(marketOf);
  // Where the texts of the frame under way begin and end; 0 = not seen.
  #eventFrom = 0;
  #eventTo = 0;
  #symbolFrom = 0;
  #symbolTo = 0;
  #isMaker = -1;
  /** Bit 0: bids seen, bit 1: asks seen. */
  #lists = 0;
  #snapshotId = Number.NaN;
  #tradeTime = Number.NaN;
  #priceFrom = 0;
  #priceTo = 0;
  #qtyFrom = 0;
  #qtyTo = 0;

  scan(bytes: Uint8Array, frame: DecodedFrame): number {
    this.#eventFrom = 0;
    this.#symbolFrom = 0;
    this.#isMaker = -1;
    this.#lists = 0;
    this.#snapshotId = Number.NaN;
    this.#tradeTime = Number.NaN;
    this.#priceFrom = 0;
    this.#qtyFrom = 0;
    const end = this.#walk(bytes, 0, frame, false);
    if (end < 0) return end;
    if (end !== bytes.length) return SLOW;
    if (this.#symbolFrom > 0) frame.symbol = this.#symbol.of(bytes, this.#symbolFrom, this.#symbolTo);
    return this.#classify(bytes, frame);
  }

  readonly read = readBinance;

  #classify(bytes: Uint8Array, frame: DecodedFrame): number {
    const from = this.#eventFrom;
    if (from === 0) return this.#classifyNameless(frame);
    if (frame.symbol === '') return SLOW;
    const to = this.#eventTo;
    if (isText(bytes, from, to, 'depthUpdate')) {
      if (this.#lists !== BOTH || Number.isNaN(frame.firstId) || Number.isNaN(frame.lastId)) return SLOW;
      frame.market = this.#market.of(frame.symbol, !Number.isNaN(frame.prevId));
      return FrameKind.depth;
    }
    if (isText(bytes, from, to, 'trade')) return this.#trade(bytes, frame, FrameKind.trade);
    if (isText(bytes, from, to, 'aggTrade')) return this.#trade(bytes, frame, FrameKind.aggTrade);
    if (isText(bytes, from, to, 'bookTicker')) return this.#bookTicker(frame);
    return SLOW;
  }

  #classifyNameless(frame: DecodedFrame): number {
    if (!Number.isNaN(this.#snapshotId)) {
      if (this.#lists !== BOTH) return SLOW;
      frame.lastId = this.#snapshotId;
      if (frame.symbol !== '') frame.market = 'coinm';
      return FrameKind.snapshot;
    }
    return this.#bookTicker(frame);
  }

  #bookTicker(frame: DecodedFrame): number {
    const complete = frame.bidPx >= 0 && frame.bidQty >= 0 && frame.askPx >= 0 && frame.askQty >= 0;
    return complete && frame.symbol !== '' && !Number.isNaN(frame.lastId) ? FrameKind.bookTicker : SLOW;
  }

  #trade(bytes: Uint8Array, frame: DecodedFrame, kind: FrameKind): number {
    if (this.#priceFrom === 0 || this.#qtyFrom === 0 || this.#isMaker < 0) return SLOW;
    const px = readPlainDecimal(bytes, this.#priceFrom, this.#priceTo);
    const qty = readPlainDecimal(bytes, this.#qtyFrom, this.#qtyTo);
    if (Number.isNaN(px) || Number.isNaN(qty) || Number.isNaN(this.#tradeTime)) return SLOW;
    frame.addTrade(px, qty, this.#tradeTime, this.#isMaker === 1);
    return kind;
  }

  /** Walks one object; `data` of the envelope is walked with the same keys. Returns the position behind it. */
  #walk(bytes: Uint8Array, from: number, frame: DecodedFrame, inner: boolean): number {
    let p = from + 1;
    if (bytes[p] === CLOSE_OBJECT) return SLOW;
    for (;;) {
      if (bytes[p] !== QUOTE) return SLOW;
      const keyFrom = p + 1;
      const first = bytes[keyFrom]!;
      // Nearly all keys are one letter long.
      const isLetter = first >= 65 && first <= 122 && first !== BACKSLASH;
      const keyTo = isLetter && bytes[keyFrom + 1] === QUOTE ? keyFrom + 1 : endOfString(bytes, keyFrom);
      if (keyTo < 0 || bytes[keyTo + 1] !== COLON) return SLOW;
      p = keyTo + 2;
      const length = keyTo - keyFrom;
      if (length === 1) p = this.#shortKey(bytes, first, p, frame);
      else if (length === 4 && isText(bytes, keyFrom, keyTo, 'data') && !inner && bytes[p] === OPEN_OBJECT) {
        p = this.#walk(bytes, p, frame, true);
      } else p = this.#longKey(bytes, keyFrom, keyTo, p, frame, inner);
      if (p < 0) return p;
      if (bytes[p] === CLOSE_OBJECT) return p + 1;
      if (bytes[p] !== COMMA) return SLOW;
      p += 1;
    }
  }

  #shortKey(bytes: Uint8Array, key: number, p: number, frame: DecodedFrame): number {
    const first = bytes[p]!;
    const cell = this.#cell;
    if (first === OPEN_LIST) {
      if (key !== 98 && key !== 97) return skipValue(bytes, p);
      this.#lists |= key === 98 ? 1 : 2;
      return scanLevels(bytes, p, key === 98 ? frame.bids : frame.asks, frame.price, frame.size);
    }
    if (first === QUOTE) return this.#shortText(bytes, key, p + 1, frame);
    if (key === 109) {
      this.#isMaker = first === 116 ? 1 : 0;
      return skipValue(bytes, p);
    }
    if (key === 85 || key === 117 || key === 69 || key === 84) {
      const end = readDigits(bytes, p, cell);
      if (end < 0) return SLOW;
      if (key === 85) frame.firstId = cell[0]!;
      else if (key === 117) frame.lastId = cell[0]!;
      else if (key === 69) frame.venueTimeMs = cell[0]!;
      else this.#tradeTime = cell[0]!;
      return end;
    }
    return skipValue(bytes, p);
  }

  #shortText(bytes: Uint8Array, key: number, from: number, frame: DecodedFrame): number {
    const to = endOfString(bytes, from);
    if (to < 0) return SLOW;
    if (key === 101) {
      this.#eventFrom = from;
      this.#eventTo = to;
    } else if (key === 115) {
      this.#symbolFrom = from;
      this.#symbolTo = to;
    } else if (key === 112) {
      this.#priceFrom = from;
      this.#priceTo = to;
    } else if (key === 113) {
      this.#qtyFrom = from;
      this.#qtyTo = to;
    } else if (key === 98) frame.bidPx = readPlainDecimal(bytes, from, to);
    else if (key === 66) frame.bidQty = readPlainDecimal(bytes, from, to);
    else if (key === 97) frame.askPx = readPlainDecimal(bytes, from, to);
    else if (key === 65) frame.askQty = readPlainDecimal(bytes, from, to);
    return to + 1;
  }

  #longKey(bytes: Uint8Array, from: number, to: number, p: number, frame: DecodedFrame, inner: boolean): number {
    const length = to - from;
    if (length === 4 && bytes[p] === OPEN_LIST) {
      const isBids = isText(bytes, from, to, 'bids');
      if (isBids || isText(bytes, from, to, 'asks')) {
        this.#lists |= isBids ? 1 : 2;
        return scanLevels(bytes, p, isBids ? frame.bids : frame.asks, frame.price, frame.size);
      }
    }
    if (length === 2 && isText(bytes, from, to, 'pu')) {
      const end = readDigits(bytes, p, this.#cell);
      frame.prevId = this.#cell[0]!;
      return end;
    }
    if (length === 12 && isText(bytes, from, to, 'lastUpdateId')) {
      const end = readDigits(bytes, p, this.#cell);
      this.#snapshotId = this.#cell[0]!;
      return end;
    }
    if (length === 6 && bytes[p] === QUOTE && !inner) {
      const isStream = isText(bytes, from, to, 'stream');
      if (isStream || isText(bytes, from, to, 'symbol')) return this.#name(bytes, p + 1, isStream);
    }
    return skipValue(bytes, p);
  }

  /** `btcusdt@depth20@100ms`: a digit behind `@depth` means whole top levels, which the slow reader tells from changes. */
  #name(bytes: Uint8Array, from: number, isStream: boolean): number {
    const end = endOfString(bytes, from);
    if (end < 0) return SLOW;
    if (!isStream) {
      this.#symbolFrom = from;
      this.#symbolTo = end;
      return end + 1;
    }
    for (let i = from; i < end; i += 1) {
      if (bytes[i] !== AT_SIGN) continue;
      const digit = bytes[i + 6]! - 48;
      return isText(bytes, i, i + 6, '@depth') && i + 6 < end && digit >= 0 && digit <= 9 ? SLOW : end + 1;
    }
    return end + 1;
  }
}
