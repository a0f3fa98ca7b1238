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
  readDigits,
  readPlainDecimal,
  SLOW,
  skipValue,
} from '../../workers/kernels/jsonBytes.ts';
import { scanLevels } from '../../workers/kernels/levelScanner.ts';
import { tradeKeyOfBytes } from '../../workers/kernels/tradeKey.ts';
import type { DecodedFrame } from '../decodedFrame.ts';
import { FrameKind } from '../decodedFrame.ts';
import type { DecoderOptions, Dialect, FrameDecoder } from '../frameDecoder.ts';
import { createFrameDecoder } from '../frameDecoder.ts';
import { MarketMemo, SymbolText } from '../symbolText.ts';
import { marketOf, readBybit } from './readMessage.ts';

/** Bybit v5 public topics, acknowledgements and pongs. Sizes are base on spot and linear, USD on inverse. */
export const createBybitDecoder = (options: DecoderOptions = {}): FrameDecoder =>
  createFrameDecoder(new BybitDialect(), options);

const BOTH = 3;
/** Price, quantity, time, side and symbol. */
const ALL_TRADE_FIELDS = 31;

/** Books and trades are read in one walk over the bytes; what comes seldom is left to the slow reader. */
class BybitDialect implements Dialect {
  readonly #cell = new Float64Array(1);
  readonly #symbol = new SymbolText();
  readonly #market = new MarketMemo(marketOf);
  /** Price, quantity, time, taker sold of the trade under way; the bits say which were seen. */
  readonly #trade = new Float64Array(4);
  #tradeFields = 0;
  #tradeId = Number.NaN;
  #topicFrom = 0;
  #topicTo = 0;
  /** First letter of `type`: s(napshot) or d(elta). */
  #type = 0;
  #timeAt = 0;
  #typeAt = 0;
  #symbolFrom = 0;
  #symbolTo = 0;
  #lists = 0;
  #items = 0;
  #isList = false;
  /** Keys seen: a key that comes twice is left to `JSON.parse`, which takes the last one. */
  #seenTop = 0;
  #seenInner = 0;

  readonly read = readBybit;

  scan(bytes: Uint8Array, frame: DecodedFrame): number {
    this.#topicFrom = 0;
    this.#type = 0;
    this.#timeAt = 0;
    this.#typeAt = 0;
    this.#symbolFrom = 0;
    this.#lists = 0;
    this.#items = 0;
    this.#seenTop = 0;
    this.#clearInner();
    const end = this.#walk(bytes, 0, frame, false);
    if (end < 0) return end;
    if (end !== bytes.length || this.#topicFrom === 0 || this.#symbolFrom === 0) return SLOW;
    frame.symbol = this.#symbol.of(bytes, this.#symbolFrom, this.#symbolTo);
    if (frame.symbol === '') return SLOW;
    if (this.#isTopic(bytes, 'publicTrade.')) return this.#classifyTrades(frame);
    return this.#isTopic(bytes, 'orderbook.') ? this.#classifyBook(bytes, frame) : SLOW;
  }

  #isTopic(bytes: Uint8Array, prefix: string): boolean {
    const from = this.#topicFrom;
    return isText(bytes, from, Math.min(this.#topicTo, from + prefix.length), prefix);
  }

  #classifyTrades(frame: DecodedFrame): number {
    if (!this.#isList || frame.tradeCount === 0 || frame.tradeCount !== this.#items) return SLOW;
    frame.bids.count = 0;
    frame.asks.count = 0;
    frame.lastId = Number.NaN;
    return FrameKind.trade;
  }

  #classifyBook(bytes: Uint8Array, frame: DecodedFrame): number {
    // Depth 1 is whole each time and has no continuity: the slow reader knows what to do with it.
    if (this.#isList || this.#lists !== BOTH || Number.isNaN(frame.lastId)) return SLOW;
    if (this.#isTopic(bytes, 'orderbook.1.')) return SLOW;
    frame.market = this.#market.of(frame.symbol, this.#timeAt > 0 && this.#timeAt < this.#typeAt);
    if (this.#type === 115) return FrameKind.snapshot;
    // u = 1 is a whole book after a restart of the venue's service (docs/v5/websocket/public/orderbook, 2026-07).
    if (this.#type === 100) return frame.lastId === 1 ? FrameKind.snapshot : FrameKind.depth;
    return SLOW;
  }

  #clearInner(): void {
    this.#tradeFields = 0;
    this.#tradeId = Number.NaN;
    this.#seenInner = 0;
  }

  /** @param inner inside `data`, or inside an item of it */
  #walk(bytes: Uint8Array, from: number, frame: DecodedFrame, inner: boolean): number {
    let p = from + 1;
    if (bytes[p] === CLOSE_OBJECT) return SLOW;
    for (;;) {
      if (bytes[p] !== QUOTE) return SLOW;
      const keyFrom = p + 1;
      const keyTo = endOfString(bytes, keyFrom);
      if (keyTo < 0 || bytes[keyTo + 1] !== COLON) return SLOW;
      p = keyTo + 2;
      if (!inner) p = this.#topKey(bytes, keyFrom, keyTo, p, frame);
      else p = keyTo === keyFrom + 1 ? this.#innerKey(bytes, bytes[keyFrom]!, p, frame) : skipValue(bytes, p);
      if (p < 0) return p;
      if (bytes[p] === CLOSE_OBJECT) return p + 1;
      if (bytes[p] !== COMMA) return SLOW;
      p += 1;
    }
  }

  #topKey(bytes: Uint8Array, from: number, to: number, p: number, frame: DecodedFrame): number {
    const length = to - from;
    if (length === 4 && isText(bytes, from, to, 'data')) {
      if (!this.#isFirstTop(1)) return SLOW;
      this.#isList = bytes[p] === OPEN_LIST;
      if (this.#isList) return this.#walkItems(bytes, p, frame);
      return bytes[p] === OPEN_OBJECT ? this.#walk(bytes, p, frame, true) : SLOW;
    }
    if (length === 2 && isText(bytes, from, to, 'ts')) {
      this.#timeAt = from;
      const end = readDigits(bytes, p, this.#cell);
      if (end < 0 || !this.#isFirstTop(2)) return SLOW;
      frame.venueTimeMs = this.#cell[0]!;
      return end;
    }
    const isTopic = length === 5 && isText(bytes, from, to, 'topic');
    if (!isTopic && !(length === 4 && isText(bytes, from, to, 'type'))) return skipValue(bytes, p);
    if (bytes[p] !== QUOTE || !this.#isFirstTop(isTopic ? 4 : 8)) return SLOW;
    const end = endOfString(bytes, p + 1);
    if (end < 0) return SLOW;
    if (isTopic) {
      this.#topicFrom = p + 1;
      this.#topicTo = end;
    } else {
      this.#typeAt = from;
      if (isText(bytes, p + 1, end, 'snapshot') || isText(bytes, p + 1, end, 'delta')) this.#type = bytes[p + 1]!;
    }
    return end + 1;
  }

  #isFirstTop(bit: number): boolean {
    if ((this.#seenTop & bit) !== 0) return false;
    this.#seenTop |= bit;
    return true;
  }

  #walkItems(bytes: Uint8Array, from: number, frame: DecodedFrame): number {
    let p = from + 1;
    for (;;) {
      if (bytes[p] !== OPEN_OBJECT) return SLOW;
      this.#clearInner();
      p = this.#walk(bytes, p, frame, true);
      if (p < 0) return p;
      this.#items += 1;
      if (this.#tradeFields === ALL_TRADE_FIELDS) {
        frame.addTrade(this.#trade[0]!, this.#trade[1]!, this.#trade[2]!, this.#trade[3] === 1, this.#tradeId);
      }
      if (bytes[p] === CLOSE_LIST) return p + 1;
      if (bytes[p] !== COMMA) return SLOW;
      p += 1;
    }
  }

  #innerKey(bytes: Uint8Array, key: number, p: number, frame: DecodedFrame): number {
    // Small letters only: the capitals that matter, S and T, are noted with the trade's fields.
    const bit = key >= 96 ? 1 << (key & 31) : 0;
    if ((this.#seenInner & bit) !== 0) return SLOW;
    this.#seenInner |= bit;
    const first = bytes[p]!;
    if (first === OPEN_LIST && (key === 98 || key === 97)) {
      this.#lists |= key === 98 ? 1 : 2;
      return scanLevels(bytes, p, key === 98 ? frame.bids : frame.asks, frame.price, frame.size);
    }
    if (key === 117 || key === 84) {
      const end = readDigits(bytes, p, this.#cell);
      if (end < 0) return SLOW;
      if (key === 117) frame.lastId = this.#cell[0]!;
      else if (!this.#setTrade(2, this.#cell[0]!)) return SLOW;
      return end;
    }
    if (key !== 115 && key !== 112 && key !== 118 && key !== 83 && key !== 105) return skipValue(bytes, p);
    if (first !== QUOTE) return SLOW;
    const end = endOfString(bytes, p + 1);
    return end < 0 || !this.#setText(bytes, key, p + 1, end) ? SLOW : end + 1;
  }

  #setText(bytes: Uint8Array, key: number, from: number, to: number): boolean {
    if (key === 115) {
      this.#symbolFrom = from;
      this.#symbolTo = to;
      this.#tradeFields |= 16;
      return true;
    }
    if (key === 112) return this.#setTrade(0, readPlainDecimal(bytes, from, to));
    if (key === 118) return this.#setTrade(1, readPlainDecimal(bytes, from, to));
    if (key === 105) {
      this.#tradeId = tradeKeyOfBytes(bytes, from, to);
      return !Number.isNaN(this.#tradeId);
    }
    if (isText(bytes, from, to, 'Sell')) return this.#setTrade(3, 1);
    return isText(bytes, from, to, 'Buy') && this.#setTrade(3, 0);
  }

  /** False when the field came before, or is not plain. */
  #setTrade(field: number, value: number): boolean {
    if (Number.isNaN(value) || (this.#tradeFields & (1 << field)) !== 0) return false;
    this.#trade[field] = value;
    this.#tradeFields |= 1 << field;
    return true;
  }
}
