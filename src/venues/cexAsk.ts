import type { Clock } from '../domain/ports.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import type { CcxtClient, Sending, Trace } from './ccxtClient.ts';
import type { RawCall } from './cexDialect.ts';
import { type HttpExchange, rawOf } from './httpExchange.ts';
import { type Judgement, judge } from './tradeErrors.ts';

export interface Answer extends Judgement {
  /** For the journal. */
  readonly raw: unknown;
  readonly exchange: HttpExchange | null;
}

/** Whether a request may leave while the venue has asked us to stay away. A cancel may, unless our address is banned. */
export type Urgency = 'normal' | 'cancel';

export interface CexAsk {
  /** One implicit ccxt call, judged. Never rejects. */
  ask(call: RawCall, urgency?: Urgency): Promise<Answer>;
  /** Any ccxt call; `which` picks the request that decides among those it made. Never rejects. */
  run(call: () => Promise<unknown>, which: (exchange: HttpExchange) => boolean, sending?: Sending): Promise<Answer>;
  /** Why nothing may be sent now; null when it may. */
  quiet(urgency: Urgency): string | null;
}

export const REQUEST_TIMEOUT_MS = 5_000;
/** Longest silence that a Retry-After can impose: Binance's longest ban. */
const longestQuietMs = 3 * 86_400_000;
/** Our clock is off (wire reference 9.2, O17): read the venue's once more, then let it refuse. */
const skewCodes = new Set(['-1021', '50102', '10002']);
const resyncPauseMs = 60_000;

/** The asking side of a port: evidence in, judgement out, and silence while the venue is limiting us. */
export function createCexAsk(client: CcxtClient, clock: Clock, metrics: MetricSink): CexAsk {
  const tooMany = metrics.counter('http_429_total', { venue: client.venue });
  let quietUntilMs = 0;
  let banned = false;
  let resyncedAtMs = Number.NEGATIVE_INFINITY;

  const quiet = (urgency: Urgency): string | null => {
    const leftMs = quietUntilMs - clock.nowMs();
    if (leftMs <= 0) return null;
    if (urgency === 'cancel' && !banned) return null;
    return `${client.venue} limits us for another ${Math.ceil(leftMs)} ms: nothing was sent`;
  };

  const resyncTime = () => {
    if (clock.nowMs() - resyncedAtMs < resyncPauseMs) return;
    resyncedAtMs = clock.nowMs();
    void client.traced(REQUEST_TIMEOUT_MS, () => client.exchange.loadTimeDifference());
  };

  const conclude = (exchange: HttpExchange | undefined, error: unknown): Answer => {
    if (exchange === undefined) {
      const reason = error instanceof Error ? error.message : String(error);
      return { verdict: 'rejected', code: 'not-sent', reason, body: undefined, quietMs: 0, raw: null, exchange: null };
    }
    const judgement = judge(client.venue, exchange);
    if (exchange.status === 429) tooMany.inc();
    if (judgement.verdict === 'limited') {
      const untilMs = clock.nowMs() + Math.min(judgement.quietMs, longestQuietMs);
      quietUntilMs = Math.max(quietUntilMs, untilMs);
      banned = exchange.status === 418 || exchange.status === 403;
    }
    if (skewCodes.has(judgement.code)) resyncTime();
    return { ...judgement, raw: rawOf(exchange), exchange };
  };

  const run: CexAsk['run'] = async (call, which, sending) => {
    const { trace, error }: { trace: Trace; error: unknown } = await client.traced(REQUEST_TIMEOUT_MS, call, sending);
    return conclude(trace.exchanges.find(which), error);
  };

  return {
    run,
    quiet,
    ask: async (call, urgency = 'normal') => {
      const reason = quiet(urgency);
      if (reason !== null) {
        return { verdict: 'limited', code: 'quiet', reason, body: undefined, quietMs: 0, raw: null, exchange: null };
      }
      const methods = client.exchange as unknown as Record<string, (params: object) => Promise<unknown>>;
      return run(
        () => methods[call.method]!({ ...call.params }),
        () => true,
        { isOrder: urgency === 'cancel' },
      );
    },
  };
}
