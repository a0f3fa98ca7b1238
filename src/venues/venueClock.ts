/** Long enough to hold a quick frame, short enough to follow a clock that drifts or is set. */
const WINDOW_MS = 30_000;
/** Messages of several streams on one connection overtake each other by less. */
const SET_BACK_MS = 250;

/**
 * What a venue's clock and the way from it add up to: the smallest `received − venue` of the last half to whole minute. A
 * venue's times are compared with that, never with our clock: recordings are known whose clocks stood 1.3 s apart.
 */
export class VenueClock {
  /** Smallest difference of the window under way, and of the one before. */
  #smallest = Number.POSITIVE_INFINITY;
  #before = Number.POSITIVE_INFINITY;
  #windowFromMs = Number.NaN;

  /** Our clock minus the venue's at the quickest, the way included; NaN before the first observation. Negative: its clock is ahead. */
  get offsetMs(): number {
    const smallest = Math.min(this.#smallest, this.#before);
    return smallest === Number.POSITIVE_INFINITY ? Number.NaN : smallest;
  }

  /**
   * As `observe`, for messages of one connection, which come in the order in which the venue made them: a time that runs
   * backwards there is the venue's clock set back, not a message that was under way for longer. What is known is forgotten.
   *
   * @param beforeMs  the venue's time of the connection's message before; NaN for the first
   */
  observeInOrder(venueMs: number, receivedMs: number, beforeMs: number): number {
    if (venueMs < beforeMs - SET_BACK_MS) {
      this.#smallest = Number.POSITIVE_INFINITY;
      this.#before = Number.POSITIVE_INFINITY;
      this.#windowFromMs = receivedMs;
    }
    return this.observe(venueMs, receivedMs);
  }

  /** @returns how much later than the quickest this message came, ms of at least 0; NaN without a venue time */
  observe(venueMs: number, receivedMs: number): number {
    if (Number.isNaN(venueMs)) return Number.NaN;
    if (!(receivedMs - this.#windowFromMs < WINDOW_MS)) {
      // A whole window without a message leaves nothing worth keeping.
      const isNext = receivedMs - this.#windowFromMs < 2 * WINDOW_MS;
      this.#before = isNext ? this.#smallest : Number.POSITIVE_INFINITY;
      this.#smallest = Number.POSITIVE_INFINITY;
      this.#windowFromMs = receivedMs;
    }
    const difference = receivedMs - venueMs;
    if (difference < this.#smallest) this.#smallest = difference;
    return difference - this.offsetMs;
  }
}
