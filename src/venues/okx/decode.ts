import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  endOfString,
  isText,
  MINUS,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  readDigits,
  readDigitsOrQuoted,
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
import { marketOf, readOkx } from './readMessage.ts';

/** OKX v5 public channels `books` and `trades`, acknowledgements and notices. Sizes are base on spot, contracts elsewhere. */
export const createOkxDecoder = (options: DecoderOptions = {}): FrameDecoder =>
  createFrameDecoder(new OkxDialect(), options);

const BOTH = 3;

class OkxDialect implements Dialect {
  readonly #cell = new Float64Array(1);
  readonly #symbol = new SymbolText();
  readonly #market = new MarketMemo(marketOf);
  #channelFrom = 0;
  #channelTo = 0;
  #actionFrom = 0;
  #actionTo = 0;
  #symbolFrom = 0;
  #symbolTo = 0;
  #lists = 0;
  #items = 0;

  scan(bytes: Uint8Array, frame: DecodedFrame): number {
    this.#channelFrom = 0;
    this.#actionFrom = 0;
    this.#symbolFrom = 0;
    this.#lists = 0;
    this.#items = 0;
    const end = this.#walk(bytes, 0, frame, TOP);
    if (end < 0) return end;
    if (end !== bytes.length || this.#channelFrom === 0 || this.#symbolFrom === 0) return SLOW;
    frame.symbol = this.#symbol.of(bytes, this.#symbolFrom, this.#symbolTo);
    if (isText(bytes, this.#channelFrom, this.#channelTo, 'trades')) {
      // Trades carry the book's counter since 2025; it is no id of theirs.
      frame.lastId = Number.NaN;
      return frame.tradeCount > 0 && frame.tradeCount === this.#items ? FrameKind.trade : SLOW;
    }
    return this.#classifyBook(bytes, frame);
  }

  readonly read = readOkx;

  readText(bytes: Uint8Array): FrameKind | null {
    return isText(bytes, 0, bytes.length, 'pong') ? FrameKind.pong : null;
  }

  #classifyBook(bytes: Uint8Array, frame: DecodedFrame): number {
    if (!isText(bytes, this.#channelFrom, this.#channelTo, 'books')) return SLOW;
    if (this.#lists !== BOTH || this.#items !== 1 || this.#actionFrom === 0) return SLOW;
    frame.market = this.#market.of(frame.symbol, false);
    if (isText(bytes, this.#actionFrom, this.#actionTo, 'update')) return FrameKind.depth;
    return isText(bytes, this.#actionFrom, this.#actionTo, 'snapshot') ? FrameKind.snapshot : SLOW;
  }

  #walk(bytes: Uint8Array, from: number, frame: DecodedFrame, place: Place): number {
    let p = from + 1;
    if (bytes[p] === CLOSE_OBJECT) return SLOW;
    for (;;) {
      if (bytes[p] !== QUOTE) return SLOW;
      const keyFrom = p + 1;
      const keyTo = endOfString(bytes, keyFrom);
      if (keyTo < 0 || bytes[keyTo + 1] !== COLON) return SLOW;
      p = keyTo + 2;
      if (place === ITEM) p = this.#itemKey(bytes, keyFrom, keyTo, p, frame);
      else p = this.#outerKey(bytes, keyFrom, keyTo, p, frame, place);
      if (p < 0) return p;
      if (bytes[p] === CLOSE_OBJECT) return p + 1;
      if (bytes[p] !== COMMA) return SLOW;
      p += 1;
    }
  }

  #outerKey(bytes: Uint8Array, from: number, to: number, p: number, frame: DecodedFrame, place: Place): number {
    const length = to - from;
    if (place === TOP && length === 3 && bytes[p] === OPEN_OBJECT && isText(bytes, from, to, 'arg')) {
      return this.#walk(bytes, p, frame, ARG);
    }
    if (place === TOP && length === 4 && bytes[p] === OPEN_LIST && isText(bytes, from, to, 'data')) {
      return this.#walkItems(bytes, p, frame);
    }
    if (bytes[p] !== QUOTE) return skipValue(bytes, p);
    const end = endOfString(bytes, p + 1);
    if (end < 0) return SLOW;
    if (place === ARG && length === 7 && isText(bytes, from, to, 'channel')) {
      this.#channelFrom = p + 1;
      this.#channelTo = end;
    } else if (place === ARG && length === 6 && isText(bytes, from, to, 'instId')) {
      this.#symbolFrom = p + 1;
      this.#symbolTo = end;
    } else if (place === TOP && length === 6 && isText(bytes, from, to, 'action')) {
      this.#actionFrom = p + 1;
      this.#actionTo = end;
    } else if (place === TOP && length === 5 && isText(bytes, from, to, 'event')) return SLOW;
    return end + 1;
  }

  #walkItems(bytes: Uint8Array, from: number, frame: DecodedFrame): number {
    let p = from + 1;
    for (;;) {
      if (bytes[p] !== OPEN_OBJECT) return SLOW;
      this.#clearTrade();
      p = this.#walk(bytes, p, frame, ITEM);
      if (p < 0) return p;
      this.#items += 1;
      if (this.#tradeFields === ALL_TRADE_FIELDS) {
        frame.addTrade(this.#trade[0]!, this.#trade[1]!, this.#trade[2]!, this.#trade[3] === 1);
      }
      if (bytes[p] === CLOSE_LIST) return p + 1;
      if (bytes[p] !== COMMA) return SLOW;
      p += 1;
    }
  }

  /** px, sz, ts, taker sold. */
  readonly #trade = new Float64Array(4);
  #tradeFields = 0;

  #clearTrade(): void {
    this.#tradeFields = 0;
  }

  #setTrade(field: number, value: number): void {
    this.#trade[field] = value;
    if (!Number.isNaN(value)) this.#tradeFields |= 1 << field;
  }

  #itemKey(bytes: Uint8Array, from: number, to: number, p: number, frame: DecodedFrame): number {
    switch (to - from) {
      case 2:
        return this.#twoLetterKey(bytes, from, to, p, frame);
      case 4:
        return this.#fourLetterKey(bytes, from, to, p, frame);
      case 5:
        if (!isText(bytes, from, to, 'seqId')) return skipValue(bytes, p);
        return this.#readId(bytes, p, frame, false);
      case 9:
        if (!isText(bytes, from, to, 'prevSeqId')) return skipValue(bytes, p);
        return this.#readId(bytes, p, frame, true);
      default:
        return skipValue(bytes, p);
    }
  }

  #readId(bytes: Uint8Array, p: number, frame: DecodedFrame, previous: boolean): number {
    const negative = bytes[p] === MINUS;
    const end = readDigits(bytes, negative ? p + 1 : p, this.#cell);
    if (end < 0) return SLOW;
    const id = negative ? -this.#cell[0]! : this.#cell[0]!;
    if (previous) frame.prevId = id;
    else frame.lastId = id;
    return end;
  }

  #twoLetterKey(bytes: Uint8Array, from: number, to: number, p: number, frame: DecodedFrame): number {
    if (isText(bytes, from, to, 'ts')) {
      const end = readDigitsOrQuoted(bytes, p, this.#cell);
      if (end < 0) return SLOW;
      frame.venueTimeMs = this.#cell[0]!;
      this.#setTrade(2, this.#cell[0]!);
      return end;
    }
    const isPrice = isText(bytes, from, to, 'px');
    if (bytes[p] !== QUOTE || (!isPrice && !isText(bytes, from, to, 'sz'))) return skipValue(bytes, p);
    const end = endOfString(bytes, p + 1);
    if (end < 0) return SLOW;
    this.#setTrade(isPrice ? 0 : 1, readPlainDecimal(bytes, p + 1, end));
    return end + 1;
  }

  #fourLetterKey(bytes: Uint8Array, from: number, to: number, p: number, frame: DecodedFrame): number {
    const isBids = isText(bytes, from, to, 'bids');
    if (isBids || isText(bytes, from, to, 'asks')) {
      if (bytes[p] !== OPEN_LIST) return SLOW;
      this.#lists |= isBids ? 1 : 2;
      return scanLevels(bytes, p, isBids ? frame.bids : frame.asks, frame.price, frame.size);
    }
    if (isText(bytes, from, to, 'side')) {
      if (bytes[p] !== QUOTE) return SLOW;
      const end = endOfString(bytes, p + 1);
      if (end < 0) return SLOW;
      const sold = isText(bytes, p + 1, end, 'sell');
      this.#setTrade(3, sold ? 1 : isText(bytes, p + 1, end, 'buy') ? 0 : Number.NaN);
      return end + 1;
    }
    return skipValue(bytes, p);
  }
}

type Place = 0 | 1 | 2;
const TOP = 0;
const ARG = 1;
const ITEM = 2;
const ALL_TRADE_FIELDS = 15;
