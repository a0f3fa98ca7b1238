import { toPlainError } from '../domain/errors.ts';
import type { CexVenue, Instrument } from '../domain/instruments.ts';
import type { CancelTimer, Clock, Random, Transport, VenueEndpoints } from '../domain/ports.ts';
import { parseJson } from './httpExchange.ts';
import type { PricedBook } from './venueFeed.ts';

/** Each book is compared so often; found wrong once, it is asked for again soon, so a wrong one is known within 45 s. */
export const AUDIT_EVERY_MS = 30_000;
const AGAIN_MS = 3_000;
/** So many comparisons in a row have to fail: one can meet a move that the stream tells a little later. */
const WRONG_TIMES = 3;
/** How long after the answer the stream may still bring what the answer showed. */
const SETTLE_MS = 500;
const TIMEOUT_MS = 5_000;

interface Top {
  readonly bidPx: number;
  readonly askPx: number;
}

export interface AuditHandlers {
  /** The sequence was right and the content is not. */
  onWrong(text: string): void;
  onTrouble(code: string, message: string): void;
}

/**
 * Compares the best prices of a live book with the venue's own REST book on a timer, as a stream whose sequence is right
 * can still carry the wrong content (ccxt#10539). What the book showed from the question until shortly after the answer is
 * kept as a range; the venue's best prices have to lie in it.
 */
export class BookAudit {
  /** Comparisons made, and how many of them failed. */
  compared = 0;
  failed = 0;
  readonly #ports: { readonly clock: Clock; readonly transport: Transport; readonly random: Random };
  readonly #url: string;
  readonly #venue: CexVenue;
  readonly #book: PricedBook;
  readonly #handlers: AuditHandlers;
  #cancelTimer: CancelTimer = () => {};
  #running = false;
  #wrongInARow = 0;
  /** What the best prices were since the question; NaN while nothing is asked. */
  #minBid = Number.NaN;
  #maxBid = Number.NaN;
  #minAsk = Number.NaN;
  #maxAsk = Number.NaN;
  /** The book was live all the while. */
  #isWhole = false;

  constructor(
    ports: { readonly clock: Clock; readonly transport: Transport; readonly random: Random },
    instrument: Instrument,
    endpoints: VenueEndpoints,
    book: PricedBook,
    handlers: AuditHandlers,
  ) {
    this.#ports = ports;
    this.#venue = instrument.venue;
    this.#url = auditUrl(instrument, endpoints);
    this.#book = book;
    this.#handlers = handlers;
  }

  start(): void {
    this.#running = true;
    // Spread over the period, so that books that start together are not asked for together.
    this.#later(AUDIT_EVERY_MS * (0.5 + this.#ports.random.next() / 2));
  }

  stop(): void {
    this.#running = false;
    this.#cancelTimer();
  }

  /** After each change of the book. */
  seen(): void {
    if (Number.isNaN(this.#minBid)) return;
    if (this.#book.trust !== 'live') {
      this.#isWhole = false;
      return;
    }
    const bid = this.#book.bestBidPx();
    const ask = this.#book.bestAskPx();
    if (bid < this.#minBid) this.#minBid = bid;
    if (bid > this.#maxBid) this.#maxBid = bid;
    if (ask < this.#minAsk) this.#minAsk = ask;
    if (ask > this.#maxAsk) this.#maxAsk = ask;
  }

  #later(delayMs: number): void {
    this.#cancelTimer = this.#ports.clock.after(delayMs, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    if (this.#book.trust !== 'live') {
      this.#wrongInARow = 0;
      this.#later(AUDIT_EVERY_MS);
      return;
    }
    this.#minBid = this.#maxBid = this.#book.bestBidPx();
    this.#minAsk = this.#maxAsk = this.#book.bestAskPx();
    this.#isWhole = true;
    const answer = await this.#ports.transport
      .request({ method: 'GET', url: this.#url, timeoutMs: TIMEOUT_MS })
      .catch((error: unknown) => toPlainError(error, 'net.cut'));
    if (!this.#running) return;
    const top = 'code' in answer || answer.status !== 200 ? null : readTop(this.#venue, answer.body);
    if (top === null) {
      this.#minBid = Number.NaN;
      const why = 'code' in answer ? answer.message : `HTTP ${answer.status}`;
      this.#handlers.onTrouble('venue.bad-response', `the book could not be audited: ${why}`);
      this.#later(AUDIT_EVERY_MS);
      return;
    }
    this.#cancelTimer = this.#ports.clock.after(SETTLE_MS, () => this.#compare(top));
  }

  #compare({ bidPx, askPx }: Top): void {
    const [minBid, maxBid, minAsk, maxAsk] = [this.#minBid, this.#maxBid, this.#minAsk, this.#maxAsk];
    this.#minBid = Number.NaN;
    // A book that was not live for a moment proves nothing either way.
    if (!this.#isWhole) {
      this.#later(AUDIT_EVERY_MS);
      return;
    }
    this.compared += 1;
    if (within(bidPx, minBid, maxBid) && within(askPx, minAsk, maxAsk)) {
      this.#wrongInARow = 0;
      this.#later(AUDIT_EVERY_MS);
      return;
    }
    this.failed += 1;
    this.#wrongInARow += 1;
    if (this.#wrongInARow < WRONG_TIMES) {
      this.#later(AGAIN_MS);
      return;
    }
    this.#wrongInARow = 0;
    this.#handlers.onWrong(
      `the venue's book says ${bidPx} / ${askPx}, ours said ${minBid}..${maxBid} / ${minAsk}..${maxAsk}, ${WRONG_TIMES} times in a row`,
    );
    this.#later(AUDIT_EVERY_MS);
  }
}

/** Both came from decimal texts of one grid: a millionth is far less than a tick. */
const within = (px: number, min: number, max: number) => px >= min * (1 - 1e-9) && px <= max * (1 + 1e-9);

function auditUrl({ venue, venueSymbol }: Instrument, endpoints: VenueEndpoints): string {
  const { rest } = endpoints[venue];
  if (venue === 'binance') return `${rest}/api/v3/depth?symbol=${venueSymbol}&limit=5`;
  if (venue === 'okx') return `${rest}/api/v5/market/books?instId=${venueSymbol}&sz=5`;
  return `${rest}/v5/market/orderbook?category=spot&symbol=${venueSymbol}&limit=5`;
}

const utf8 = new TextDecoder();

/** The best prices of a REST book (wire reference 1.2, 2.2, 3.2); null when the answer is none, or has an empty side. */
function readTop(venue: CexVenue, body: Uint8Array): Top | null {
  const answer = parseJson(utf8.decode(body)) as Partial<Record<string, unknown>> | undefined;
  if (typeof answer !== 'object' || answer === null) return null;
  const inner = { binance: answer, okx: (answer.data as unknown[] | undefined)?.[0], bybit: answer.result }[venue];
  if (typeof inner !== 'object' || inner === null) return null;
  const book = inner as Readonly<Record<string, readonly (readonly string[])[] | undefined>>;
  const bidPx = Number((book.bids ?? book.b)?.[0]?.[0]);
  const askPx = Number((book.asks ?? book.a)?.[0]?.[0]);
  return bidPx > 0 && askPx > 0 ? { bidPx, askPx } : null;
}
