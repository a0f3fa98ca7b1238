import { createHmac } from 'node:crypto';
import { formatIncrements } from '../domain/instruments.ts';
import { formatE12 } from './amounts.ts';
import { fillFields, orderFields } from './okxOrders.ts';
import { refusalOf } from './rejections.ts';
import { json, type ParsedRequest, type SimHttpResponse, textOf } from './simHttp.ts';
import { SIM_API_KEY, SIM_PASSPHRASE, SIM_SECRET } from './simKeys.ts';
import type { OrderRequest, SimOrder, SimOrderType } from './simOrder.ts';
import type { VenueContext } from './venueContext.ts';
import { wireTextOf } from './wireText.ts';

const TIMESTAMP_WINDOW_MS = 30_000;

/** REST of OKX v5: what our feed and an unmodified ccxt client ask (OKX API guide, read 2026-07). */
export function answerOkx(context: VenueContext, request: ParsedRequest): SimHttpResponse {
  const route = ROUTES[`${request.method} ${request.path}`];
  if (route === undefined) return refuse(404, '50404', `no such path: ${request.method} ${request.path}`);
  if (route.signed) {
    const refusal = checkSignature(context, request);
    if (refusal !== null) return refusal;
  }
  return route.answer(context, request);
}

interface Route {
  readonly signed: boolean;
  readonly answer: (context: VenueContext, request: ParsedRequest) => SimHttpResponse;
}

const ROUTES: Readonly<Record<string, Route>> = {
  'GET /api/v5/public/time': { signed: false, answer: (context) => ok([{ ts: String(nowMs(context)) }]) },
  'GET /api/v5/public/instruments': { signed: false, answer: instruments },
  'GET /api/v5/public/underlying': { signed: false, answer: () => ok([[]]) },
  'GET /api/v5/market/books': { signed: false, answer: books },
  'GET /api/v5/asset/currencies': { signed: true, answer: () => ok([]) },
  'GET /api/v5/account/config': {
    signed: true,
    answer: () => ok([{ acctLv: '1', perm: 'read_only,trade', ip: '127.0.0.1' }]),
  },
  'GET /api/v5/account/balance': { signed: true, answer: balance },
  'POST /api/v5/trade/order': { signed: true, answer: placeOrders },
  'POST /api/v5/trade/batch-orders': { signed: true, answer: placeOrders },
  'POST /api/v5/trade/cancel-order': { signed: true, answer: cancelOrders },
  'POST /api/v5/trade/cancel-batch-orders': { signed: true, answer: cancelOrders },
  'GET /api/v5/trade/order': { signed: true, answer: queryOrder },
  'GET /api/v5/trade/orders-pending': {
    signed: true,
    answer: (context, request) => listOrders(context, request, (order) => order.status === 'open'),
  },
  'GET /api/v5/trade/orders-history': {
    signed: true,
    answer: (context, request) => listOrders(context, request, (order) => order.status !== 'open'),
  },
  'GET /api/v5/trade/fills': { signed: true, answer: fills },
  'GET /api/v5/trade/fills-history': { signed: true, answer: fills },
};

const nowMs = ({ clock }: VenueContext) => Math.floor(clock.nowMs());
const ok = (data: readonly unknown[]) => json(200, { code: '0', data, msg: '' });
const refuse = (status: number, code: string, msg: string) => json(status, { code, data: [], msg });

/** Base64 HMAC over timestamp + method + path with query + body. */
function checkSignature(context: VenueContext, request: ParsedRequest): SimHttpResponse | null {
  const { headers } = request;
  const timestamp = headers['ok-access-timestamp'] ?? '';
  if (headers['ok-access-key'] !== SIM_API_KEY) return refuse(401, '50111', 'Invalid OK-ACCESS-KEY.');
  const sentMs = Date.parse(timestamp);
  if (Number.isNaN(sentMs)) return refuse(401, '50112', 'Invalid OK-ACCESS-TIMESTAMP.');
  if (Math.abs(nowMs(context) - sentMs) > TIMESTAMP_WINDOW_MS)
    return refuse(401, '50102', 'Timestamp request expired.');
  const lateAfterMs = headers.exptime;
  if (lateAfterMs !== undefined && !(nowMs(context) <= Number(lateAfterMs))) {
    const { code, reason } = refusalOf('okx', 'expired');
    return refuse(200, code, reason);
  }
  if (headers['ok-access-passphrase'] !== SIM_PASSPHRASE) {
    return refuse(401, '50105', 'OK-ACCESS-PASSPHRASE is incorrect.');
  }
  const covered = timestamp + request.method + request.target + request.body;
  const expected = createHmac('sha256', SIM_SECRET).update(covered).digest('base64');
  return headers['ok-access-sign'] === expected ? null : refuse(401, '50113', 'Invalid Sign');
}

function instruments(context: VenueContext, { query }: ParsedRequest): SimHttpResponse {
  const wanted = query.get('instId');
  if (query.get('instType') !== 'SPOT') return ok([]);
  return ok(
    context.instruments
      .filter(({ venueSymbol }) => wanted === null || venueSymbol === wanted)
      .map(({ venueSymbol, base, quote, tickSize, stepSize, minQty }) => ({
        instType: 'SPOT',
        instId: venueSymbol,
        instFamily: '',
        uly: '',
        baseCcy: base,
        quoteCcy: quote,
        settleCcy: '',
        ctVal: '',
        ctMult: '',
        ctValCcy: '',
        ctType: '',
        tickSz: formatIncrements(1, tickSize),
        lotSz: formatIncrements(1, stepSize),
        minSz: formatIncrements(Math.round(minQty / stepSize), stepSize),
        maxLmtSz: '9999999',
        maxMktSz: '1000000',
        lever: '',
        state: 'live',
        listTime: '1548133413000',
        expTime: '',
      })),
  );
}

function books(context: VenueContext, { query }: ParsedRequest): SimHttpResponse {
  const market = context.marketOf(query.get('instId') ?? '');
  if (market === undefined) return unknownInstrument();
  const size = Math.min(400, Number(query.get('sz') ?? 1) || 1);
  const text = wireTextOf(market.instrument);
  const side = (name: 'bid' | 'ask') => text.levels(market.book.top(name, size), ',"0","1"');
  const book = `{"asks":[${side('ask')}],"bids":[${side('bid')}],"ts":"${nowMs(context)}","seqId":${market.book.updateId()}}`;
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: `{"code":"0","msg":"","data":[${book}]}`,
  };
}

function unknownInstrument(): SimHttpResponse {
  const { code, reason } = refusalOf('okx', 'symbol');
  return refuse(400, code, reason);
}

function balance(context: VenueContext): SimHttpResponse {
  const uTime = String(nowMs(context));
  const details = context.exchange.account.list().map(({ asset, free, locked }) => ({
    ccy: asset,
    eq: formatE12(free + locked),
    cashBal: formatE12(free + locked),
    availBal: formatE12(free),
    availEq: '',
    frozenBal: formatE12(locked),
    ordFrozen: formatE12(locked),
    uTime,
  }));
  return ok([{ uTime, totalEq: '', adjEq: '', details }]);
}

/** One order or a list of up to 20: ccxt posts a list of one. */
function placeOrders(context: VenueContext, request: ParsedRequest): SimHttpResponse {
  return forEach(request, (fields) => {
    const clOrdId = textOf(fields.clOrdId);
    const asked = readOrder(context, fields);
    if ('code' in asked) return verdict(context, clOrdId, '', asked.code, asked.reason);
    const result = context.exchange.place(asked);
    if ('rejected' in result) {
      const { code, reason } = refusalOf('okx', result.rejected);
      return verdict(context, clOrdId, '', code, reason);
    }
    return verdict(context, asked.clientOrderId, result.order.venueOrderId, '0', 'Order placed');
  });
}

function cancelOrders(context: VenueContext, request: ParsedRequest): SimHttpResponse {
  return forEach(request, (fields) => {
    const order = find(context, textOf(fields.ordId), textOf(fields.clOrdId), textOf(fields.instId));
    if (order !== undefined && context.exchange.cancel(order)) {
      return verdict(context, order.request.clientOrderId, order.venueOrderId, '0', '');
    }
    return verdict(
      context,
      textOf(fields.clOrdId),
      textOf(fields.ordId),
      '51400',
      'Order cancellation failed as the order has been filled, canceled or does not exist.',
    );
  });
}

type Fields = Readonly<Record<string, unknown>>;
type Verdict = ReturnType<typeof verdict>;

function verdict(context: VenueContext, clOrdId: string, ordId: string, sCode: string, sMsg: string) {
  return { clOrdId, ordId, tag: '', ts: String(nowMs(context)), sCode, sMsg, subCode: '' };
}

/** Top code 1 = all failed, 2 = some; the reasons stand per entry. */
function forEach(request: ParsedRequest, act: (fields: Fields) => Verdict): SimHttpResponse {
  let body: unknown;
  try {
    body = JSON.parse(request.body);
  } catch {
    return refuse(400, '50002', 'JSON syntax error');
  }
  const entries = (Array.isArray(body) ? body : [body]).filter((entry) => typeof entry === 'object' && entry !== null);
  if (entries.length === 0 || entries.length > 20) return refuse(400, '51000', 'Parameter error');
  const data = entries.map((entry) => act(entry as Fields));
  const failed = data.filter(({ sCode }) => sCode !== '0').length;
  const code = failed === 0 ? '0' : failed === data.length ? '1' : '2';
  return json(200, { code, data, msg: code === '1' ? 'All operations failed' : '', inTime: '', outTime: '' });
}

const TYPES: Readonly<Record<string, SimOrderType>> = {
  limit: 'limit',
  market: 'market',
  ioc: 'ioc',
  post_only: 'postOnly',
};

function readOrder(context: VenueContext, fields: Fields): OrderRequest | { code: string; reason: string } {
  const { side } = fields;
  const type = TYPES[textOf(fields.ordType)];
  const clOrdId = textOf(fields.clOrdId);
  if (side !== 'buy' && side !== 'sell') return { code: '51000', reason: 'Parameter side error' };
  if (type === undefined) return { code: '51000', reason: 'Parameter ordType error' };
  if (fields.tdMode !== 'cash') return { code: '51000', reason: 'Parameter tdMode error' };
  if (!/^[A-Za-z0-9]{0,32}$/.test(clOrdId)) return { code: '51000', reason: 'Parameter clOrdId error' };
  const venueSymbol = textOf(fields.instId);
  // A spot market buy is sized in quote unless asked otherwise.
  const sizedInQuote = type === 'market' && side === 'buy' && fields.tgtCcy !== 'base_ccy';
  const size = textOf(fields.sz);
  const qty = sizedInQuote ? context.exchange.qtyForQuote(venueSymbol, size) : size;
  if (qty === null) return refusalOf('okx', 'symbol');
  return {
    clientOrderId: clOrdId === '' ? context.exchange.makeClientOrderId() : clOrdId,
    venueSymbol,
    side,
    type,
    qty,
    ...(type === 'market' ? {} : { price: textOf(fields.px) }),
  };
}

function find(context: VenueContext, ordId: string, clOrdId: string, instId: string): SimOrder | undefined {
  const order = ordId !== '' ? context.exchange.byVenueId(ordId) : context.exchange.byClientId(clOrdId);
  return order?.instrument.venueSymbol === instId ? order : undefined;
}

function queryOrder(context: VenueContext, { query }: ParsedRequest): SimHttpResponse {
  const order = find(context, query.get('ordId') ?? '', query.get('clOrdId') ?? '', query.get('instId') ?? '');
  return order === undefined ? refuse(200, '51603', 'Order does not exist.') : ok([orderFields(order)]);
}

function listOrders(
  context: VenueContext,
  { query }: ParsedRequest,
  wanted: (order: SimOrder) => boolean,
): SimHttpResponse {
  const instId = query.get('instId');
  const orders = context.exchange
    .orders()
    .filter((order) => wanted(order) && (instId === null || order.instrument.venueSymbol === instId));
  return ok(orders.slice(-100).reverse().map(orderFields));
}

function fills(context: VenueContext, { query }: ParsedRequest): SimHttpResponse {
  const [instId, ordId] = [query.get('instId'), query.get('ordId')];
  const rows = context.exchange
    .orders()
    .filter(
      ({ instrument, venueOrderId }) =>
        (instId === null || instrument.venueSymbol === instId) && (ordId === null || venueOrderId === ordId),
    )
    .flatMap((order) => order.fills.map((fill) => fillFields(order, fill)));
  return ok(rows.slice(-100).reverse());
}
