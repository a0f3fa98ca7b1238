import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CexVenue } from '../src/domain/instruments.ts';
import type { OrderIntent } from '../src/domain/orders.ts';
import type { VenueEndpoints } from '../src/domain/ports.ts';
import { silentMetrics } from '../src/telemetry/metricSink.ts';
import { binanceDialect } from '../src/venues/binance/trade.ts';
import { bybitDialect } from '../src/venues/bybit/trade.ts';
import { createCcxtClient } from '../src/venues/ccxtClient.ts';
import { createCexTrade } from '../src/venues/ccxtTrade.ts';
import { okxDialect } from '../src/venues/okx/trade.ts';
import { createWallClock } from '../src/workers/wallClock.ts';
import { createWallTransport } from '../src/workers/wallTransport.ts';

/** What the scripted venue does with a request: an answer, or how it fails to give one. */
export type Reaction =
  | { readonly status?: number; readonly body: unknown; readonly headers?: Record<string, string> }
  | { readonly text: string; readonly status?: number }
  | 'cut'
  | 'silence';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly headers: http.IncomingHttpHeaders;
}

type Rule = (request: SeenRequest) => Reaction | undefined;

const dialects = { binance: binanceDialect, okx: okxDialect, bybit: bybitDialect } as const;

/** `METHOD path` of the request that creates an order, per venue. */
export const createRequests: Readonly<Record<CexVenue, string>> = {
  binance: 'POST /api/v3/order',
  okx: 'POST /api/v5/trade/batch-orders',
  bybit: 'POST /v5/order/create',
};

/** A loopback server that answers what opening a port needs, and the rest by script; one real ccxt client speaks to it. */
export async function startScriptedVenue(venue: CexVenue, options: { readonly timeoutMs?: number } = {}) {
  const seen: SeenRequest[] = [];
  let script: Rule = () => undefined;
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://venue');
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method = '', headers } = request;
      const entry: SeenRequest = { method, path: url.pathname, query: url.searchParams, body, headers };
      seen.push(entry);
      const reaction = script(entry) ?? preamble(entry) ?? { status: 404, text: 'not scripted' };
      if (reaction === 'silence') return;
      if (reaction === 'cut') return void request.socket.destroy();
      const text = 'text' in reaction ? reaction.text : JSON.stringify(reaction.body);
      response.writeHead(reaction.status ?? 200, {
        'content-type': 'application/json',
        ...('headers' in reaction ? reaction.headers : {}),
      });
      response.end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const rest = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const endpoint = { rest, ws: '' };
  const endpoints: VenueEndpoints = { binance: endpoint, okx: endpoint, bybit: endpoint, jupiter: { rest } };
  const wall = createWallTransport();
  // Shortens the port's own timeouts, so that a silent venue costs a test milliseconds.
  const transport = {
    ...wall,
    request: (request: Parameters<typeof wall.request>[0]) =>
      wall.request({ ...request, timeoutMs: Math.min(request.timeoutMs, options.timeoutMs ?? 5_000) }),
  };
  const keys = { apiKey: 'test-key', secret: 'test-secret', ...(venue === 'okx' ? { password: 'test-pass' } : {}) };
  const client = await createCcxtClient(venue, endpoints, keys, transport);
  const clock = createWallClock();
  const port = createCexTrade({
    client,
    dialect: dialects[venue],
    account: 'main',
    pairs: ['SOL/USDT', 'PEPE/USDT'],
    clock,
    metrics: silentMetrics,
  });
  return {
    port,
    client,
    clock,
    endpoints,
    seen,
    /** The requests that could create an order. */
    creates: () => seen.filter(({ method, path }) => `${method} ${path}` === createRequests[venue]),
    answer(rule: Rule) {
      script = rule;
    },
    async stop() {
      await port.close();
      wall.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let orders = 0;

/** An intent with a fresh id; SOL/USDT, 0.25 at 150.07 unless told. */
export function anIntent(venue: CexVenue, changes: Partial<OrderIntent> = {}): OrderIntent {
  orders += 1;
  return {
    clientOrderId: `njtest0000000001${String(orders).padStart(10, '0')}`,
    bot: 'arb:SOL',
    botSlot: 0,
    epoch: 1,
    attempt: 1,
    leg: 'cex',
    venue,
    account: 'main',
    pair: 'SOL/USDT',
    side: 'sell',
    type: 'ioc',
    effect: 'opening',
    qty: '0.25',
    price: '150.07',
    decidedAtMs: 1_767_623_400_000,
    ...changes,
  };
}

/** The markets of every scripted venue: one of usual coarseness and one as fine as they come. */
const markets = [
  { base: 'SOL', tick: '0.01', step: '0.001' },
  { base: 'PEPE', tick: '0.00000001', step: '0.00000001' },
];

/** Markets, time, account type and an account: what `open()` asks. Shapes from the venues' documentation. */
function preamble({ path, query }: SeenRequest): Reaction | undefined {
  // The venues' paths differ, so that one server can be all of them.
  const body = Object.assign({}, ...Object.values(preambles))[path]?.(query) as unknown;
  return body === undefined ? undefined : { body };
}

const okxList = (data: unknown[]) => ({ code: '0', msg: '', data });
const bybitResult = (result: unknown) => ({
  retCode: 0,
  retMsg: 'OK',
  result,
  retExtInfo: {},
  time: 1_767_623_400_000,
});

const preambles: Record<CexVenue | 'jupiter', Record<string, (query: URLSearchParams) => unknown>> = {
  jupiter: {
    '/sim/wallet': () => [{ asset: 'SOL', free: 3, locked: 0 }],
    '/sim/time': () => ({ timeMs: Date.now() }),
  },
  binance: {
    '/api/v3/time': () => ({ serverTime: Date.now() }),
    '/api/v3/exchangeInfo': () => ({
      timezone: 'UTC',
      serverTime: Date.now(),
      rateLimits: [],
      exchangeFilters: [],
      symbols: markets.map(({ base, tick, step }) => ({
        symbol: `${base}USDT`,
        status: 'TRADING',
        baseAsset: base,
        baseAssetPrecision: 8,
        quoteAsset: 'USDT',
        quotePrecision: 8,
        quoteAssetPrecision: 8,
        orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET'],
        isSpotTradingAllowed: true,
        filters: [
          { filterType: 'PRICE_FILTER', minPrice: tick, maxPrice: '100000.00000000', tickSize: tick },
          { filterType: 'LOT_SIZE', minQty: step, maxQty: '900000.00000000', stepSize: step },
          {
            filterType: 'NOTIONAL',
            minNotional: '5.00000000',
            applyMinToMarket: true,
            maxNotional: '9000000.00000000',
          },
        ],
        permissions: ['SPOT'],
      })),
    }),
    '/sapi/v1/account/apiRestrictions': () => ({
      ...{ ipRestrict: true, enableSpotAndMarginTrading: true, enableWithdrawals: false },
      ...{ enableInternalTransfer: false, permitsUniversalTransfer: false },
    }),
    '/api/v3/account': () => ({
      canTrade: true,
      balances: [
        { asset: 'SOL', free: '12.50000000', locked: '0.50000000' },
        { asset: 'USDT', free: '1000.00000000', locked: '0.00000000' },
      ],
    }),
  },
  okx: {
    '/api/v5/public/time': () => okxList([{ ts: String(Date.now()) }]),
    '/api/v5/public/instruments': () =>
      okxList(
        markets.map(({ base, tick, step }) => ({
          instId: `${base}-USDT`,
          instType: 'SPOT',
          baseCcy: base,
          quoteCcy: 'USDT',
          tickSz: tick,
          lotSz: step,
          minSz: step,
          maxLmtSz: '999999',
          maxMktSz: '999999',
          state: 'live',
          lever: '',
          ctVal: '',
          ctMult: '',
          settleCcy: '',
          uly: '',
          instFamily: '',
          listTime: '1606468572000',
          expTime: '',
        })),
      ),
    '/api/v5/account/config': () => okxList([{ acctLv: '1', perm: 'read_only,trade', ip: '203.0.113.7' }]),
    '/api/v5/account/balance': () =>
      okxList([{ details: [{ ccy: 'SOL', availBal: '12.5', frozenBal: '0.5', cashBal: '13' }] }]),
  },
  bybit: {
    '/v5/market/time': () =>
      bybitResult({ timeSecond: String(Math.floor(Date.now() / 1e3)), timeNano: `${Date.now()}000000` }),
    '/v5/market/instruments-info': (query) =>
      bybitResult({
        category: query.get('category'),
        list: (query.get('category') === 'spot' ? markets : []).map(({ base, tick, step }) => ({
          symbol: `${base}USDT`,
          baseCoin: base,
          quoteCoin: 'USDT',
          status: 'Trading',
          marginTrading: 'none',
          lotSizeFilter: {
            basePrecision: step,
            quotePrecision: '0.00000001',
            minOrderQty: step,
            maxOrderQty: '10000',
            minOrderAmt: '1',
            maxOrderAmt: '2000000',
          },
          priceFilter: { tickSize: tick },
        })),
        nextPageCursor: '',
      }),
    '/v5/user/query-api': () =>
      bybitResult({
        ...{ id: '1', unified: 0, uta: 1, readOnly: 0, ips: ['203.0.113.7'] },
        permissions: { Spot: ['SpotTrade'], Wallet: [] },
      }),
    '/v5/account/info': () => bybitResult({ unifiedMarginStatus: 5, marginMode: 'REGULAR_MARGIN' }),
    '/v5/account/wallet-balance': () =>
      bybitResult({ list: [{ accountType: 'UNIFIED', coin: [{ coin: 'SOL', walletBalance: '13', locked: '0.5' }] }] }),
  },
};
