/** Shortest time between two connections to a venue: 300 per 5 min, 3 a second, 500 per 5 min, each with a margin (venue docs, 2026-07). */
export const CONNECT_SPACING_MS = { binance: 1_100, okx: 350, bybit: 650 } as const;

/** On top, at once: a spare part of the limits of five minutes; OKX counts by the second and has none. */
export const CONNECT_BURST = { binance: 20, okx: 1, bybit: 30 } as const;

/** Hands out the moments at which connections of one venue may be opened, so that a common outage is no stampede. */
export class ConnectPacer {
  readonly #spacingMs: number;
  readonly #aheadMs: number;
  #nextMs = Number.NEGATIVE_INFINITY;

  /** @param burst  so many may follow each other at once after a quiet time */
  constructor(spacingMs: number, burst = 1) {
    this.#spacingMs = spacingMs;
    this.#aheadMs = (burst - 1) * spacingMs;
  }

  /** Takes the next free moment; @returns how long to wait for it */
  reserve(nowMs: number): number {
    const dueMs = Math.max(nowMs - this.#aheadMs, this.#nextMs);
    this.#nextMs = dueMs + this.#spacingMs;
    return Math.max(0, dueMs - nowMs);
  }
}
