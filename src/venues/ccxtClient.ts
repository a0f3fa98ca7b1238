import { AsyncLocalStorage } from 'node:async_hooks';
import type { Exchange } from 'ccxt';
import type { CexVenue } from '../domain/instruments.ts';
import type { HttpRequest, Transport, VenueEndpoints } from '../domain/ports.ts';
import { brokenExchange, exchangeOf, type HttpExchange } from './httpExchange.ts';
import { expireOrders } from './orderExpiry.ts';

export interface CexKeys {
  readonly apiKey: string;
  readonly secret: string;
  /** OKX only: the passphrase. */
  readonly password?: string;
}

/** The HTTP that one call of a ccxt client made, in order of completion, whatever ccxt then returned or threw. */
export interface Trace {
  readonly exchanges: HttpExchange[];
  readonly timeoutMs: number;
  readonly sending: Sending;
}

/** How the requests of one call leave. */
export type Sending = Pick<HttpRequest, 'isOrder' | 'isOpening' | 'refusedNow'>;

export interface CcxtClient {
  readonly venue: CexVenue;
  readonly exchange: Exchange;
  /**
   * Runs `call` and returns its HTTP as evidence. ccxt's own exceptions lose codes (an exactly matched text) and merge
   * what we must tell apart, so they serve only to explain a call that sent nothing.
   */
  traced(
    timeoutMs: number,
    call: () => Promise<unknown>,
    sending?: Sending,
  ): Promise<{ readonly trace: Trace; readonly error: unknown }>;
}

type ExchangeClass = new (settings: Record<string, unknown>) => Exchange;

/** One class per file: the package's front door would load every exchange (0.7 s, 90 MB); `exports` hides the files. */
async function loadExchangeClass(venue: CexVenue): Promise<ExchangeClass> {
  const root = new URL('.', import.meta.resolve('ccxt'));
  const module = (await import(new URL(`src/${venue}.js`, root).href)) as { default: ExchangeClass };
  return module.default;
}

/** An unmodified ccxt REST client of one venue, pointed at our endpoints and speaking through our transport. */
export async function createCcxtClient(
  venue: CexVenue,
  endpoints: VenueEndpoints,
  keys: CexKeys,
  transport: Transport,
): Promise<CcxtClient> {
  const traces = new AsyncLocalStorage<Trace>();
  const ExchangeOfVenue = await loadExchangeClass(venue);
  const exchange = new ExchangeOfVenue({
    ...keys,
    userAgent: 'nightjar',
    // Off on purpose: ccxt would hold each request for 50 to 100 ms. The pre-trade gate bounds the orders per second,
    // lookups are paced by `resolveOutcome`, and a 429 silences the port for as long as the venue asks.
    enableRateLimit: false,
    // Longer than any timeout of ours, so that it is our transport that names the failure.
    timeout: 60_000,
    options: {
      // A create is sent once. This is ccxt's default, stated so that it stays so.
      maxRetriesOnFailure: 0,
      fetchMarkets: { types: ['spot'] },
      fetchCurrencies: false,
      fetchMargins: false,
      adjustForTimeDifference: false,
      recvWindow: 5_000,
    },
  });
  exchange.has.fetchCurrencies = false;
  exchange.urls.api = redirect(exchange.urls.api, endpoints[venue].rest);
  exchange.fetchImplementation = createTracedFetch(transport, traces);
  expireOrders(venue, exchange);
  return {
    venue,
    exchange,
    async traced(timeoutMs, call, sending = {}) {
      const trace: Trace = { exchanges: [], timeoutMs, sending };
      try {
        await traces.run(trace, call);
        return { trace, error: null };
      } catch (error) {
        return { trace, error };
      }
    },
  };
}

/** Every base URL of the client, with host and protocol replaced and paths kept. */
function redirect(api: unknown, rest: string): never {
  const map = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(/^https:\/\/[^/]+/, rest);
    return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, map(inner)]));
  };
  return map(api) as never;
}

interface FetchParams {
  readonly method?: string;
  readonly headers?: Record<string, unknown>;
  readonly body?: string;
}

/** `fetch` as ccxt calls it (its own hook for a user's implementation), over our transport, noting each exchange. */
function createTracedFetch(transport: Transport, traces: AsyncLocalStorage<Trace>) {
  return async (url: string, params: FetchParams): Promise<Response> => {
    const trace = traces.getStore();
    if (trace === undefined) throw new Error(`untraced request to ${url.split('?', 1)[0]}`);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(params.headers ?? {})) {
      if (value !== undefined && value !== null) headers[name] = String(value);
    }
    const request = {
      method: (params.method ?? 'GET') as 'GET' | 'POST' | 'PUT' | 'DELETE',
      url,
      headers,
      ...(params.body === undefined ? {} : { body: params.body }),
      timeoutMs: trace.timeoutMs,
      ...trace.sending,
    };
    try {
      const answer = await transport.request(request);
      trace.exchanges.push(exchangeOf(request, answer));
      return asResponse(answer.status, answer.headers, answer.body);
    } catch (error) {
      trace.exchanges.push(brokenExchange(request, error));
      // The kind of error that ccxt reads as "network".
      throw new TypeError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  };
}

function asResponse(status: number, headers: Readonly<Record<string, string>>, body: Uint8Array): Response {
  // A Response refuses a body with these, and a status outside 200..599.
  const bodyless = status === 204 || status === 205 || status === 304;
  const shown = status >= 200 && status <= 599 ? status : 599;
  return new Response(bodyless ? null : new Uint8Array(body), { status: shown, headers });
}
