import { describe, expect, it } from 'vitest';
import { NightjarError } from '../domain/errors.ts';
import type { OrderIntent } from '../domain/orders.ts';
import type { Clock, HttpRequest, Transport } from '../domain/ports.ts';
import { ORDER_VALID_MS } from './orderExpiry.ts';
import { createSimTrade } from './simTrade.ts';

const intent: OrderIntent = {
  clientOrderId: 'njtesttest0100010001000001',
  bot: 'arb:SOL',
  botSlot: 0,
  epoch: 1,
  attempt: 1,
  leg: 'cex',
  venue: 'okx',
  account: 'main',
  pair: 'SOL/USDT',
  side: 'sell',
  type: 'ioc',
  effect: 'opening',
  qty: '0.50',
  price: '150.00',
  decidedAtMs: 0,
};
const report = {
  clientOrderId: intent.clientOrderId,
  venueOrderId: '7',
  status: 'cancelled',
  filledQty: 0,
  avgPrice: null,
  fills: [],
  venueTimeMs: 1,
};
type Reaction = [number, unknown] | 'net.timeout' | 'net.refused' | 'net.cut';

function startPort(reaction: Reaction) {
  const requests: HttpRequest[] = [];
  const transport: Transport = {
    request: async (request) => {
      requests.push(request);
      if (typeof reaction === 'string') throw new NightjarError(reaction, reaction);
      const [status, body] = reaction;
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return { status, headers: {}, body: new TextEncoder().encode(text) };
    },
    openSocket: () => {
      throw new Error('no sockets here');
    },
  };
  const clock = { nowMs: () => 1_000 } as Clock;
  return {
    port: createSimTrade({ venue: 'okx', account: 'main', rest: 'http://okx.sim', transport, clock }),
    requests,
  };
}

const rejected = (code: string, reason: string) => ({ rejected: { code, reason } });

describe('an order through the neutral door', () => {
  it.each<[string, Reaction, 'confirmed' | 'rejected' | 'unknown']>([
    ['its report', [200, report], 'confirmed'],
    ['a refusal', [400, rejected('51008', 'Insufficient balance')], 'rejected'],
    [
      'a refusal as a duplicate: the first send arrived',
      [400, rejected('51016', 'Client order ID already exists.')],
      'unknown',
    ],
    ['a timeout', 'net.timeout', 'unknown'],
    ['a cut', 'net.cut', 'unknown'],
    ['a refused connection', 'net.refused', 'rejected'],
    ['a 502', [502, ''], 'unknown'],
    ['a 400 of somebody else', [400, '<html>'], 'unknown'],
    ['garbage', [200, '{"clientOr'], 'unknown'],
    ['the report of another order', [200, { ...report, clientOrderId: 'other' }], 'unknown'],
  ])('answered by %s is sent once and has its outcome', async (_, reaction, outcome) => {
    const { port, requests } = startPort(reaction);
    expect((await port.place(intent)).outcome).toBe(outcome);
    expect(requests).toHaveLength(1);
    const { clientOrderId, side, type, qty, price } = intent;
    // The clock says 1000.
    const expiresAtMs = 1_000 + ORDER_VALID_MS;
    expect(JSON.parse(requests[0]!.body!)).toEqual({
      expiresAtMs,
      clientOrderId,
      symbol: 'SOL/USDT',
      side,
      type,
      qty,
      price,
    });
  });

  it.each<[string, Reaction, 'yes' | 'no' | 'unknown']>([
    ['its report', [200, report], 'yes'],
    ["the door's not-found", [404, rejected('not-found', 'no order')], 'no'],
    ['a bare 404', [404, 'nope'], 'unknown'],
    ['a 502', [502, ''], 'unknown'],
    ['a refused connection', 'net.refused', 'unknown'],
  ])('looked for and answered by %s', async (_, reaction, found) => {
    const { port } = startPort(reaction);
    expect((await port.lookup(intent)).found).toBe(found);
  });

  it('lists only what is ours, and rejects half a truth', async () => {
    const { port } = startPort([200, [report, { ...report, clientOrderId: 'somebody' }]]);
    expect((await port.openOrders()).map(({ clientOrderId }) => clientOrderId)).toEqual([intent.clientOrderId]);
    await expect(startPort([502, '']).port.openOrders()).rejects.toMatchObject({ code: 'venue.unavailable' });
    await expect(startPort([502, '']).port.balances()).rejects.toMatchObject({ code: 'venue.unavailable' });
  });
});
