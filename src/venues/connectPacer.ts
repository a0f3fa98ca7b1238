/** Shortest time between two connections to a venue: 300 per 5 min, 3 a second, 500 per 5 min, each with a margin (venue docs, 2026-07). */
export const CONNECT_SPACING_MS = { binance: 1_100, okx: 350, bybit: 650 } as const;

/** Hands out the moments at which connections of one venue may be opened, so that a common outage is no stampede. */
export class ConnectPacer {
  readonly #spacingMs: number;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(spacingMs: number) {
    this.#spacingMs = spacingMs;
  }

  /** Takes the next free moment; @returns how long to wait for it */
  reserve(nowMs: number): number {
    const atMs = Math.max(nowMs, this.#nextMs);
    this.#nextMs = atMs + this.#spacingMs;
    return atMs - nowMs;
  }
}
