import { NightjarError } from '../domain/errors.ts';
import type { CexVenue } from '../domain/instruments.ts';
import type { Clock, HttpRequest, HttpResponse, Transport, VenueEndpoints } from '../domain/ports.ts';
import { exchangeOf } from './httpExchange.ts';
import type { RateAnswer, RateBudget } from './rateBudget.ts';
import { RATE_SCOPES, type RateCall, rateCallOf } from './rateLimits.ts';
import { judge } from './tradeErrors.ts';

/** Longest wait for a place in the budget; an order does not wait at all, its moment would be gone. */
const PATIENCE_MS = 2_000;
/** Longest silence that an answer can impose: Binance's longest ban. */
const LONGEST_MS = 3 * 86_400_000;
/** An answer that states a limit is short; whole books are not parsed for it. */
const LONGEST_REFUSAL_BYTES = 512;

/** A venue that answers nobody of this address until then. */
export interface Ban {
  readonly venue: CexVenue;
  readonly untilMs: number;
  readonly status: number;
}

export interface BudgetedDeps {
  readonly budget: RateBudget;
  readonly clock: Clock;
  readonly endpoints: VenueEndpoints;
  /** Told before the answer goes on, so that it can be written down first. */
  readonly onBan: (ban: Ban) => void;
}

/**
 * The transport of a thread behind the budget that all threads share: every request to a venue takes its weight first, and
 * every answer that speaks of limits is heard by all. Sockets pass as they are.
 *
 * A request that may not leave rejects with venue.rate-limited, which proves that nothing was sent.
 */
export function budgetedTransport(transport: Transport, deps: BudgetedDeps): Transport {
  const { budget, clock, endpoints } = deps;
  const pause = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));

  const enter = async (call: RateCall, request: HttpRequest): Promise<void> => {
    const patienceMs = request.isOrder === true ? 0 : Math.min(PATIENCE_MS, request.timeoutMs);
    const untilMs = clock.nowMs() + patienceMs;
    for (;;) {
      const answer = budget.take(call, clock.nowMs());
      if (answer.waitMs === 0) return;
      if (answer.because !== 'full' || clock.nowMs() + answer.waitMs > untilMs) throw refusal(call, answer);
      await pause(Math.max(1, answer.waitMs));
    }
  };

  const hear = (call: RateCall, request: HttpRequest, response: HttpResponse): void => {
    const nowMs = clock.nowMs();
    const used = Number(response.headers['x-mbx-used-weight-1m'] ?? Number.NaN);
    if (used >= 0) budget.serverCounted(call.scope, used, nowMs);
    const ok = response.status >= 200 && response.status < 300;
    if (ok && response.body.length > LONGEST_REFUSAL_BYTES) return;
    const exchange = exchangeOf(request, response);
    const { verdict, quietMs } = judge(call.venue, exchange);
    if (verdict !== 'limited') return;
    const isBan = response.status === 418 || response.status === 403;
    const untilMs = nowMs + Math.min(Math.max(quietMs, statedMs(exchange.text, response, nowMs)), LONGEST_MS);
    budget.silenceUntil(call.venue, untilMs, isBan);
    if (isBan) deps.onBan({ venue: call.venue, untilMs, status: response.status });
  };

  // Not an async function where nothing has to wait: the bytes then leave in the very call, as those who ask for the last
  // word before them (`refusedNow`) expect.
  return {
    openSocket: (url, handlers) => transport.openSocket(url, handlers),
    request(request) {
      const call = rateCallOf(request, endpoints);
      if (call === null) return transport.request(request);
      const send = () =>
        transport.request(request).then((response) => {
          hear(call, request, response);
          return response;
        });
      const answer = budget.take(call, clock.nowMs());
      if (answer.waitMs === 0) return send();
      if (answer.because !== 'full') return Promise.reject(refusal(call, answer));
      return enter(call, request).then(send);
    },
  };
}

/** What the words or headers of a refusal state beside `Retry-After`, ms from now; 0 = nothing. */
function statedMs(text: string, { headers }: HttpResponse, nowMs: number): number {
  const banned = /banned until (\d{13})/.exec(text)?.[1];
  const reset = Number(headers['x-bapi-limit-reset-timestamp'] ?? Number.NaN);
  const untilMs = Math.max(banned === undefined ? 0 : Number(banned), Number.isNaN(reset) ? 0 : reset);
  return Math.max(0, untilMs - nowMs);
}

function refusal({ venue, scope, weight, priority }: RateCall, { because, waitMs }: RateAnswer): NightjarError {
  const why = {
    free: '',
    full: `the budget of ${RATE_SCOPES[scope]!.name} has no room for ${priority} of weight ${weight}`,
    limited: `${venue} limits us`,
    banned: `${venue} has banned this address`,
  }[because];
  const text = `${why} for another ${Math.ceil(waitMs)} ms: nothing was sent`;
  return new NightjarError('venue.rate-limited', text, { venue, waitMs });
}
