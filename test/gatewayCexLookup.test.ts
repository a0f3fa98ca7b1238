import { afterEach, describe, expect, it } from 'vitest';
import { CEX_VENUES, type CexVenue } from '../src/domain/instruments.ts';
import type { OrderRef } from '../src/domain/orders.ts';
import { resolveOutcome } from '../src/venues/tradePort.ts';
import { anIntent, createRequests, type Reaction, startScriptedVenue } from './gatewayScriptedVenue.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function openVenue(venue: CexVenue) {
  const world = await startScriptedVenue(venue, { timeoutMs: 150 });
  stops.push(world.stop);
  await world.port.open();
  return world;
}

/** `METHOD path` of each question about an order. */
const paths = {
  binance: {
    byId: '/api/v3/order',
    open: '/api/v3/openOrders',
    closed: '/api/v3/allOrders',
    fills: '/api/v3/myTrades',
    cancel: 'DELETE /api/v3/order',
  },
  okx: {
    byId: '/api/v5/trade/order',
    open: '/api/v5/trade/orders-pending',
    closed: '/api/v5/trade/orders-history',
    fills: '/api/v5/trade/fills',
    cancel: 'POST /api/v5/trade/cancel-order',
  },
  bybit: {
    byId: '/v5/order/realtime',
    open: '/v5/order/realtime',
    closed: '/v5/order/history',
    fills: '/v5/execution/list',
    cancel: 'POST /v5/order/cancel',
  },
} as const;

const envelope = (venue: CexVenue, list: unknown[]): Reaction => ({
  body:
    venue === 'okx'
      ? { code: '0', msg: '', data: list }
      : venue === 'bybit'
        ? { retCode: 0, retMsg: 'OK', result: { list }, time: 1 }
        : list,
});

/** One listed order of 0.25 SOL. `state` in the venue's own words. */
function listed(venue: CexVenue, clientOrderId: string, state: string, filled: string): Record<string, unknown> {
  if (venue === 'okx') {
    return {
      instId: 'SOL-USDT',
      ordId: '77',
      clOrdId: clientOrderId,
      side: 'sell',
      state,
      accFillSz: filled,
      avgPx: filled === '0' ? '' : '150',
      uTime: '1767623400200',
    };
  }
  if (venue === 'bybit') {
    return {
      symbol: 'SOLUSDT',
      orderId: '77',
      orderLinkId: clientOrderId,
      side: 'Sell',
      orderStatus: state,
      cumExecQty: filled,
      avgPrice: filled === '0' ? '' : '150',
      updatedTime: '1767623400200',
    };
  }
  return {
    symbol: 'SOLUSDT',
    orderId: 77,
    clientOrderId,
    side: 'SELL',
    status: state,
    executedQty: filled,
    cummulativeQuoteQty: String(Number(filled) * 150),
    updateTime: 1_767_623_400_200,
  };
}

function fill(venue: CexVenue, id: string, qty: string, orderId = '77'): Record<string, unknown> {
  if (venue === 'okx')
    return {
      tradeId: id,
      ordId: orderId,
      fillPx: '150',
      fillSz: qty,
      fee: '-0.01',
      feeCcy: 'USDT',
      ts: '1767623400150',
    };
  if (venue === 'bybit')
    return {
      execId: id,
      orderId,
      execPrice: '150',
      execQty: qty,
      execFee: '0.01',
      feeCurrency: 'USDT',
      execTime: '1767623400150',
    };
  return {
    id: Number(id),
    orderId: Number(orderId),
    price: '150',
    qty,
    commission: '0.01',
    commissionAsset: 'USDT',
    time: 1_767_623_400_150,
  };
}

const absent: Record<CexVenue, Reaction> = {
  binance: { status: 400, body: { code: -2013, msg: 'Order does not exist.' } },
  okx: { body: { code: '51603', msg: 'Order does not exist', data: [] } },
  bybit: envelope('bybit', []),
};
const partDone = { binance: 'EXPIRED', okx: 'canceled', bybit: 'PartiallyFilledCanceled' } as const;
const done = { binance: 'expired', okx: 'cancelled', bybit: 'cancelled' } as const;

describe.each(CEX_VENUES)('looking for an order at %s', (venue) => {
  const one = (reaction: Record<string, unknown>): Reaction =>
    venue === 'binance' ? { body: reaction } : envelope(venue, [reaction]);
  const places = paths[venue];

  it('reads its end and its fills, leaving out those of other orders', async () => {
    const { port, answer, seen } = await openVenue(venue);
    const ref: OrderRef = anIntent(venue);
    answer(({ path }) => {
      if (path === places.byId) return one(listed(venue, ref.clientOrderId, partDone[venue], '0.2'));
      return path === places.fills
        ? envelope(venue, [fill(venue, '1', '0.15'), fill(venue, '2', '0.05'), fill(venue, '3', '9', '78')])
        : undefined;
    });

    expect(await port.lookup(ref)).toMatchObject({
      found: 'yes',
      report: {
        status: done[venue],
        filledQty: 0.2,
        avgPrice: 150,
        fills: [
          { tradeId: '1', qty: 0.15, price: 150, fee: 0.01, feeCurrency: 'USDT', side: 'sell', pair: 'SOL/USDT' },
          { tradeId: '2', qty: 0.05 },
        ],
      },
    });
    const asked = seen.find(({ path }) => path === places.byId)!.query;
    expect([...asked.values()]).toContain(ref.clientOrderId);
  });

  it('keeps an ended order open while its fills are not all listed', async () => {
    const { port, answer } = await openVenue(venue);
    const ref: OrderRef = anIntent(venue);
    answer(({ path }) => {
      if (path === places.byId) return one(listed(venue, ref.clientOrderId, partDone[venue], '0.2'));
      return path === places.fills ? envelope(venue, [fill(venue, '1', '0.15')]) : undefined;
    });
    expect(await port.lookup(ref)).toMatchObject({ found: 'yes', report: { status: 'open' } });
  });

  it('says no only after the lists of open and closed orders lack it too', async () => {
    const { port, answer, seen } = await openVenue(venue);
    const ref: OrderRef = anIntent(venue);
    answer(({ path }) => {
      if (path === places.byId) return absent[venue];
      return path === places.open || path === places.closed ? envelope(venue, []) : undefined;
    });
    expect(await port.lookup(ref)).toMatchObject({ found: 'no' });
    expect(seen.map(({ path }) => path)).toEqual(expect.arrayContaining([places.byId, places.open, places.closed]));
  });

  it('finds in the list of closed orders what the query by id denies', async () => {
    const { port, answer } = await openVenue(venue);
    const ref: OrderRef = anIntent(venue);
    answer(({ path }) => {
      if (path === places.closed)
        return envelope(venue, [
          listed(venue, 'njother', partDone[venue], '0'),
          listed(venue, ref.clientOrderId, partDone[venue], '0'),
        ]);
      if (path === places.byId) return absent[venue];
      return path === places.open ? envelope(venue, []) : undefined;
    });
    expect(await port.lookup(ref)).toMatchObject({ found: 'yes', report: { status: done[venue], filledQty: 0 } });
  });

  it.each<[string, Reaction]>([
    ['silence', 'silence'],
    ['a cut', 'cut'],
    ['a 502', { status: 502, text: '' }],
    ['garbage', { text: '<html>' }],
    ['another shape', { body: { code: '0', retCode: 0, data: [{}], result: { list: [{}] } } }],
    ['a state of next year', 'cut'],
  ])('knows nothing after %s', async (what, reaction) => {
    const { port, answer } = await openVenue(venue);
    const ref: OrderRef = anIntent(venue);
    const answered = what.startsWith('a state')
      ? one(listed(venue, ref.clientOrderId, 'SOMETHING_NEW', '0'))
      : reaction;
    answer(({ path }) => (path === places.byId ? answered : undefined));
    expect(await port.lookup(ref)).toMatchObject({ found: 'unknown' });
  });

  it('knows nothing when a list fails after the query by id said no', async () => {
    const { port, answer } = await openVenue(venue);
    answer(({ path }) => {
      if (path === places.closed) return { status: 502, text: '' };
      if (path === places.byId) return absent[venue];
      return path === places.open ? envelope(venue, []) : undefined;
    });
    expect(await port.lookup(anIntent(venue))).toMatchObject({ found: 'unknown' });
  });

  it('cancels by our id, and calls an order that is gone a refusal', async () => {
    const { port, answer, seen } = await openVenue(venue);
    const ref: OrderRef = anIntent(venue);
    const gone = {
      binance: [-2011, 'Unknown order sent.'],
      okx: ['51400', 'filled, canceled or does not exist'],
      bybit: [170_213, 'Order does not exist.'],
    }[venue] as [string | number, string];
    const ok =
      venue === 'okx'
        ? envelope(venue, [{ ordId: '77', clOrdId: ref.clientOrderId, sCode: '0', sMsg: '' }])
        : one({ orderId: '77', status: 'CANCELED' });
    const refused: Reaction =
      venue === 'okx'
        ? { body: { code: '1', msg: '', data: [{ sCode: gone[0], sMsg: gone[1] }] } }
        : {
            status: venue === 'binance' ? 400 : 200,
            body: { code: gone[0], msg: gone[1], retCode: gone[0], retMsg: gone[1] },
          };
    let reaction = ok;
    answer(({ method, path }) => (`${method} ${path}` === places.cancel ? reaction : undefined));

    expect(await port.cancel(ref)).toMatchObject({ outcome: 'confirmed' });
    const sent = seen.at(-1)!;
    expect(`${sent.query} ${sent.body}`).toContain(ref.clientOrderId);
    reaction = refused;
    expect(await port.cancel(ref)).toMatchObject({ outcome: 'rejected', code: String(gone[0]) });
    reaction = 'cut';
    expect(await port.cancel(ref)).toMatchObject({ outcome: 'unknown' });
  });

  it('lists open orders of ours and never those of others', async () => {
    const { port, answer } = await openVenue(venue);
    const ours = 'njabcdefgh0100010001000001';
    const live = { binance: 'NEW', okx: 'live', bybit: 'New' }[venue];
    // OKX and Bybit list orders without any client id as well.
    const others = venue === 'binance' ? ['web_1234', 'njx'] : ['my-own-order', ''];
    const list = [ours, ...others].map((id) => listed(venue, id, live, '0'));
    answer(({ path }) => (path === places.open ? envelope(venue, list) : undefined));
    const open = await port.openOrders();
    expect(open).toMatchObject([
      { clientOrderId: ours, status: 'open', ref: { clientOrderId: ours, venue, pair: 'SOL/USDT' } },
    ]);
  });

  it('resolves a create whose answer was lost, with one create on the wire', async () => {
    const { port, clock, answer, creates } = await openVenue(venue);
    const intent = anIntent(venue);
    let asked = 0;
    answer(({ method, path }) => {
      if (`${method} ${path}` === createRequests[venue]) return 'cut';
      if (path === places.fills) return envelope(venue, [fill(venue, '1', '0.25')]);
      if (path !== places.byId) return path === places.open || path === places.closed ? envelope(venue, []) : undefined;
      asked += 1;
      // The venue is down at first, then does not know the order yet, then shows it.
      if (asked <= 2) return { status: 502, text: '' };
      return asked === 3
        ? absent[venue]
        : one(
            listed(venue, intent.clientOrderId, { binance: 'FILLED', okx: 'filled', bybit: 'Filled' }[venue], '0.25'),
          );
    });

    const placed = await port.place(intent);
    const fate = await resolveOutcome(port, intent, { clock, deadlineMs: clock.nowMs() + 5_000, pollMs: 10 });

    expect(placed.outcome).toBe('unknown');
    expect(fate).toMatchObject({
      found: 'yes',
      report: { status: 'filled', filledQty: 0.25, fills: [{ tradeId: '1' }] },
    });
    expect(creates()).toHaveLength(1);
  });
});
