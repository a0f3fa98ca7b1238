import { parseClientOrderId } from '../domain/clientOrderId.ts';
import { NightjarError } from '../domain/errors.ts';
import type { CexVenue, MarketRules } from '../domain/instruments.ts';
import type {
  Balance,
  CancelOutcome,
  LookupOutcome,
  OrderRef,
  OrderReport,
  PlaceOutcome,
  TradePort,
} from '../domain/orders.ts';
import type { Clock, HttpRequest, Transport } from '../domain/ports.ts';
import { fieldsOf, listOf, numberIn, textIn } from './cexDialect.ts';
import { exchangeOver, type HttpExchange, parseJson, rawOf } from './httpExchange.ts';
import { ORDER_GONE_MS, ORDER_VALID_MS } from './orderExpiry.ts';
import { verdictOf } from './tradeErrors.ts';
import { withoutEarlyEnd } from './tradePort.ts';

const requestTimeoutMs = 5_000;

export interface SimTradeDeps {
  readonly venue: CexVenue;
  readonly account: string;
  /** Base URL of the simulated venue, without a trailing slash. */
  readonly rest: string;
  readonly transport: Transport;
  readonly clock: Clock;
}

/**
 * The trade port of a simulated CEX over the simulator's neutral order door: our own shapes, no ccxt, any clock. Used by
 * the virtual clock, where ccxt's timers would be out of reach; outcomes follow the rules of the real ports.
 */
export function createSimTrade(deps: SimTradeDeps): TradePort {
  const { venue, account, rest } = deps;
  const ask = async (request: Pick<HttpRequest, 'method' | 'url' | 'body'>) => {
    const headers: Record<string, string> = request.body === undefined ? {} : { 'content-type': 'application/json' };
    const exchange = await exchangeOver(deps.transport, { ...request, headers, timeoutMs: requestTimeoutMs });
    return { exchange, body: parseJson(exchange.text), raw: rawOf(exchange) };
  };
  /** Venue minus ours. Taken when the answer is here, so an order never lives longer by the way that it took. */
  let venueAheadMs = 0;
  const byId = (clientOrderId: string) => `${rest}/sim/order?clientOrderId=${encodeURIComponent(clientOrderId)}`;
  const listed = async (url: string) => {
    const { exchange, body } = await ask({ method: 'GET', url });
    if (exchange.status !== 200) {
      throw new NightjarError('venue.unavailable', `${venue}: GET ${exchange.path}: ${troubleOf(exchange)}`, { venue });
    }
    return listOf(body, exchange.path);
  };

  return {
    venue,
    account,
    orderGoneMs: ORDER_GONE_MS,
    async open() {
      await this.balances();
      const { exchange, body } = await ask({ method: 'GET', url: `${rest}/sim/time` });
      if (exchange.status !== 200) {
        throw new NightjarError('venue.unavailable', `${venue}: GET /sim/time: ${troubleOf(exchange)}`, { venue });
      }
      venueAheadMs = numberIn(fieldsOf(body, 'the time'), 'timeMs') - deps.clock.nowMs();
    },

    async place(intent): Promise<PlaceOutcome> {
      const { clientOrderId, pair, side, type, qty, price } = intent;
      const expiresAtMs = Math.floor(deps.clock.nowMs() + venueAheadMs + ORDER_VALID_MS);
      const body = JSON.stringify({ clientOrderId, symbol: pair, side, type, qty, price, expiresAtMs });
      const { exchange, body: answer, raw } = await ask({ method: 'POST', url: `${rest}/sim/order`, body });
      if (exchange.status !== 200) return { ...refusalOf(venue, exchange, answer), raw };
      try {
        return { outcome: 'confirmed', report: withoutEarlyEnd(readReport(answer, clientOrderId)), raw };
      } catch (error) {
        return { outcome: 'unknown', code: 'bad-answer', reason: messageOf(error), raw };
      }
    },

    async cancel(ref): Promise<CancelOutcome> {
      const { exchange, body, raw } = await ask({ method: 'DELETE', url: byId(ref.clientOrderId) });
      return exchange.status === 200 ? { outcome: 'confirmed', raw } : { ...refusalOf(venue, exchange, body), raw };
    },

    async lookup(ref): Promise<LookupOutcome> {
      const { exchange, body, raw } = await ask({ method: 'GET', url: byId(ref.clientOrderId) });
      const refusal = refusalOf(venue, exchange, body);
      // In the door's own words: a bare 404 could come from anybody.
      if (exchange.status === 404 && refusal.code === 'not-found') return { found: 'no', raw };
      if (exchange.status !== 200) return { found: 'unknown', code: refusal.code, reason: refusal.reason };
      try {
        return { found: 'yes', report: withoutEarlyEnd(readReport(body, ref.clientOrderId)), raw };
      } catch (error) {
        return { found: 'unknown', code: 'bad-answer', reason: messageOf(error) };
      }
    },

    openOrders: async () =>
      (await listed(`${rest}/sim/openOrders`))
        .map((entry) => {
          const clientOrderId = textIn(entry, 'clientOrderId');
          const { pair, ...report } = readReport(entry, clientOrderId) as OrderReport & { readonly pair: string };
          // What rests is a maker's, whatever it was sent as.
          const ref: OrderRef = { clientOrderId, venue, account, pair, type: 'postOnly' };
          return { ...withoutEarlyEnd(report), ref };
        })
        .filter(({ clientOrderId }) => parseClientOrderId(clientOrderId) !== null),

    balances: async (): Promise<readonly Balance[]> =>
      (await listed(`${rest}/sim/balances`)).map((entry) => ({
        venue,
        asset: textIn(entry, 'asset'),
        free: numberIn(entry, 'free'),
        locked: numberIn(entry, 'locked'),
      })),

    markets: async (): Promise<readonly MarketRules[]> =>
      (await listed(`${rest}/sim/markets`)).map((entry) => ({
        ...{ venue, pair: textIn(entry, 'pair') },
        ...{ tickSize: numberIn(entry, 'tickSize'), stepSize: numberIn(entry, 'stepSize') },
        ...{ minQty: numberIn(entry, 'minQty'), minNotional: numberIn(entry, 'minNotional') },
      })),

    async close() {},
  };
}

type Refusal = { readonly outcome: 'rejected' | 'unknown'; readonly code: string; readonly reason: string };

/** A refusal in the door's own words (`{rejected: {code, reason}}` with a 4xx) is definite, but for a duplicate's. */
function refusalOf(venue: CexVenue, exchange: HttpExchange, body: unknown): Refusal {
  const status = exchange.status ?? 0;
  const rejected = status >= 400 && status < 500 ? (body as { rejected?: unknown } | undefined)?.rejected : undefined;
  if (typeof rejected !== 'object' || rejected === null) {
    const code = exchange.netCode ?? `http-${status}`;
    // A refused connection carried nothing.
    return { outcome: code === 'net.refused' ? 'rejected' : 'unknown', code, reason: troubleOf(exchange) };
  }
  const { code, reason } = rejected as { code?: unknown; reason?: unknown };
  const arrived = verdictOf(venue, String(code), String(reason)) === 'arrived';
  return { outcome: arrived ? 'unknown' : 'rejected', code: String(code), reason: String(reason) };
}

function readReport(value: unknown, clientOrderId: string): OrderReport {
  const fields = fieldsOf(value, 'the report');
  if (fields.clientOrderId !== clientOrderId) throw new Error(`it is about order ${String(fields.clientOrderId)}`);
  textIn(fields, 'venueOrderId');
  textIn(fields, 'status');
  numberIn(fields, 'filledQty');
  listOf(fields.fills, 'fills');
  return value as OrderReport;
}

function troubleOf(exchange: HttpExchange): string {
  return exchange.trouble || exchange.text.slice(0, 200) || `status ${exchange.status}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
