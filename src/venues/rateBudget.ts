import { CEX_VENUES, type CexVenue } from '../domain/instruments.ts';
import type { EpochMs } from '../domain/units.ts';
import { RATE_SCOPES, type RateCall, type RatePriority } from './rateLimits.ts';

/** Of a scope's limit: what flows in again per window, and what may be used at once on top. Together the limit. */
const REFILL = 0.7;
const BURST = 1 - REFILL;
/** How much of the burst each priority may use up; what is left is for those before it. A cancel asks nobody. */
const DEPTH: Readonly<Record<Exclude<RatePriority, 'cancel'>, number>> = {
  hedge: 0.8,
  reconcile: 0.6,
  open: 0.45,
  data: 0.3,
};
/** Market data has a smaller allowance of its own, so that all bots that start at once take less than half of a window. */
export const DATA_REFILL = 0.35;
const DATA_BURST = 0.1;
/** A server that counts more than we do is believed, less this margin. */
const SERVER_MARGIN = 0.95;

const US_PER_MS = 1_000;
/** Words per scope: when the whole bucket is empty of debt, and when that of market data is; epoch µs. */
const WORDS_PER_SCOPE = 2;
/** Words per venue: until when it gets cancels only, and until when nothing at all; epoch µs. */
const WORDS_PER_VENUE = 2;
const VENUES_AT = RATE_SCOPES.length * WORDS_PER_SCOPE;

/** Made once per core: it outlives every incarnation of the threads that share it. */
export const createRateWords = (): SharedArrayBuffer =>
  new SharedArrayBuffer((VENUES_AT + CEX_VENUES.length * WORDS_PER_VENUE) * BigInt64Array.BYTES_PER_ELEMENT);

/** How a request stands: it may leave, or in how many ms it may be asked for again. */
export interface RateAnswer {
  readonly waitMs: number;
  /** 'full': the budget; 'limited': the venue asked for silence; 'banned': it answers nobody of this address. */
  readonly because: 'free' | 'full' | 'limited' | 'banned';
}

const FREE: RateAnswer = { waitMs: 0, because: 'free' };

/**
 * The one request budget of each venue, in memory that all threads share. A bucket is one word: the moment at which
 * everything taken from it has flowed in again (a leaky bucket counted as a date, "generic cell rate"). Taking moves it on
 * by compare-and-swap, so there is no lock that a dead thread could hold, and nothing to repair after one.
 */
export class RateBudget {
  readonly #words: BigInt64Array;

  constructor(shared: SharedArrayBuffer) {
    this.#words = new BigInt64Array(shared);
  }

  /** Takes the weight when the request may leave now. */
  take({ venue, scope, weight, priority }: RateCall, nowMs: EpochMs): RateAnswer {
    const silent = this.silence(venue, priority, nowMs);
    if (silent.waitMs > 0) return silent;
    const whole = bucketOf(scope, REFILL, BURST);
    const word = scope * WORDS_PER_SCOPE;
    if (priority === 'cancel') {
      this.#force(word, weight * whole.usPerWeight, nowMs);
      return FREE;
    }
    if (priority === 'data') {
      const data = bucketOf(scope, DATA_REFILL, DATA_BURST);
      const waitMs = this.#take(word + 1, weight * data.usPerWeight, data.burstUs, nowMs);
      if (waitMs > 0) return { waitMs, because: 'full' };
      const waitForAllMs = this.#take(word, weight * whole.usPerWeight, whole.burstUs * DEPTH.data, nowMs);
      if (waitForAllMs === 0) return FREE;
      Atomics.sub(this.#words, word + 1, BigInt(Math.round(weight * data.usPerWeight)));
      return { waitMs: waitForAllMs, because: 'full' };
    }
    const waitMs = this.#take(word, weight * whole.usPerWeight, whole.burstUs * DEPTH[priority], nowMs);
    return waitMs === 0 ? FREE : { waitMs, because: 'full' };
  }

  /** Whether the venue has asked to be left alone. */
  silence(venue: CexVenue, priority: RatePriority, nowMs: EpochMs): RateAnswer {
    const word = wordOf(venue);
    const bannedMs = this.#msUntil(word + 1, nowMs);
    if (bannedMs > 0) return { waitMs: bannedMs, because: 'banned' };
    const limitedMs = priority === 'cancel' ? 0 : this.#msUntil(word, nowMs);
    return limitedMs > 0 ? { waitMs: limitedMs, because: 'limited' } : FREE;
  }

  /** The venue wants silence until then: from all but cancels, or (a ban) from everybody. Never shortens what stands. */
  silenceUntil(venue: CexVenue, untilMs: EpochMs, isBan: boolean): void {
    this.#raise(wordOf(venue) + (isBan ? 1 : 0), asUs(untilMs));
  }

  /** The server's own count of the window under way, which other programs behind our address use up as well. */
  serverCounted(scope: number, used: number, nowMs: EpochMs): void {
    const { limit, windowMs } = RATE_SCOPES[scope]!;
    const leftMs = windowMs - (nowMs % windowMs);
    const { usPerWeight } = bucketOf(scope, REFILL, BURST);
    // So full that burst and refill up to the end of the window stay within what the server has left.
    const free = SERVER_MARGIN * limit - used - (REFILL * limit * leftMs) / windowMs;
    this.#raise(scope * WORDS_PER_SCOPE, asUs(nowMs) + BigInt(Math.round((BURST * limit - free) * usPerWeight)));
  }

  /** Weight that is taken and has not flowed in again. */
  taken(scope: number, nowMs: EpochMs): number {
    const { usPerWeight } = bucketOf(scope, REFILL, BURST);
    return (this.#msUntil(scope * WORDS_PER_SCOPE, nowMs) * US_PER_MS) / usPerWeight;
  }

  #msUntil(word: number, nowMs: EpochMs): number {
    return Math.max(0, Number(Atomics.load(this.#words, word) - asUs(nowMs)) / US_PER_MS);
  }

  #raise(word: number, toUs: bigint): void {
    for (;;) {
      const seen = Atomics.load(this.#words, word);
      if (seen >= toUs || Atomics.compareExchange(this.#words, word, seen, toUs) === seen) return;
    }
  }

  #force(word: number, costUs: number, nowMs: EpochMs): void {
    this.#take(word, costUs, Number.POSITIVE_INFINITY, nowMs);
  }

  /** @returns 0 when taken, else ms until it would fit. An empty bucket takes anything, however heavy. */
  #take(word: number, costUs: number, burstUs: number, nowMs: EpochMs): number {
    const now = asUs(nowMs);
    for (;;) {
      const seen = Atomics.load(this.#words, word);
      const debtUs = seen > now ? Number(seen - now) : 0;
      const overUs = debtUs + costUs - burstUs;
      if (debtUs > 0 && overUs > 0) return Math.min(debtUs, overUs) / US_PER_MS;
      const next = now + BigInt(Math.round(debtUs + costUs));
      if (Atomics.compareExchange(this.#words, word, seen, next) === seen) return 0;
    }
  }
}

const asUs = (ms: EpochMs): bigint => BigInt(Math.round(ms * US_PER_MS));
const wordOf = (venue: CexVenue): number => VENUES_AT + CEX_VENUES.indexOf(venue) * WORDS_PER_VENUE;

function bucketOf(scope: number, refill: number, burst: number) {
  const { limit, windowMs } = RATE_SCOPES[scope]!;
  const usPerWeight = (windowMs * US_PER_MS) / (limit * refill);
  return { usPerWeight, burstUs: limit * burst * usPerWeight };
}
