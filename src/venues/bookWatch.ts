import type { BookKeeper } from './bookKeeper.ts';
import type { FeedProtocol } from './feedProtocol.ts';
import type { FeedCounters } from './venueFeed.ts';

/** A book older than this is stale. Bots refuse far earlier (`maxAgeMs`); this one ends the book's trust for everybody. */
const STALE_AFTER_MS = 5_000;
/** Acknowledgements and the first book must come so soon after the socket opened or a new snapshot was asked for. */
const SYNC_DEADLINE_MS = 10_000;
/** OKX repeats an unchanged book each 60 s: a topic silent for longer is dead though the connection lives. */
const TOPIC_SILENT_MS = 90_000;
/** Good data for so long clears the count of attempts. */
const PROVEN_AFTER_MS = 30_000;

export interface WatchPorts {
  readonly onTrouble: (code: string, message: string) => void;
  readonly reconnect: (reason: string) => void;
  /** The connection proved good. */
  readonly clearAttempts: () => void;
}

/** Twice a second: is the book overdue, silent, stale, proven? Reads times only; the keeper judges frames. */
export class BookWatch {
  /** Acknowledgements since the socket opened. */
  acks = 0;
  /** When the newest book message came, applied or not. */
  bookFrameMs = Number.NaN;
  readonly #ports: WatchPorts;
  readonly #protocol: FeedProtocol;
  readonly #keeper: BookKeeper;
  readonly #counters: FeedCounters;

  constructor(ports: WatchPorts, protocol: FeedProtocol, keeper: BookKeeper, counters: FeedCounters) {
    this.#ports = ports;
    this.#protocol = protocol;
    this.#keeper = keeper;
    this.#counters = counters;
  }

  opened(nowMs: number): void {
    this.acks = 0;
    this.bookFrameMs = nowMs;
  }

  /** @param ageMs of the book, as the feed states it */
  check(nowMs: number, ageMs: number): void {
    const keeper = this.#keeper;
    if (!keeper.isSynced) {
      this.#checkSyncing(nowMs);
      return;
    }
    if (nowMs - this.bookFrameMs > TOPIC_SILENT_MS) {
      this.#ports.reconnect(`no book message for ${TOPIC_SILENT_MS} ms`);
      return;
    }
    if (keeper.book.trust === 'live' && ageMs > STALE_AFTER_MS) {
      this.#counters.stale += 1;
      keeper.goodSinceMs = Number.NaN;
      keeper.setTrust('stale');
    }
    if (nowMs - keeper.goodSinceMs >= PROVEN_AFTER_MS) {
      keeper.clearAttempts();
      this.#ports.clearAttempts();
    }
  }

  /** A stream whose first depth frame is overdue was not subscribed, whatever was acknowledged. REST has its own backoff. */
  #checkSyncing(nowMs: number): void {
    if (nowMs - this.#keeper.askedAtMs < SYNC_DEADLINE_MS || this.#keeper.buffered > 0) return;
    const acks = this.#protocol.acksWanted - this.acks;
    const reason = acks > 0 ? `${acks} subscriptions not acknowledged` : 'no book after the subscription';
    this.#ports.onTrouble('venue.subscription-refused', `${reason} within ${SYNC_DEADLINE_MS} ms`);
    this.#ports.reconnect(reason);
  }
}
