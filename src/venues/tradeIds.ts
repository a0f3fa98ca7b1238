const REMEMBERED = 256;

/**
 * The newest trade ids of a market, to drop what comes twice: two overlapping connections, a venue that repeats a message.
 * Trades without an id are all new.
 */
export class TradeIds {
  repeated = 0;
  readonly #ids = new Float64Array(REMEMBERED).fill(Number.NaN);
  #next = 0;
  /** Above every id seen, as long as they rise: then nothing needs to be looked up. */
  #highest = Number.NEGATIVE_INFINITY;

  isNew(id: number): boolean {
    if (Number.isNaN(id)) return true;
    if (id <= this.#highest && this.#ids.includes(id)) {
      this.repeated += 1;
      return false;
    }
    this.#ids[this.#next] = id;
    this.#next = (this.#next + 1) % REMEMBERED;
    if (id > this.#highest) this.#highest = id;
    return true;
  }
}
