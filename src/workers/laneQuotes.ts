import { NightjarError, toPlainError } from '../domain/errors.ts';
import type { Clock, Logger, Transport, VenueEndpoints } from '../domain/ports.ts';
import type { EpochMs } from '../domain/units.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import { fetchQuote, type Quote, type QuoteRequest } from '../venues/jupiter/quote.ts';
import type { RateGuard } from '../venues/jupiter/rateGuard.ts';

/** No answer in this time counts as a failure: an older price could not decide anyway. */
export const QUOTE_TIMEOUT_MS = 800;

export interface ReceivedQuote extends Quote {
  readonly receivedAtMs: EpochMs;
  readonly request: QuoteRequest;
}

export interface AskedQuotes {
  /** One per request that was answered well, in the order asked. */
  readonly quotes: readonly ReceivedQuote[];
  /** At least one request of this slot met a 429. */
  readonly rateLimited: boolean;
}

export interface LaneQuotes {
  /** Sends all at once and tells the guard how the slot went. Never rejects: trouble is counted and logged. */
  ask(requests: readonly QuoteRequest[]): Promise<AskedQuotes>;
}

export interface LaneQuotesDeps {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly endpoints: VenueEndpoints;
  readonly guard: RateGuard;
  readonly metrics: MetricSink;
  readonly logger: Logger;
}

export function createLaneQuotes(deps: LaneQuotesDeps): LaneQuotes {
  const { clock, transport, endpoints, guard, metrics, logger } = deps;
  const refusals = metrics.counter('http_429_total', { venue: 'jupiter' });
  const interval = metrics.gauge('guard_interval_ms', { venue: 'jupiter' });
  interval.set(guard.intervalMs);

  const askOne = async (request: QuoteRequest): Promise<ReceivedQuote | NightjarError> => {
    try {
      const quote = await fetchQuote(transport, endpoints, request, QUOTE_TIMEOUT_MS);
      return { ...quote, receivedAtMs: clock.nowMs(), request };
    } catch (error) {
      return error instanceof NightjarError ? error : NightjarError.fromPlain(toPlainError(error, 'net.cut'));
    }
  };

  return {
    async ask(requests) {
      const answers = await Promise.all(requests.map(askOne));
      const quotes: ReceivedQuote[] = [];
      let refused: NightjarError | null = null;
      for (const answer of answers) {
        if (!(answer instanceof NightjarError)) {
          quotes.push(answer);
          continue;
        }
        logger.log('debug', 'quotes', answer.message, { code: answer.code });
        if (answer.code !== 'venue.rate-limited') continue;
        refusals.inc();
        refused = answer;
      }
      if (refused !== null) {
        const { retryAfterMs } = refused.details;
        guard.refused(clock.nowMs(), typeof retryAfterMs === 'number' ? retryAfterMs : null);
      } else if (quotes.length > 0) {
        guard.succeeded();
      }
      interval.set(guard.intervalMs);
      return { quotes, rateLimited: refused !== null };
    },
  };
}
