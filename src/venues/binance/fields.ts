import { readPlainDecimal } from '../../workers/kernels/jsonBytes.ts';

/** What one walk found in a Binance message: positions of texts (0 = absent), numbers (NaN = absent). */
export class BinanceFields {
  eventFrom = 0;
  eventTo = 0;
  symbolFrom = 0;
  symbolTo = 0;
  /** Of `symbol`, which only COIN-M snapshots have. */
  nameFrom = 0;
  nameTo = 0;
  priceFrom = 0;
  priceTo = 0;
  qtyFrom = 0;
  qtyTo = 0;
  bidPx = Number.NaN;
  bidQty = Number.NaN;
  askPx = Number.NaN;
  askQty = Number.NaN;
  firstId = Number.NaN;
  lastId = Number.NaN;
  prevId = Number.NaN;
  snapshotId = Number.NaN;
  eventTime = Number.NaN;
  tradeTime = Number.NaN;
  tradeId = Number.NaN;
  aggId = Number.NaN;
  /** −1 absent, 1 the buyer is the maker: the taker sold. */
  isMaker = -1;
  /** Bit 0: bids seen, bit 1: asks seen; of `b`, `a` and of `bids`, `asks`. */
  lists = 0;
  longLists = 0;
  sawData = false;
  sawStream = false;
  /** An envelope's `data` is an object, and: a known field stands outside of `data`. */
  hasData = false;
  hasOuter = false;
  #upper = 0;
  #lower = 0;
  #long = 0;

  clear(): void {
    this.eventFrom = 0;
    this.symbolFrom = 0;
    this.nameFrom = 0;
    this.priceFrom = 0;
    this.qtyFrom = 0;
    this.bidPx = Number.NaN;
    this.bidQty = Number.NaN;
    this.askPx = Number.NaN;
    this.askQty = Number.NaN;
    this.firstId = Number.NaN;
    this.lastId = Number.NaN;
    this.prevId = Number.NaN;
    this.snapshotId = Number.NaN;
    this.eventTime = Number.NaN;
    this.tradeTime = Number.NaN;
    this.tradeId = Number.NaN;
    this.aggId = Number.NaN;
    this.isMaker = -1;
    this.lists = 0;
    this.longLists = 0;
    this.sawData = false;
    this.sawStream = false;
    this.hasData = false;
    this.hasOuter = false;
    this.#upper = 0;
    this.#lower = 0;
    this.#long = 0;
  }

  /** False when this one-letter key came before: `JSON.parse` would take the last one. */
  sawLetter(key: number, inner: boolean): boolean {
    if (!inner) this.hasOuter = true;
    const bit = 1 << (key & 31);
    if (key >= 96) {
      if ((this.#lower & bit) !== 0) return false;
      this.#lower |= bit;
    } else {
      if ((this.#upper & bit) !== 0) return false;
      this.#upper |= bit;
    }
    return true;
  }

  sawLong(bit: number, inner: boolean): boolean {
    if (!inner) this.hasOuter = true;
    if ((this.#long & bit) !== 0) return false;
    this.#long |= bit;
    return true;
  }

  /** U u E T t, and a of an aggTrade. */
  isNumberKey(key: number): boolean {
    return key === 85 || key === 117 || key === 69 || key === 84 || key === 116 || key === 97;
  }

  setNumber(key: number, value: number): void {
    if (key === 85) this.firstId = value;
    else if (key === 117) this.lastId = value;
    else if (key === 69) this.eventTime = value;
    else if (key === 84) this.tradeTime = value;
    else if (key === 116) this.tradeId = value;
    else this.aggId = value;
  }

  /** False for a text where a number belongs: the slow reader takes it as one. */
  setText(bytes: Uint8Array, key: number, from: number, to: number): boolean {
    if (key === 101) {
      this.eventFrom = from;
      this.eventTo = to;
    } else if (key === 115) {
      this.symbolFrom = from;
      this.symbolTo = to;
    } else if (key === 112) {
      this.priceFrom = from;
      this.priceTo = to;
    } else if (key === 113) {
      this.qtyFrom = from;
      this.qtyTo = to;
    } else if (key === 98) this.bidPx = readPlainDecimal(bytes, from, to);
    else if (key === 66) this.bidQty = readPlainDecimal(bytes, from, to);
    else if (key === 97) this.askPx = readPlainDecimal(bytes, from, to);
    else if (key === 65) this.askQty = readPlainDecimal(bytes, from, to);
    else return key !== 85 && key !== 117 && key !== 69 && key !== 84 && key !== 116;
    return true;
  }
}
