import {
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
import { BinanceFields } from './fields.ts';
import { marketOf, readBinance } from './readMessage.ts';

/** Binance spot, USDⓈ-M and COIN-M market data, raw or in the combined-stream envelope, and REST depth answers. */
export const createBinanceDecoder = (options: DecoderOptions = {}): FrameDecoder =>
  createFrameDecoder(new BinanceDialect(), options);

const AT_SIGN = 64;
const BACKSLASH = 92;
const BOTH = 3;

/**
 * One walk over the bytes notes where each known field lies; only then is the frame filled, with what its kind has. What
 * the walk cannot read as `JSON.parse` would (a key twice, a field of another type) is left to the slow reader.
 */
class BinanceDialect implements Dialect {
  readonly #cell = new Float64Array(1);
  readonly #symbol = new SymbolText();
  readonly #market = new MarketMemo(marketOf);
  readonly #fields = new BinanceFields();

  readonly read = readBinance;

  scan(bytes: Uint8Array, frame: DecodedFrame): number {
    const fields = this.#fields;
    fields.clear();
    const end = this.#walk(bytes, 0, frame, false);
    if (end < 0) return end;
    // Beside an event in an envelope's `data`, the envelope has no field of an event.
    if (end !== bytes.length || (fields.hasData && fields.hasOuter)) return SLOW;
    const kind = this.#classify(bytes, frame);
    if (kind > 0) frame.venueTimeMs = fields.eventTime;
    return kind;
  }

  #classify(bytes: Uint8Array, frame: DecodedFrame): number {
    const fields = this.#fields;
    const { eventFrom: from, eventTo: to } = fields;
    if (!Number.isNaN(fields.snapshotId)) return this.#snapshot(bytes, frame);
    frame.symbol = fields.symbolFrom > 0 ? this.#symbol.of(bytes, fields.symbolFrom, fields.symbolTo) : '';
    if (frame.symbol === '') return SLOW;
    if (from === 0) return this.#bookTicker(frame);
    if (isText(bytes, from, to, 'depthUpdate')) {
      if (fields.lists !== BOTH || fields.longLists !== 0) return SLOW;
      if (Number.isNaN(fields.firstId) || Number.isNaN(fields.lastId)) return SLOW;
      frame.firstId = fields.firstId;
      frame.lastId = fields.lastId;
      frame.prevId = fields.prevId;
      frame.market = this.#market.of(frame.symbol, !Number.isNaN(fields.prevId));
      return FrameKind.depth;
    }
    if (isText(bytes, from, to, 'trade')) return this.#trade(bytes, frame, FrameKind.trade, fields.tradeId);
    if (isText(bytes, from, to, 'aggTrade')) {
      return Number.isNaN(fields.aggId) ? SLOW : this.#trade(bytes, frame, FrameKind.aggTrade, fields.aggId);
    }
    return isText(bytes, from, to, 'bookTicker') ? this.#bookTicker(frame) : SLOW;
  }

  #snapshot(bytes: Uint8Array, frame: DecodedFrame): number {
    const fields = this.#fields;
    if (fields.longLists !== BOTH || fields.lists !== 0) return SLOW;
    frame.lastId = fields.snapshotId;
    if (fields.nameFrom > 0) {
      frame.symbol = this.#symbol.of(bytes, fields.nameFrom, fields.nameTo);
      if (frame.symbol === '') return SLOW;
      frame.market = 'coinm';
    }
    return FrameKind.snapshot;
  }

  #bookTicker(frame: DecodedFrame): number {
    const { bidPx, bidQty, askPx, askQty, lastId } = this.#fields;
    if (!(bidPx >= 0 && bidQty >= 0 && askPx >= 0 && askQty >= 0) || Number.isNaN(lastId)) return SLOW;
    this.#dropLevels(frame);
    frame.lastId = lastId;
    frame.bidPx = bidPx;
    frame.bidQty = bidQty;
    frame.askPx = askPx;
    frame.askQty = askQty;
    return FrameKind.bookTicker;
  }

  #trade(bytes: Uint8Array, frame: DecodedFrame, kind: FrameKind, id: number): number {
    const fields = this.#fields;
    if (fields.priceFrom === 0 || fields.qtyFrom === 0 || fields.isMaker < 0) return SLOW;
    const px = readPlainDecimal(bytes, fields.priceFrom, fields.priceTo);
    const qty = readPlainDecimal(bytes, fields.qtyFrom, fields.qtyTo);
    if (Number.isNaN(px) || Number.isNaN(qty) || Number.isNaN(fields.tradeTime)) return SLOW;
    this.#dropLevels(frame);
    frame.addTrade(px, qty, fields.tradeTime, fields.isMaker === 1, id);
    return kind;
  }

  #dropLevels(frame: DecodedFrame): void {
    frame.bids.count = 0;
    frame.asks.count = 0;
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
      if (length === 1) {
        if (!this.#fields.sawLetter(first, inner)) return SLOW;
        p = this.#shortKey(bytes, first, p, frame);
      } else if (length === 4 && !inner && isText(bytes, keyFrom, keyTo, 'data')) {
        if (this.#fields.sawData) return SLOW;
        this.#fields.sawData = true;
        if (bytes[p] === OPEN_OBJECT) {
          this.#fields.hasData = true;
          p = this.#walk(bytes, p, frame, true);
        } else p = skipValue(bytes, p);
      } else p = this.#longKey(bytes, keyFrom, keyTo, p, frame, inner);
      if (p < 0) return p;
      if (bytes[p] === CLOSE_OBJECT) return p + 1;
      if (bytes[p] !== COMMA) return SLOW;
      p += 1;
    }
  }

  #shortKey(bytes: Uint8Array, key: number, p: number, frame: DecodedFrame): number {
    const first = bytes[p]!;
    const fields = this.#fields;
    if (first === OPEN_LIST) {
      if (key !== 98 && key !== 97) return key === 101 || fields.isNumberKey(key) ? SLOW : skipValue(bytes, p);
      fields.lists |= key === 98 ? 1 : 2;
      return scanLevels(bytes, p, key === 98 ? frame.bids : frame.asks, frame.price, frame.size);
    }
    if (first === QUOTE) {
      const to = endOfString(bytes, p + 1);
      return to < 0 || !fields.setText(bytes, key, p + 1, to) ? SLOW : to + 1;
    }
    if (key === 109) {
      // Only the letters of true and false begin a boolean; `skipValue` checks the rest of the word.
      if (first !== 116 && first !== 102) return SLOW;
      fields.isMaker = first === 116 ? 1 : 0;
      return skipValue(bytes, p);
    }
    if (!fields.isNumberKey(key)) return key === 101 ? SLOW : skipValue(bytes, p);
    const end = readDigits(bytes, p, this.#cell);
    if (end < 0) return SLOW;
    fields.setNumber(key, this.#cell[0]!);
    return end;
  }

  #longKey(bytes: Uint8Array, from: number, to: number, p: number, frame: DecodedFrame, inner: boolean): number {
    const fields = this.#fields;
    const length = to - from;
    if (length === 4) {
      const isBids = isText(bytes, from, to, 'bids');
      if (!isBids && !isText(bytes, from, to, 'asks')) return skipValue(bytes, p);
      if (bytes[p] !== OPEN_LIST || !fields.sawLong(isBids ? 1 : 2, inner)) return SLOW;
      fields.longLists |= isBids ? 1 : 2;
      return scanLevels(bytes, p, isBids ? frame.bids : frame.asks, frame.price, frame.size);
    }
    const isPrevious = length === 2 && isText(bytes, from, to, 'pu');
    if (isPrevious || (length === 12 && isText(bytes, from, to, 'lastUpdateId'))) {
      const end = readDigits(bytes, p, this.#cell);
      if (end < 0 || !fields.sawLong(isPrevious ? 4 : 8, inner)) return SLOW;
      if (isPrevious) fields.prevId = this.#cell[0]!;
      else fields.snapshotId = this.#cell[0]!;
      return end;
    }
    if (length === 6 && isText(bytes, from, to, 'symbol')) {
      if (bytes[p] !== QUOTE || !fields.sawLong(16, inner)) return SLOW;
      const end = endOfString(bytes, p + 1);
      if (end < 0) return SLOW;
      fields.nameFrom = p + 1;
      fields.nameTo = end;
      return end + 1;
    }
    if (length === 6 && !inner && isText(bytes, from, to, 'stream')) return this.#stream(bytes, p);
    return skipValue(bytes, p);
  }

  /** `btcusdt@depth20@100ms`: a digit behind `@depth` means whole top levels, which the slow reader tells from changes. */
  #stream(bytes: Uint8Array, p: number): number {
    if (bytes[p] !== QUOTE || this.#fields.sawStream) return SLOW;
    this.#fields.sawStream = true;
    const end = endOfString(bytes, p + 1);
    if (end < 0) return SLOW;
    for (let i = p + 1; i < end; i += 1) {
      if (bytes[i] !== AT_SIGN) continue;
      const digit = bytes[i + 6]! - 48;
      if (digit >= 0 && digit <= 9 && isText(bytes, i, i + 6, '@depth')) return SLOW;
    }
    return end + 1;
  }
}
