import { createHmac } from 'node:crypto';
import { formatIncrements } from '../domain/instruments.ts';
import { formatE12 } from './amounts.ts';
import { executionFields, orderFields } from './bybitOrders.ts';
import { refusalOf } from './rejections.ts';
import { json, type ParsedRequest, readJsonObject, type SimHttpResponse, textOf } from './simHttp.ts';
import { SIM_API_KEY, SIM_SECRET } from './simKeys.ts';
import type { OrderRequest, SimOrder, SimOrderType } from './simOrder.ts';
import type { VenueContext } from './venueContext.ts';
import { wireTextOf } from './wireText.ts';

/**
 * REST of Bybit v5 spot: what our feed and an unmodified ccxt client ask (github.com/bybit-exchange/docs, read
 * 2026-07-24). Business errors come with HTTP 200. An accepted order reaches the engine `ackDelayMs` later: its fate is
 * only to be had by query.
 */
export function answerBybit(context: VenueContext, request: ParsedRequest, ackDelayMs: number): SimHttpResponse {
  const route = ROUTES[`${request.method} ${request.path}`];
  if (route === undefined)
    return json(404, { retCode: 10404, retMsg: `no such path: ${request.method} ${request.path}` });
  if (route.signed) {
    const refusal = checkSignature(context, request);
    if (refusal !== null) return refusal;
  }
  return route.answer(context, request, ackDelayMs);
}

interface Route {
  readonly signed: boolean;
  readonly answer: (context: VenueContext, request: ParsedRequest, ackDelayMs: number) => SimHttpResponse;
}

const ROUTES: Readonly<Record<string, Route>> = {
  'GET /v5/market/time': { signed: false, answer: time },
  'GET /v5/market/instruments-info': { signed: false, answer: instrumentsInfo },
  'GET /v5/market/orderbook': { signed: false, answer: orderbook },
  'GET /v5/user/query-api': {
    signed: true,
    answer: (context) =>
      ok(context, {
        ...{ unified: 0, uta: 1, readOnly: 0, ips: ['127.0.0.1'] },
        permissions: { Spot: ['SpotTrade'], Wallet: [] },
      }),
  },
  'GET /v5/account/info': {
    signed: true,
    answer: (context) => ok(context, { unifiedMarginStatus: 6, marginMode: 'REGULAR_MARGIN' }),
  },
  'GET /v5/account/wallet-balance': { signed: true, answer: walletBalance },
  'GET /v5/asset/coin/query-info': { signed: true, answer: (context) => ok(context, { rows: [] }) },
  'POST /v5/order/create': { signed: true, answer: createOrder },
  'POST /v5/order/cancel': { signed: true, answer: cancelOrder },
  'GET /v5/order/realtime': { signed: true, answer: (context, request) => listOrders(context, request, 'realtime') },
  'GET /v5/order/history': { signed: true, answer: (context, request) => listOrders(context, request, 'history') },
  'GET /v5/execution/list': { signed: true, answer: executions },
};

const nowMs = ({ clock }: VenueContext) => Math.floor(clock.nowMs());

function envelope(context: VenueContext, retCode: number, retMsg: string, result: object): SimHttpResponse {
  return json(200, { retCode, retMsg, result, retExtInfo: {}, time: nowMs(context) });
}

const ok = (context: VenueContext, result: object) => envelope(context, 0, 'OK', result);

/** Hex HMAC over timestamp + key + window + query string or JSON body. */
function checkSignature(context: VenueContext, request: ParsedRequest): SimHttpResponse | null {
  const { headers } = request;
  const timestamp = headers['x-bapi-timestamp'] ?? '';
  const recvWindow = headers['x-bapi-recv-window'] ?? '5000';
  if (headers['x-bapi-api-key'] !== SIM_API_KEY) return envelope(context, 10003, 'API key is invalid.', {});
  const aheadMs = Number(timestamp) - nowMs(context);
  if (!(aheadMs < 1000 && -aheadMs <= Number(recvWindow))) {
    const msg = `invalid request, please check your server timestamp or recv_window param. req_timestamp[${timestamp}],server_timestamp[${nowMs(context)}],recv_window[${recvWindow}]`;
    return envelope(context, 10002, msg, {});
  }
  const payload = request.method === 'POST' ? request.body : request.rawQuery;
  const expected = createHmac('sha256', SIM_SECRET)
    .update(timestamp + SIM_API_KEY + recvWindow + payload)
    .digest('hex');
  return headers['x-bapi-sign'] === expected
    ? null
    : envelope(context, 10004, 'error sign! please check your signature generation algorithm.', {});
}

function time(context: VenueContext): SimHttpResponse {
  const ms = nowMs(context);
  return ok(context, { timeSecond: String(Math.floor(ms / 1000)), timeNano: `${ms}000000` });
}

function instrumentsInfo(context: VenueContext, { query }: ParsedRequest): SimHttpResponse {
  const category = query.get('category') ?? '';
  const symbol = query.get('symbol');
  const spot = category === 'spot' && (query.get('status') ?? 'Trading') === 'Trading';
  const shown = spot ? context.instruments.filter(({ venueSymbol }) => symbol === null || symbol === venueSymbol) : [];
  const list = shown.map(({ venueSymbol, base, quote, tickSize, stepSize, minQty, minNotional }) => ({
    symbol: venueSymbol,
    baseCoin: base,
    quoteCoin: quote,
    innovation: '0',
    status: 'Trading',
    marginTrading: 'none',
    lotSizeFilter: {
      basePrecision: formatIncrements(1, stepSize),
      quotePrecision: '0.00000001',
      minOrderQty: formatIncrements(Math.round(minQty / stepSize), stepSize),
      maxOrderQty: '9000000',
      minOrderAmt: String(minNotional),
      maxOrderAmt: '4000000',
      maxLimitOrderQty: '9000000',
      maxMarketOrderQty: '4500000',
    },
    priceFilter: { tickSize: formatIncrements(1, tickSize) },
  }));
  return ok(context, { category, list, nextPageCursor: '' });
}

function orderbook(context: VenueContext, { query }: ParsedRequest): SimHttpResponse {
  const market = context.marketOf(query.get('symbol') ?? '');
  if (market === undefined || query.get('category') !== 'spot')
    return envelope(context, 10001, 'Not supported symbols', {});
  const limit = Math.min(200, Number(query.get('limit') ?? 1) || 1);
  const text = wireTextOf(market.instrument);
  const side = (name: 'bid' | 'ask') =>
    market.book.top(name, limit).map(([tick, lots]) => [text.price(tick), text.qty(lots)]);
  const [ts, u] = [nowMs(context), market.book.updateId()];
  return ok(context, { s: market.instrument.venueSymbol, b: side('bid'), a: side('ask'), ts, u, seq: u, cts: ts });
}

function walletBalance(context: VenueContext): SimHttpResponse {
  const coin = context.exchange.account.list().map(({ asset, free, locked }) => ({
    coin: asset,
    equity: formatE12(free + locked),
    walletBalance: formatE12(free + locked),
    locked: formatE12(locked),
    borrowAmount: '0',
    accruedInterest: '0',
    totalOrderIM: '0',
    totalPositionIM: '0',
  }));
  return ok(context, { list: [{ accountType: 'UNIFIED', coin }] });
}

/** What can be refused at once is; the rest is acknowledged and meets the engine later. */
function createOrder(context: VenueContext, request: ParsedRequest, ackDelayMs: number): SimHttpResponse {
  const body = readJsonObject(request.body);
  const asked = body === null ? null : readOrder(context, body);
  if (asked === null || typeof asked === 'string') return envelope(context, 10001, asked ?? 'params error', {});
  const result = context.exchange.placeLater(asked, ackDelayMs);
  if ('rejected' in result) {
    const { code, reason } = refusalOf('bybit', result.rejected);
    return envelope(context, Number(code), reason, {});
  }
  return ok(context, { orderId: result.venueOrderId, orderLinkId: asked.clientOrderId });
}

function readOrder(context: VenueContext, body: Readonly<Record<string, unknown>>): OrderRequest | string {
  const { side } = body;
  if (body.category !== 'spot') return 'params error: category';
  if (side !== 'Buy' && side !== 'Sell') return 'params error: side';
  const type = orderType(body.orderType, body.timeInForce);
  if (type === null) return 'params error: orderType or timeInForce';
  const venueSymbol = textOf(body.symbol);
  const linkId = textOf(body.orderLinkId);
  // A spot market buy is sized in quote unless asked otherwise.
  const sizedInQuote = type === 'market' && side === 'Buy' && body.marketUnit !== 'baseCoin';
  const qty = sizedInQuote ? context.exchange.qtyForQuote(venueSymbol, textOf(body.qty)) : textOf(body.qty);
  if (qty === null) return 'params error: symbol';
  return {
    clientOrderId: linkId === '' ? context.exchange.makeClientOrderId() : linkId,
    venueSymbol,
    side: side === 'Buy' ? 'buy' : 'sell',
    type,
    qty,
    ...(type === 'market' ? {} : { price: textOf(body.price) }),
  };
}

function orderType(orderType: unknown, timeInForce: unknown): SimOrderType | null {
  if (orderType === 'Market') return 'market';
  if (orderType !== 'Limit') return null;
  if (timeInForce === undefined || timeInForce === '' || timeInForce === 'GTC') return 'limit';
  return timeInForce === 'IOC' ? 'ioc' : timeInForce === 'PostOnly' ? 'postOnly' : null;
}

function cancelOrder(context: VenueContext, request: ParsedRequest): SimHttpResponse {
  const body = readJsonObject(request.body) ?? {};
  const order = find(context, textOf(body.orderId), textOf(body.orderLinkId));
  if (order === undefined) return envelope(context, 170213, 'Order does not exist.', {});
  if (!context.exchange.cancel(order)) {
    return order.status === 'filled'
      ? envelope(context, 170139, 'Order has been filled.', {})
      : envelope(context, 170142, 'Order has been canceled.', {});
  }
  return ok(context, { orderId: order.venueOrderId, orderLinkId: order.request.clientOrderId });
}

function find(context: VenueContext, orderId: string, orderLinkId: string): SimOrder | undefined {
  return orderId !== '' ? context.exchange.byVenueId(orderId) : context.exchange.byClientId(orderLinkId);
}

/** `realtime` without an id lists the open orders, with one also those that ended; `history` those that ended. */
function listOrders(context: VenueContext, { query }: ParsedRequest, which: 'realtime' | 'history'): SimHttpResponse {
  const [orderId, orderLinkId, symbol] = [query.get('orderId'), query.get('orderLinkId'), query.get('symbol')];
  const named = orderId !== null || orderLinkId !== null;
  const all = named ? [find(context, orderId ?? '', orderLinkId ?? '')] : context.exchange.orders();
  const wanted = (order: SimOrder) =>
    (symbol === null || order.instrument.venueSymbol === symbol) &&
    (which === 'history' ? order.status !== 'open' : named || order.status === 'open');
  const list = all.filter((order) => order !== undefined && wanted(order)) as SimOrder[];
  const limit = Math.min(50, Number(query.get('limit') ?? 20) || 20);
  return ok(context, { category: 'spot', list: list.slice(-limit).reverse().map(orderFields), nextPageCursor: '' });
}

function executions(context: VenueContext, { query }: ParsedRequest): SimHttpResponse {
  const [symbol, orderId, linkId] = [query.get('symbol'), query.get('orderId'), query.get('orderLinkId')];
  const rows = context.exchange
    .orders()
    .filter(
      ({ instrument, venueOrderId, request }) =>
        (symbol === null || instrument.venueSymbol === symbol) &&
        (orderId === null || venueOrderId === orderId) &&
        (linkId === null || request.clientOrderId === linkId),
    )
    .flatMap((order) => order.fills.map((fill) => executionFields(context.exchange.rules, order, fill)));
  const limit = Math.min(100, Number(query.get('limit') ?? 50) || 50);
  return ok(context, { category: 'spot', list: rows.slice(-limit).reverse(), nextPageCursor: '' });
}
