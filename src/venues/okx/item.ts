import {
  endOfString,
  isText,
  MINUS,
  OPEN_LIST,
  QUOTE,
  readDigits,
  readDigitsOrQuoted,
  readPlainDecimal,
  SLOW,
  skipValue,
} from '../../workers/kernels/jsonBytes.ts';
import { scanLevels } from '../../workers/kernels/levelScanner.ts';
import { tradeKeyOfBytes } from '../../workers/kernels/tradeKey.ts';
import type { DecodedFrame } from '../decodedFrame.ts';

/** One item of an OKX message's `data` while it is walked: a book's ids, or a trade. */
export class OkxItem {
  /** Bit 0: bids seen, bit 1: asks seen. */
  lists = 0;
  lastId = Number.NaN;
  prevId = Number.NaN;
  checksum = Number.NaN;
  readonly #cell = new Float64Array(1);
  /** px, sz, ts, taker sold; the bits of `#fields` say which were seen. */
  readonly #trade = new Float64Array(4);
  #fields = 0;
  #tradeId = Number.NaN;
  #seen = 0;

  clear(): void {
    this.lists = 0;
    this.lastId = Number.NaN;
    this.prevId = Number.NaN;
    this.checksum = Number.NaN;
    this.#fields = 0;
    this.#tradeId = Number.NaN;
    this.#seen = 0;
  }

  addTradeTo(frame: DecodedFrame): void {
    if (this.#fields !== ALL_TRADE_FIELDS) return;
    const trade = this.#trade;
    frame.addTrade(trade[0]!, trade[1]!, trade[2]!, trade[3] === 1, this.#tradeId);
  }

  /** @returns the position behind the value, or what `scanLevels` answers */
  takeKey(bytes: Uint8Array, from: number, to: number, p: number, frame: DecodedFrame): number {
    switch (to - from) {
      case 2:
        return this.#twoLetterKey(bytes, from, to, p, frame);
      case 4:
        return this.#fourLetterKey(bytes, from, to, p, frame);
      case 5:
        return isText(bytes, from, to, 'seqId') ? this.#readId(bytes, p, SEQ_ID) : skipValue(bytes, p);
      case 7:
        return isText(bytes, from, to, 'tradeId') ? this.#readTradeId(bytes, p) : skipValue(bytes, p);
      case 8:
        return isText(bytes, from, to, 'checksum') ? this.#readId(bytes, p, CHECKSUM) : skipValue(bytes, p);
      case 9:
        return isText(bytes, from, to, 'prevSeqId') ? this.#readId(bytes, p, PREV_SEQ_ID) : skipValue(bytes, p);
      default:
        return skipValue(bytes, p);
    }
  }

  #readId(bytes: Uint8Array, p: number, bit: number): number {
    const negative = bytes[p] === MINUS;
    const end = readDigits(bytes, negative ? p + 1 : p, this.#cell);
    if (end < 0 || !this.#isFirst(bit)) return SLOW;
    const id = negative ? -this.#cell[0]! : this.#cell[0]!;
    if (bit === SEQ_ID) this.lastId = id;
    else if (bit === PREV_SEQ_ID) this.prevId = id;
    else this.checksum = id;
    return end;
  }

  #readTradeId(bytes: Uint8Array, p: number): number {
    if (bytes[p] !== QUOTE || !this.#isFirst(TRADE_ID)) return SLOW;
    const end = endOfString(bytes, p + 1);
    if (end < 0) return SLOW;
    this.#tradeId = tradeKeyOfBytes(bytes, p + 1, end);
    return Number.isNaN(this.#tradeId) ? SLOW : end + 1;
  }

  #twoLetterKey(bytes: Uint8Array, from: number, to: number, p: number, frame: DecodedFrame): number {
    if (isText(bytes, from, to, 'ts')) {
      const end = readDigitsOrQuoted(bytes, p, this.#cell);
      if (end < 0 || !this.#isFirst(TIME)) return SLOW;
      frame.venueTimeMs = this.#cell[0]!;
      this.#setTrade(2, this.#cell[0]!);
      return end;
    }
    const isPrice = isText(bytes, from, to, 'px');
    if (!isPrice && !isText(bytes, from, to, 'sz')) return skipValue(bytes, p);
    if (bytes[p] !== QUOTE || !this.#isFirst(isPrice ? PRICE : SIZE)) return SLOW;
    const end = endOfString(bytes, p + 1);
    if (end < 0) return SLOW;
    this.#setTrade(isPrice ? 0 : 1, readPlainDecimal(bytes, p + 1, end));
    return end + 1;
  }

  #fourLetterKey(bytes: Uint8Array, from: number, to: number, p: number, frame: DecodedFrame): number {
    const isBids = isText(bytes, from, to, 'bids');
    if (isBids || isText(bytes, from, to, 'asks')) {
      if (bytes[p] !== OPEN_LIST || !this.#isFirst(isBids ? BIDS : ASKS)) return SLOW;
      this.lists |= isBids ? 1 : 2;
      return scanLevels(bytes, p, isBids ? frame.bids : frame.asks, frame.price, frame.size);
    }
    if (!isText(bytes, from, to, 'side')) return skipValue(bytes, p);
    if (bytes[p] !== QUOTE || !this.#isFirst(SIDE)) return SLOW;
    const end = endOfString(bytes, p + 1);
    if (end < 0) return SLOW;
    const sold = isText(bytes, p + 1, end, 'sell');
    this.#setTrade(3, sold ? 1 : isText(bytes, p + 1, end, 'buy') ? 0 : Number.NaN);
    return end + 1;
  }

  #setTrade(field: number, value: number): void {
    this.#trade[field] = value;
    if (!Number.isNaN(value)) this.#fields |= 1 << field;
  }

  #isFirst(bit: number): boolean {
    if ((this.#seen & bit) !== 0) return false;
    this.#seen |= bit;
    return true;
  }
}

const ALL_TRADE_FIELDS = 15;
const SEQ_ID = 1;
const PREV_SEQ_ID = 2;
const CHECKSUM = 4;
const TRADE_ID = 8;
const TIME = 16;
const PRICE = 32;
const SIZE = 64;
const BIDS = 128;
const ASKS = 256;
const SIDE = 512;
