import { createHmac } from 'node:crypto';
import { formatIncrements } from '../domain/instruments.ts';
import { formatE12 } from './amounts.ts';
import { orderFields, queriedOrder, tradeFields } from './binanceOrders.ts';
import { refusalOf } from './rejections.ts';
import { json, type ParsedRequest, type SimHttpResponse } from './simHttp.ts';
import { SIM_API_KEY, SIM_SECRET } from './simKeys.ts';
import type { OrderRequest, RejectKind, SimOrder, SimOrderType } from './simOrder.ts';
import type { VenueContext } from './venueContext.ts';
import { wireTextOf } from './wireText.ts';

/**
 * REST of Binance spot: what our feed and an unmodified ccxt client ask (github.com/binance/binance-spot-api-docs,
 * rest-api.md and errors.md, read 2026-07-21).
 */
export function answerBinance(context: VenueContext, request: ParsedRequest): SimHttpResponse {
  const route = ROUTES[`${request.method} ${request.path}`];
  if (route === undefined) return json(404, { code: -1000, msg: `no such path: ${request.method} ${request.path}` });
  const params = new URLSearchParams([request.rawQuery, request.body].filter((part) => part !== '').join('&'));
  if (route.signed) {
    const refusal = checkSignature(context, request, params);
    if (refusal !== null) return refusal;
  }
  return route.answer(context, params);
}

interface Route {
  readonly signed: boolean;
  readonly answer: (context: VenueContext, params: URLSearchParams) => SimHttpResponse;
}

const ROUTES: Readonly<Record<string, Route>> = {
  'GET /api/v3/ping': { signed: false, answer: () => json(200, {}) },
  'GET /api/v3/time': { signed: false, answer: (context) => json(200, { serverTime: nowMs(context) }) },
  'GET /api/v3/exchangeInfo': { signed: false, answer: exchangeInfo },
  'GET /api/v3/depth': { signed: false, answer: depth },
  // ccxt asks for the rest of Binance while it loads markets: there is none here.
  'GET /fapi/v1/exchangeInfo': { signed: false, answer: () => json(200, { symbols: [] }) },
  'GET /dapi/v1/exchangeInfo': { signed: false, answer: () => json(200, { symbols: [] }) },
  'GET /sapi/v1/margin/allPairs': { signed: true, answer: () => json(200, []) },
  'GET /sapi/v1/margin/isolated/allPairs': { signed: true, answer: () => json(200, []) },
  'GET /sapi/v1/capital/config/getall': { signed: true, answer: () => json(200, []) },
  'GET /sapi/v1/account/apiRestrictions': { signed: true, answer: () => json(200, KEY_RIGHTS) },
  'GET /api/v3/account': { signed: true, answer: account },
  'POST /api/v3/order': { signed: true, answer: placeOrder },
  'GET /api/v3/order': { signed: true, answer: queryOrder },
  'DELETE /api/v3/order': { signed: true, answer: cancelOrder },
  'GET /api/v3/openOrders': {
    signed: true,
    answer: (context, params) => listOrders(context, params, (order) => order.status === 'open'),
  },
  'DELETE /api/v3/openOrders': { signed: true, answer: cancelAll },
  'GET /api/v3/allOrders': { signed: true, answer: (context, params) => listOrders(context, params, () => true) },
  'GET /api/v3/myTrades': { signed: true, answer: myTrades },
};

/** The demo key may trade spot, from one address. */
const KEY_RIGHTS = {
  ipRestrict: true,
  createTime: 0,
  enableReading: true,
  enableSpotAndMarginTrading: true,
  enableWithdrawals: false,
  enableInternalTransfer: false,
  permitsUniversalTransfer: false,
};

const nowMs = ({ clock }: VenueContext) => Math.floor(clock.nowMs());

function refuse(status: number, code: number, msg: string): SimHttpResponse {
  return json(status, { code, msg });
}

/** `signature` covers query and body as sent, joined without a separator, and comes last. */
function checkSignature(
  context: VenueContext,
  request: ParsedRequest,
  params: URLSearchParams,
): SimHttpResponse | null {
  if (request.headers['x-mbx-apikey'] !== SIM_API_KEY) {
    return refuse(401, -2015, 'Invalid API-key, IP, or permissions for action.');
  }
  const timestamp = Number(params.get('timestamp') ?? Number.NaN);
  const recvWindow = Number(params.get('recvWindow') ?? 5000);
  if (!Number.isFinite(timestamp)) {
    return refuse(400, -1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.");
  }
  const aheadMs = timestamp - nowMs(context);
  if (aheadMs >= 1000) return refuse(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.");
  if (-aheadMs > recvWindow) return refuse(400, -1021, 'Timestamp for this request is outside of the recvWindow.');
  const covered = (request.rawQuery + request.body).replace(/&?signature=[^&]*$/, '');
  const expected = createHmac('sha256', SIM_SECRET).update(covered).digest('hex');
  return params.get('signature') === expected ? null : refuse(400, -1022, 'Signature for this request is not valid.');
}

function exchangeInfo(context: VenueContext, params: URLSearchParams): SimHttpResponse {
  const one = params.get('symbol');
  const many = params.get('symbols');
  const wanted = one !== null ? [one] : many !== null ? (many.match(/[A-Z0-9]+/g) ?? []) : null;
  const unknown = wanted?.find((symbol) => context.exchange.instrumentOf(symbol) === undefined);
  if (unknown !== undefined) return refuse(400, -1121, 'Invalid symbol.');
  const symbols = context.instruments
    .filter(({ venueSymbol }) => wanted === null || wanted.includes(venueSymbol))
    .map(({ venueSymbol, base, quote, tickSize, stepSize, minQty, minNotional }) => ({
      symbol: venueSymbol,
      status: 'TRADING',
      baseAsset: base,
      baseAssetPrecision: 8,
      quoteAsset: quote,
      quotePrecision: 8,
      quoteAssetPrecision: 8,
      orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET'],
      icebergAllowed: false,
      ocoAllowed: false,
      isSpotTradingAllowed: true,
      isMarginTradingAllowed: false,
      filters: [
        {
          filterType: 'PRICE_FILTER',
          minPrice: decimal(1, tickSize),
          maxPrice: '1000000.00',
          tickSize: decimal(1, tickSize),
        },
        {
          filterType: 'LOT_SIZE',
          minQty: formatIncrements(Math.round(minQty / stepSize), stepSize),
          maxQty: '9000000',
          stepSize: decimal(1, stepSize),
        },
        { filterType: 'MARKET_LOT_SIZE', minQty: '0', maxQty: '9000000', stepSize: '0' },
        {
          filterType: 'NOTIONAL',
          minNotional: String(minNotional),
          applyMinToMarket: true,
          maxNotional: '9000000',
          applyMaxToMarket: false,
          avgPriceMins: 5,
        },
      ],
      permissions: [],
      permissionSets: [['SPOT']],
      defaultSelfTradePreventionMode: 'NONE',
      allowedSelfTradePreventionModes: ['NONE'],
    }));
  return json(200, { timezone: 'UTC', serverTime: nowMs(context), rateLimits: [], exchangeFilters: [], symbols });
}

const decimal = formatIncrements;

/** No `E`, no `T`: spot snapshots carry none, and clients tell spot from futures by that. */
function depth(context: VenueContext, params: URLSearchParams): SimHttpResponse {
  const market = context.marketOf(params.get('symbol') ?? '');
  if (market === undefined) return refuse(400, -1121, 'Invalid symbol.');
  const limit = Math.min(5000, Number(params.get('limit') ?? 100) || 100);
  const text = wireTextOf(market.instrument);
  const side = (name: 'bid' | 'ask') => text.levels(market.book.top(name, limit));
  const body = `{"lastUpdateId":${market.book.updateId()},"bids":[${side('bid')}],"asks":[${side('ask')}]}`;
  return { status: 200, headers: { 'content-type': 'application/json;charset=UTF-8' }, body };
}

function account(context: VenueContext, params: URLSearchParams): SimHttpResponse {
  const { rules } = context.exchange;
  const held = context.exchange.account.list();
  const shown =
    params.get('omitZeroBalances') === 'true' ? held.filter(({ free, locked }) => free + locked !== 0n) : held;
  return json(200, {
    makerCommission: Math.round(rules.makerFeeBps),
    takerCommission: Math.round(rules.takerFeeBps),
    buyerCommission: 0,
    sellerCommission: 0,
    canTrade: true,
    canWithdraw: false,
    canDeposit: false,
    updateTime: nowMs(context),
    accountType: 'SPOT',
    balances: shown.map(({ asset, free, locked }) => ({ asset, free: formatE12(free), locked: formatE12(locked) })),
    permissions: ['SPOT'],
  });
}

function placeOrder(context: VenueContext, params: URLSearchParams): SimHttpResponse {
  const { exchange } = context;
  const asked = readOrder(context, params);
  if ('status' in asked) return asked;
  const result = exchange.place(asked);
  if ('rejected' in result) return refusal(result.rejected);
  const { order } = result;
  const ack = {
    symbol: order.instrument.venueSymbol,
    orderId: Number(order.venueOrderId),
    orderListId: -1,
    clientOrderId: order.request.clientOrderId,
    transactTime: order.createdMs,
  };
  if (params.get('newOrderRespType') === 'ACK') return json(200, ack);
  return json(200, {
    ...ack,
    ...orderFields(order),
    workingTime: order.createdMs,
    fills: order.fills.map((fill) => ({
      price: formatIncrements(fill.tick, order.instrument.tickSize),
      qty: formatIncrements(fill.lots, order.instrument.stepSize),
      commission: formatE12(fill.fee),
      commissionAsset: fill.feeAsset,
      tradeId: Number(fill.tradeId),
    })),
  });
}

function refusal(kind: RejectKind): SimHttpResponse {
  const { code, reason } = refusalOf('binance', kind);
  return refuse(400, Number(code), reason);
}

function readOrder(context: VenueContext, params: URLSearchParams): OrderRequest | SimHttpResponse {
  const venueSymbol = params.get('symbol') ?? '';
  const side = params.get('side');
  if (side !== 'BUY' && side !== 'SELL') return refuse(400, -1117, 'Invalid side.');
  const type = orderType(params.get('type'), params.get('timeInForce'));
  if (type === null) return refuse(400, -1116, 'Invalid orderType.');
  const quoteQty = params.get('quoteOrderQty');
  const qty =
    params.get('quantity') ?? (quoteQty === null ? null : context.exchange.qtyForQuote(venueSymbol, quoteQty));
  if (qty === null) {
    return refuse(400, -1102, "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed.");
  }
  return {
    clientOrderId: params.get('newClientOrderId') ?? context.exchange.makeClientOrderId(),
    venueSymbol,
    side: side === 'BUY' ? 'buy' : 'sell',
    type,
    qty,
    ...(type === 'market' ? {} : { price: params.get('price') ?? '' }),
  };
}

function orderType(type: string | null, timeInForce: string | null): SimOrderType | null {
  if (type === 'MARKET') return 'market';
  if (type === 'LIMIT_MAKER') return 'postOnly';
  if (type !== 'LIMIT') return null;
  return timeInForce === 'IOC' ? 'ioc' : timeInForce === 'GTC' ? 'limit' : null;
}

function find(context: VenueContext, params: URLSearchParams): SimOrder | undefined {
  const orderId = params.get('orderId');
  const clientId = params.get('origClientOrderId');
  const order = orderId !== null ? context.exchange.byVenueId(orderId) : context.exchange.byClientId(clientId ?? '');
  return order?.instrument.venueSymbol === params.get('symbol') ? order : undefined;
}

function queryOrder(context: VenueContext, params: URLSearchParams): SimHttpResponse {
  const order = find(context, params);
  return order === undefined ? refuse(400, -2013, 'Order does not exist.') : json(200, queriedOrder(order));
}

function cancelOrder(context: VenueContext, params: URLSearchParams): SimHttpResponse {
  const order = find(context, params);
  if (order === undefined || !context.exchange.cancel(order)) return refuse(400, -2011, 'Unknown order sent.');
  return json(200, cancelled(context, order));
}

/** The reply's `clientOrderId` is the id of the cancel itself; the order's stands in `origClientOrderId`. */
function cancelled(context: VenueContext, order: SimOrder) {
  return {
    ...queriedOrder(order),
    origClientOrderId: order.request.clientOrderId,
    clientOrderId: context.exchange.makeClientOrderId(),
    transactTime: nowMs(context),
  };
}

function cancelAll(context: VenueContext, params: URLSearchParams): SimHttpResponse {
  const open = context.exchange
    .openOrders()
    .filter((order) => order.instrument.venueSymbol === params.get('symbol') && context.exchange.cancel(order));
  return open.length === 0
    ? refuse(400, -2011, 'Unknown order sent.')
    : json(
        200,
        open.map((order) => cancelled(context, order)),
      );
}

function listOrders(
  context: VenueContext,
  params: URLSearchParams,
  wanted: (order: SimOrder) => boolean,
): SimHttpResponse {
  const symbol = params.get('symbol');
  const limit = Math.min(1000, Number(params.get('limit') ?? 500) || 500);
  const orders = context.exchange
    .orders()
    .filter((order) => wanted(order) && (symbol === null || order.instrument.venueSymbol === symbol));
  return json(200, orders.slice(-limit).map(queriedOrder));
}

function myTrades(context: VenueContext, params: URLSearchParams): SimHttpResponse {
  const symbol = params.get('symbol');
  if (symbol === null || context.exchange.instrumentOf(symbol) === undefined) {
    return refuse(400, -1121, 'Invalid symbol.');
  }
  const orderId = params.get('orderId');
  const limit = Math.min(1000, Number(params.get('limit') ?? 500) || 500);
  const trades = context.exchange
    .orders()
    .filter((order) => order.instrument.venueSymbol === symbol && (orderId === null || order.venueOrderId === orderId))
    .flatMap((order) => order.fills.map((fill) => tradeFields(order, fill)));
  return json(200, trades.slice(-limit));
}
