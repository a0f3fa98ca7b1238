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
import type { DecodedFrame } from '../decodedFrame.ts';
import { FrameKind } from '../decodedFrame.ts';
import type { DecoderOptions, Dialect, FrameDecoder } from '../frameDecoder.ts';
import { createFrameDecoder } from '../frameDecoder.ts';
import { MarketMemo, SymbolText } from '../symbolText.ts';
import { marketOf, readBybit } from './readMessage.ts';

/** Bybit v5 public topics `orderbook.N` and `publicTrade`, acknowledgements and pongs. Sizes are base on spot and linear. */
export const createBybitDecoder = (options: DecoderOptions = {}): FrameDecoder =>
  createFrameDecoder(new BybitDialect(), options);

const BOTH = 3;
const ALL_TRADE_FIELDS = 15;

class BybitDialect implements Dialect {
  readonly #cell = new Float64Array(1);
  readonly #symbol = new SymbolText();
  readonly #market = new MarketMemo(marketOf);
  /** Price, quantity, time, taker sold of the trade under way; the bits say which were seen. */
  readonly #trade = new Float64Array(4);
  #tradeFields = 0;
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

  scan(bytes: Uint8Array, frame: DecodedFrame): number {
    this.#topicFrom = 0;
    this.#type = 0;
    this.#timeAt = 0;
    this.#typeAt = 0;
    this.#symbolFrom = 0;
    this.#lists = 0;
    this.#items = 0;
    const end = this.#walk(bytes, 0, frame, false);
    if (end < 0) return end;
    if (end !== bytes.length || this.#topicFrom === 0 || this.#symbolFrom === 0) return SLOW;
    frame.symbol = this.#symbol.of(bytes, this.#symbolFrom, this.#symbolTo);
    const topic = this.#topicFrom;
    if (isText(bytes, topic, Math.min(this.#topicTo, topic + 12), 'publicTrade.')) {
      return frame.tradeCount > 0 && frame.tradeCount === this.#items ? FrameKind.trade : SLOW;
    }
    return this.#classifyBook(bytes, frame);
  }

  readonly read = readBybit;

  #classifyBook(bytes: Uint8Array, frame: DecodedFrame): number {
    const topic = this.#topicFrom;
    if (!isText(bytes, topic, Math.min(this.#topicTo, topic + 10), 'orderbook.')) return SLOW;
    if (this.#lists !== BOTH || Number.isNaN(frame.lastId)) return SLOW;
    frame.market = this.#market.of(frame.symbol, this.#timeAt > 0 && this.#timeAt < this.#typeAt);
    if (this.#type === 115) return FrameKind.snapshot;
    // u = 1 is a whole book after a restart of the venue's service (docs/v5/websocket/public/orderbook, 2026-07).
    if (this.#type === 100) return frame.lastId === 1 ? FrameKind.snapshot : FrameKind.depth;
    return SLOW;
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
      if (bytes[p] === OPEN_OBJECT) return this.#walk(bytes, p, frame, true);
      return bytes[p] === OPEN_LIST ? this.#walkItems(bytes, p, frame) : SLOW;
    }
    if (length === 2 && isText(bytes, from, to, 'ts')) {
      this.#timeAt = from;
      const end = readDigits(bytes, p, this.#cell);
      frame.venueTimeMs = this.#cell[0]!;
      return end;
    }
    if (bytes[p] !== QUOTE) return skipValue(bytes, p);
    const end = endOfString(bytes, p + 1);
    if (end < 0) return SLOW;
    if (length === 5 && isText(bytes, from, to, 'topic')) {
      this.#topicFrom = p + 1;
      this.#topicTo = end;
    } else if (length === 4 && isText(bytes, from, to, 'type')) {
      this.#typeAt = from;
      if (isText(bytes, p + 1, end, 'snapshot') || isText(bytes, p + 1, end, 'delta')) this.#type = bytes[p + 1]!;
    }
    return end + 1;
  }

  #walkItems(bytes: Uint8Array, from: number, frame: DecodedFrame): number {
    let p = from + 1;
    for (;;) {
      if (bytes[p] !== OPEN_OBJECT) return SLOW;
      this.#tradeFields = 0;
      p = this.#walk(bytes, p, frame, true);
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

  #innerKey(bytes: Uint8Array, key: number, p: number, frame: DecodedFrame): number {
    const first = bytes[p]!;
    if (first === OPEN_LIST && (key === 98 || key === 97)) {
      this.#lists |= key === 98 ? 1 : 2;
      return scanLevels(bytes, p, key === 98 ? frame.bids : frame.asks, frame.price, frame.size);
    }
    if (key === 117 || key === 84) {
      const end = readDigits(bytes, p, this.#cell);
      if (end < 0) return SLOW;
      if (key === 117) frame.lastId = this.#cell[0]!;
      else this.#setTrade(2, this.#cell[0]!);
      return end;
    }
    if (first !== QUOTE) return skipValue(bytes, p);
    const end = endOfString(bytes, p + 1);
    if (end < 0) return SLOW;
    if (key === 115) {
      this.#symbolFrom = p + 1;
      this.#symbolTo = end;
    } else if (key === 112) this.#setTrade(0, readPlainDecimal(bytes, p + 1, end));
    else if (key === 118) this.#setTrade(1, readPlainDecimal(bytes, p + 1, end));
    else if (key === 83) {
      const sold = isText(bytes, p + 1, end, 'Sell');
      this.#setTrade(3, sold ? 1 : isText(bytes, p + 1, end, 'Buy') ? 0 : Number.NaN);
    }
    return end + 1;
  }

  #setTrade(field: number, value: number): void {
    this.#trade[field] = value;
    if (!Number.isNaN(value)) this.#tradeFields |= 1 << field;
  }
}
