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
/** Our clock is off (wire reference 9.2, O17): the venue's is read once more before anything else is signed. */
const skewCodes = new Set(['-1021', '50102', '10002']);
/** Between two readings, where the one before did not help. */
const resyncPauseMs = 60_000;
/** A clock drifts by some ms a minute: read so often, it is never near the second that venues allow. */
const measureEveryMs = 600_000;
/** A reading that takes longer holds up no request: a cancel above all. */
const longestMeasureMs = 500;

/** The asking side of a port: evidence in, judgement out, and silence while the venue is limiting us. */
export function createCexAsk(client: CcxtClient, clock: Clock, metrics: MetricSink): CexAsk {
  const tooMany = metrics.counter('http_429_total', { venue: client.venue });
  let quietUntilMs = 0;
  let banned = false;
  let measuredAtMs = clock.nowMs();
  /** A request was taken since the newest reading that a refusal called for. */
  let hasHelped = true;
  let measuring: Promise<void> | null = null;

  const quiet = (urgency: Urgency): string | null => {
    const leftMs = quietUntilMs - clock.nowMs();
    if (leftMs <= 0) return null;
    if (urgency === 'cancel' && !banned) return null;
    return `${client.venue} limits us for another ${Math.ceil(leftMs)} ms: nothing was sent`;
  };

  const measureTime = (): Promise<unknown> => {
    measuredAtMs = clock.nowMs();
    return client.traced(REQUEST_TIMEOUT_MS, () => client.exchange.loadTimeDifference());
  };

  const resyncTime = () => {
    if (!hasHelped && clock.nowMs() - measuredAtMs < resyncPauseMs) return;
    hasHelped = false;
    const tooLate = new Promise<void>((resolve) => void clock.after(longestMeasureMs, resolve));
    const reading: Promise<void> = Promise.race([measureTime(), tooLate]).then(() => {
      if (measuring === reading) measuring = null;
    });
    measuring = reading;
  };

  const conclude = (exchange: HttpExchange | undefined, error: unknown): Answer => {
    if (exchange === undefined) {
      const reason = error instanceof Error ? error.message : String(error);
      return { verdict: 'rejected', code: 'not-sent', reason, body: undefined, quietMs: 0, raw: null, exchange: null };
    }
    const judgement = judge(client.venue, exchange);
    if (exchange.status === 429) tooMany.inc();
    // What our own budget keeps back says by itself for how long, and not to all alike.
    if (judgement.verdict === 'limited' && exchange.status !== null) {
      const untilMs = clock.nowMs() + Math.min(judgement.quietMs, longestQuietMs);
      quietUntilMs = Math.max(quietUntilMs, untilMs);
      banned = exchange.status === 418 || exchange.status === 403;
    }
    if (skewCodes.has(judgement.code)) resyncTime();
    else if (judgement.verdict === 'accepted') hasHelped = true;
    return { ...judgement, raw: rawOf(exchange), exchange };
  };

  const run: CexAsk['run'] = async (call, which, sending) => {
    // Signed with a time that was just refused, it would be refused as well.
    if (measuring !== null) await measuring;
    else if (clock.nowMs() - measuredAtMs >= measureEveryMs) void measureTime();
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
