import { formatIncrements } from '../domain/instruments.ts';
import type { Balance, OrderReport } from '../domain/orders.ts';
import { fromE12 } from './amounts.ts';
import type { Exchange } from './exchange.ts';
import type { OrderLog } from './orderLog.ts';
import { refusalOf } from './rejections.ts';
import { refuseExpired } from './requestExpiry.ts';
import { json, type ParsedRequest, readJsonObject, type SimHttpResponse, textOf } from './simHttp.ts';
import { SIM_INSTRUMENTS } from './simInstruments.ts';
import { type OrderRequest, qtyE12, type SimOrder, type SimOrderType } from './simOrder.ts';

const TYPES: readonly string[] = ['ioc', 'postOnly', 'market', 'limit'] satisfies SimOrderType[];

/**
 * The simulator's own door to a CEX under `/sim/`: orders in the shape of our domain, without signatures, for the
 * virtual clock (where no venue library runs) and for tests. It leads to the same engine as the venue's dialect.
 *
 * @returns null when the path is not of this door
 */
export function answerNeutralDoor(exchange: Exchange, log: OrderLog, request: ParsedRequest): SimHttpResponse | null {
  switch (request.path) {
    case '/sim/orders':
      return json(200, log.list(exchange.venue));
    case '/sim/openOrders':
      return json(
        200,
        exchange.openOrders().map((order) => ({ ...toOrderReport(order), pair: order.instrument.pair })),
      );
    case '/sim/time':
      return json(200, { timeMs: Math.floor(exchange.nowMs()) });
    case '/sim/markets':
      return json(
        200,
        SIM_INSTRUMENTS.filter(({ venue }) => venue === exchange.venue),
      );
    case '/sim/balances':
      return json(200, balancesOf(exchange));
    case '/sim/order':
      return request.method === 'POST' ? place(exchange, request) : findOrCancel(exchange, request);
    default:
      return null;
  }
}

function place(exchange: Exchange, request: ParsedRequest): SimHttpResponse {
  const body = readJsonObject(request.body);
  const asked = body === null ? null : readOrder(exchange, body);
  if (asked === null || typeof asked === 'string') {
    return json(400, { rejected: { code: 'bad-request', reason: asked ?? 'the body is not a JSON object' } });
  }
  const expiry = refuseExpired(body?.expiresAtMs, exchange.nowMs());
  if (expiry !== null) {
    return json(400, { rejected: expiry.code === 'expired' ? refusalOf(exchange.venue, 'expired') : expiry });
  }
  const result = exchange.place(asked);
  if ('rejected' in result) return json(400, { rejected: refusalOf(exchange.venue, result.rejected) });
  return json(200, toOrderReport(result.order));
}

/** @returns the request, or what is wrong with it */
function readOrder(exchange: Exchange, body: Readonly<Record<string, unknown>>): OrderRequest | string {
  const { clientOrderId, symbol, side, type, qty, price } = body;
  if (side !== 'buy' && side !== 'sell') return `side "${String(side)}": give buy or sell`;
  if (!TYPES.includes(String(type))) return `type "${String(type)}": give one of ${TYPES.join(', ')}`;
  if (type !== 'market' && textOf(price) === '') return 'price is missing: give decimal text';
  return {
    clientOrderId: textOf(clientOrderId),
    // Both our pair and the venue's symbol are understood.
    venueSymbol: textOf(symbol).replace('/', exchange.venue === 'okx' ? '-' : ''),
    side,
    type: type as SimOrderType,
    qty: textOf(qty),
    ...(type === 'market' ? {} : { price: textOf(price) }),
  };
}

function findOrCancel(exchange: Exchange, request: ParsedRequest): SimHttpResponse {
  const clientOrderId = request.query.get('clientOrderId') ?? '';
  const order = exchange.byClientId(clientOrderId);
  if (order === undefined) return json(404, { rejected: { code: 'not-found', reason: `no order ${clientOrderId}` } });
  if (request.method === 'DELETE' && !exchange.cancel(order)) {
    return json(400, { rejected: { code: 'not-open', reason: `order ${clientOrderId} is ${order.status}` } });
  }
  return json(200, toOrderReport(order));
}

export function toOrderReport(order: SimOrder): OrderReport {
  const { instrument, request } = order;
  const { tickSize, stepSize, venue, pair } = instrument;
  return {
    clientOrderId: request.clientOrderId,
    venueOrderId: order.venueOrderId,
    status: order.status,
    filledQty: Number(formatIncrements(order.filledLots, stepSize)),
    avgPrice: order.filledLots > 0 ? fromE12(order.filledQuote) / fromE12(qtyE12(instrument, order.filledLots)) : null,
    fills: order.fills.map((fill) => ({
      tradeId: fill.tradeId,
      clientOrderId: request.clientOrderId,
      venue,
      pair,
      side: request.side,
      price: Number(formatIncrements(fill.tick, tickSize)),
      qty: Number(formatIncrements(fill.lots, stepSize)),
      fee: fromE12(fill.fee),
      feeCurrency: fill.feeAsset,
      venueTimeMs: fill.timeMs,
    })),
    venueTimeMs: order.updatedMs,
  };
}

function balancesOf(exchange: Exchange): Balance[] {
  return exchange.account.list().map(({ asset, free, locked }) => ({
    venue: exchange.venue,
    asset,
    free: fromE12(free),
    locked: fromE12(locked),
  }));
}
