import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  endOfString,
  isText,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  SLOW,
  skipValue,
} from '../../workers/kernels/jsonBytes.ts';
import { takeBestLevels } from '../bestLevels.ts';
import type { DecodedFrame } from '../decodedFrame.ts';
import { FrameKind } from '../decodedFrame.ts';
import type { DecoderOptions, Dialect, FrameDecoder } from '../frameDecoder.ts';
import { createFrameDecoder } from '../frameDecoder.ts';
import { MarketMemo, SymbolText } from '../symbolText.ts';
import { OkxItem } from './item.ts';
import { marketOf, readOkx } from './readMessage.ts';

/** OKX v5 public channels, acknowledgements and notices. Sizes are base on spot, contracts elsewhere. */
export const createOkxDecoder = (options: DecoderOptions = {}): FrameDecoder =>
  createFrameDecoder(new OkxDialect(), options);

const BOTH = 3;

/** Books of all depths and trades are read in one walk over the bytes; what comes seldom is left to the slow reader. */
class OkxDialect implements Dialect {
  readonly #symbol = new SymbolText();
  readonly #market = new MarketMemo(marketOf);
  readonly #item = new OkxItem();
  #channelFrom = 0;
  #channelTo = 0;
  #actionFrom = 0;
  #actionTo = 0;
  #symbolFrom = 0;
  #symbolTo = 0;
  #items = 0;
  /** Keys seen: a key that comes twice is left to `JSON.parse`, which takes the last one. */
  #seen = 0;

  readonly read = readOkx;

  readText(bytes: Uint8Array): FrameKind | null {
    return isText(bytes, 0, bytes.length, 'pong') ? FrameKind.pong : null;
  }

  scan(bytes: Uint8Array, frame: DecodedFrame): number {
    this.#channelFrom = 0;
    this.#actionFrom = 0;
    this.#symbolFrom = 0;
    this.#items = 0;
    this.#seen = 0;
    const end = this.#walk(bytes, 0, frame, TOP);
    if (end < 0) return end;
    if (end !== bytes.length || this.#channelFrom === 0 || this.#symbolFrom === 0) return SLOW;
    frame.symbol = this.#symbol.of(bytes, this.#symbolFrom, this.#symbolTo);
    if (frame.symbol === '') return SLOW;
    if (this.#isChannel(bytes, 'trades')) return this.#trades(frame);
    if (this.#items !== 1 || this.#item.lists !== BOTH || frame.tradeCount > 0) return SLOW;
    frame.market = this.#market.of(frame.symbol, false);
    frame.lastId = this.#item.lastId;
    frame.prevId = this.#item.prevId;
    frame.checksum = this.#item.checksum;
    if (this.#isChannel(bytes, 'books')) return this.#bookKind(bytes);
    if (!this.#isChannel(bytes, 'bbo-tbt') && !this.#isChannel(bytes, 'books5')) return SLOW;
    takeBestLevels(frame);
    return FrameKind.partialDepth;
  }

  #isChannel(bytes: Uint8Array, name: string): boolean {
    return isText(bytes, this.#channelFrom, this.#channelTo, name);
  }

  #bookKind(bytes: Uint8Array): number {
    if (this.#actionFrom === 0) return SLOW;
    if (isText(bytes, this.#actionFrom, this.#actionTo, 'update')) return FrameKind.depth;
    return isText(bytes, this.#actionFrom, this.#actionTo, 'snapshot') ? FrameKind.snapshot : SLOW;
  }

  #trades(frame: DecodedFrame): number {
    if (frame.tradeCount === 0 || frame.tradeCount !== this.#items) return SLOW;
    frame.bids.count = 0;
    frame.asks.count = 0;
    return FrameKind.trade;
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
      if (place === ITEM) p = this.#item.takeKey(bytes, keyFrom, keyTo, p, frame);
      else if (place === TOP) p = this.#topKey(bytes, keyFrom, keyTo, p, frame);
      else p = this.#argKey(bytes, keyFrom, keyTo, p);
      if (p < 0) return p;
      if (bytes[p] === CLOSE_OBJECT) return p + 1;
      if (bytes[p] !== COMMA) return SLOW;
      p += 1;
    }
  }

  #topKey(bytes: Uint8Array, from: number, to: number, p: number, frame: DecodedFrame): number {
    switch (to - from) {
      case 3:
        if (!isText(bytes, from, to, 'arg')) return skipValue(bytes, p);
        return bytes[p] === OPEN_OBJECT && this.#isFirst(1) ? this.#walk(bytes, p, frame, ARG) : SLOW;
      case 4:
        if (!isText(bytes, from, to, 'data')) return skipValue(bytes, p);
        return bytes[p] === OPEN_LIST && this.#isFirst(2) ? this.#walkItems(bytes, p, frame) : SLOW;
      case 5:
        return isText(bytes, from, to, 'event') ? SLOW : skipValue(bytes, p);
      case 6: {
        if (!isText(bytes, from, to, 'action')) return skipValue(bytes, p);
        const end = this.#text(bytes, p, 4);
        this.#actionFrom = p + 1;
        this.#actionTo = end - 1;
        return end;
      }
      default:
        return skipValue(bytes, p);
    }
  }

  #argKey(bytes: Uint8Array, from: number, to: number, p: number): number {
    if (isText(bytes, from, to, 'channel')) {
      const end = this.#text(bytes, p, 8);
      this.#channelFrom = p + 1;
      this.#channelTo = end - 1;
      return end;
    }
    if (!isText(bytes, from, to, 'instId')) return skipValue(bytes, p);
    const end = this.#text(bytes, p, 16);
    this.#symbolFrom = p + 1;
    this.#symbolTo = end - 1;
    return end;
  }

  /** Position behind the text at `p`; SLOW for anything else, and when its key came before. */
  #text(bytes: Uint8Array, p: number, bit: number): number {
    if (bytes[p] !== QUOTE || !this.#isFirst(bit)) return SLOW;
    const end = endOfString(bytes, p + 1);
    return end < 0 ? SLOW : end + 1;
  }

  #isFirst(bit: number): boolean {
    if ((this.#seen & bit) !== 0) return false;
    this.#seen |= bit;
    return true;
  }

  #walkItems(bytes: Uint8Array, from: number, frame: DecodedFrame): number {
    let p = from + 1;
    for (;;) {
      if (bytes[p] !== OPEN_OBJECT) return SLOW;
      this.#item.clear();
      p = this.#walk(bytes, p, frame, ITEM);
      if (p < 0) return p;
      this.#items += 1;
      this.#item.addTradeTo(frame);
      if (bytes[p] === CLOSE_LIST) return p + 1;
      if (bytes[p] !== COMMA) return SLOW;
      p += 1;
    }
  }
}

type Place = 0 | 1 | 2;
const TOP = 0;
const ARG = 1;
const ITEM = 2;
