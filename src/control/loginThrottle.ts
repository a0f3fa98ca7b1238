/** Wrong tokens a source may try at once, and how often it gets a further try. */
const BURST = 10;
const REFILL_MS = 6_000;
/** The same for all sources together: a guesser with many addresses is slowed as well. */
const BURST_ALL = 50;
const REFILL_ALL_MS = 1_200;
/** Sources remembered; beyond that the one heard of longest ago is forgotten. */
const MAX_SOURCES = 1_024;

export interface LoginThrottle {
  /** Milliseconds until this source may try again; 0 = now. */
  waitMs(source: string): number;
  /** The same for a wrong token, whose wait depends on everybody's guesses. */
  waitWrongMs(source: string): number;
  failed(source: string): void;
}

/** Slows guessing per source: a bucket of tries that refills with time. A right token empties nothing and is never asked to wait on loopback. */
export function createLoginThrottle(nowMs: () => number): LoginThrottle {
  /** Source → the time at which its bucket is full again. */
  const fullAtMs = new Map<string, number>();
  let allFullAtMs = 0;
  const waitMs = (source: string) => Math.max(0, (fullAtMs.get(source) ?? 0) - nowMs() - (BURST - 1) * REFILL_MS);
  return {
    waitMs,
    waitWrongMs: (source) => Math.max(waitMs(source), allFullAtMs - nowMs() - (BURST_ALL - 1) * REFILL_ALL_MS),
    failed(source) {
      allFullAtMs = Math.min(Math.max(allFullAtMs, nowMs()) + REFILL_ALL_MS, nowMs() + BURST_ALL * REFILL_ALL_MS);
      const next = Math.min(Math.max(fullAtMs.get(source) ?? 0, nowMs()) + REFILL_MS, nowMs() + BURST * REFILL_MS);
      fullAtMs.delete(source);
      fullAtMs.set(source, next);
      if (fullAtMs.size > MAX_SOURCES) fullAtMs.delete(fullAtMs.keys().next().value!);
    },
  };
}
