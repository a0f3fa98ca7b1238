/** Long enough to hold a quick frame, short enough to follow a clock that drifts or is set. */
const WINDOW_MS = 30_000;

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
