import { afterEach, describe, expect, it } from 'vitest';
import { CEX_VENUES, type CexVenue } from '../src/domain/instruments.ts';
import {
  anIntent,
  createRequests,
  type Reaction,
  type SeenRequest,
  startScriptedVenue,
} from './gatewayScriptedVenue.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function openVenue(venue: CexVenue, options: { readonly timeoutMs?: number } = {}) {
  const world = await startScriptedVenue(venue, options);
  stops.push(world.stop);
  await world.port.open();
  return world;
}

const isCreate = (venue: CexVenue, { method, path }: SeenRequest) => `${method} ${path}` === createRequests[venue];

/** The fields of an order as they went over the wire. */
function orderOnWire(venue: CexVenue, request: SeenRequest): Record<string, string> {
  if (venue === 'binance') return Object.fromEntries(new URLSearchParams(request.body));
  const body: unknown = JSON.parse(request.body);
  return (Array.isArray(body) ? body[0] : body) as Record<string, string>;
}

const wireNames = (venue: CexVenue) =>
  ({
    binance: { id: 'newClientOrderId', qty: 'quantity', price: 'price' },
    okx: { id: 'clOrdId', qty: 'sz', price: 'px' },
    bybit: { id: 'orderLinkId', qty: 'qty', price: 'price' },
  })[venue];

/** A create's good answer, in the venue's own shape. */
function accepted(venue: CexVenue, clientOrderId: string): Reaction {
  if (venue === 'okx') {
    return {
      body: {
        code: '0',
        msg: '',
        data: [{ ordId: '77', clOrdId: clientOrderId, tag: '', ts: '1767623400123', sCode: '0', sMsg: '' }],
      },
    };
  }
  if (venue === 'bybit') {
    return {
      body: {
        retCode: 0,
        retMsg: 'OK',
        result: { orderId: '77', orderLinkId: clientOrderId },
        retExtInfo: {},
        time: 1_767_623_400_123,
      },
    };
  }
  return {
    body: {
      symbol: 'SOLUSDT',
      orderId: 77,
      orderListId: -1,
      clientOrderId,
      transactTime: 1_767_623_400_123,
      price: '150.07000000',
      origQty: '0.25000000',
      executedQty: '0.20000000',
      cummulativeQuoteQty: '30.01500000',
      status: 'EXPIRED',
      timeInForce: 'IOC',
      type: 'LIMIT',
      side: 'SELL',
      fills: [
        { price: '150.08000000', qty: '0.15000000', commission: '0.02251200', commissionAsset: 'USDT', tradeId: 901 },
        { price: '150.06000000', qty: '0.05000000', commission: '0.00750300', commissionAsset: 'USDT', tradeId: 902 },
      ],
    },
  };
}

/** A refusal in the venue's own shape. */
function refusal(venue: CexVenue, code: string, text: string, status?: number): Reaction {
  if (venue === 'binance') return { status: status ?? 400, body: { code: Number(code), msg: text } };
  if (venue === 'bybit')
    return { status: status ?? 200, body: { retCode: Number(code), retMsg: text, result: {}, time: 1 } };
  const whole = code.startsWith('50');
  const data = whole ? [] : [{ ordId: '', clOrdId: 'x', sCode: code, sMsg: text }];
  return { status: status ?? 200, body: { code: whole ? code : '1', msg: whole ? text : '', data } };
}

describe.each(CEX_VENUES)('the %s port over the real ccxt client', (venue) => {
  it('E1: sends an IOC with our own id and exactly our digits, once', async () => {
    const { port, answer, creates } = await openVenue(venue);
    const intent = anIntent(venue, { qty: '0.250', price: '150.07' });
    answer((request) => (isCreate(venue, request) ? accepted(venue, intent.clientOrderId) : undefined));

    const placed = await port.place(intent);

    expect(placed.outcome).toBe('confirmed');
    expect(creates()).toHaveLength(1);
    const wire = orderOnWire(venue, creates()[0]!);
    const names = wireNames(venue);
    const extra = {
      binance: { type: 'LIMIT', timeInForce: 'IOC', side: 'SELL' },
      okx: { ordType: 'ioc', tdMode: 'cash', side: 'sell' },
      bybit: { orderType: 'Limit', timeInForce: 'IOC', side: 'Sell', category: 'spot' },
    }[venue];
    expect(wire).toMatchObject({ [names.id]: intent.clientOrderId, ...extra });
    expect(wire[names.qty]).toMatch(/^0\.250?$/);
    expect(wire[names.price]).toBe('150.07');
  });

  it('sends a market buy in base units and a post-only as such', async () => {
    const { port, answer, creates } = await openVenue(venue);
    const { price: _, ...market } = anIntent(venue, { type: 'market', side: 'buy', effect: 'closing', leg: 'unwind' });
    const postOnly = anIntent(venue, { type: 'postOnly', side: 'buy' });
    answer((request) =>
      isCreate(venue, request)
        ? accepted(venue, request.body.includes(postOnly.clientOrderId) ? postOnly.clientOrderId : market.clientOrderId)
        : undefined,
    );

    await port.place(market);
    await port.place(postOnly);

    const [first, second] = creates().map((request) => orderOnWire(venue, request));
    const expected = {
      binance: [{ type: 'MARKET', quantity: '0.25' }, { type: 'LIMIT_MAKER' }],
      okx: [{ ordType: 'market', sz: '0.25', tgtCcy: 'base_ccy' }, { ordType: 'post_only' }],
      bybit: [{ orderType: 'Market', qty: '0.25', marketUnit: 'baseCoin' }, { timeInForce: 'PostOnly' }],
    }[venue];
    expect(first).toMatchObject(expected[0]!);
    expect(second).toMatchObject(expected[1]!);
  });

  it('E2: sends the smallest quantity without an exponent, and nothing that is off the grid', async () => {
    const { port, answer, creates } = await openVenue(venue);
    const small = anIntent(venue, { pair: 'PEPE/USDT', qty: '0.00000007', price: '0.00000123' });
    answer((request) => (isCreate(venue, request) ? accepted(venue, small.clientOrderId) : undefined));
    await port.place(small);
    const { qty, price } = wireNames(venue);
    expect(orderOnWire(venue, creates()[0]!)).toMatchObject({ [qty]: '0.00000007', [price]: '0.00000123' });

    for (const changes of [
      { qty: '0.2505' },
      { price: '150.071' },
      { qty: '0.0001' },
      { pair: 'RAY/USDT' },
      { type: 'swap' as const },
    ]) {
      const placed = await port.place(anIntent(venue, changes));
      expect(placed).toMatchObject({ outcome: 'rejected', code: 'not-sent' });
    }
    expect(creates()).toHaveLength(1);
  });

  it.each<[string, Reaction, string]>([
    ['a socket cut after the request had arrived', 'cut', 'net.cut'],
    ['silence', 'silence', 'net.timeout'],
    ['a 502 of a proxy', { status: 502, text: '<html>Bad Gateway</html>' }, 'http-502'],
    ['a 503 with JSON', { status: 503, body: { code: -1000, msg: 'Unknown error', retCode: 10_016, retMsg: 'x' } }, ''],
    ['a 200 that is no JSON', { text: 'OK' }, 'bad-answer'],
    ['a 200 that is cut JSON', { text: '{"code":"0","data":[{"or' }, 'bad-answer'],
    [
      'a 200 about another order',
      {
        body: {
          code: '0',
          retCode: 0,
          result: { orderId: '1', orderLinkId: 'else' },
          data: [{ ordId: '1', clOrdId: 'else', sCode: '0', ts: '1' }],
        },
      },
      'bad-answer',
    ],
    ['a 408', { status: 408, text: '' }, 'http-408'],
    ['a 400 that is no JSON', { status: 400, text: 'nope' }, 'bad-answer'],
  ])('calls %s unknown, and never sends again', async (_, reaction, code) => {
    const { port, answer, creates } = await openVenue(venue, { timeoutMs: 150 });
    answer((request) => (isCreate(venue, request) ? reaction : undefined));

    const placed = await port.place(anIntent(venue));

    expect(placed.outcome).toBe('unknown');
    if (code !== '') expect(placed).toMatchObject({ code });
    expect(creates()).toHaveLength(1);
  });

  it('calls a refused connection rejected: nothing can have arrived', async () => {
    const world = await openVenue(venue);
    const { port } = world;
    await world.stop();
    stops.length = 0;
    expect(await port.place(anIntent(venue))).toMatchObject({ outcome: 'rejected', code: 'net.refused' });
  });

  it('D2: calls a 429 rejected as rate limited, then stays silent as long as asked, and still cancels', async () => {
    const { port, answer, creates, seen } = await openVenue(venue);
    answer((request) =>
      isCreate(venue, request)
        ? { status: 429, body: { code: -1003, msg: 'Too many' }, headers: { 'Retry-After': '30' } }
        : undefined,
    );
    const first = await port.place(anIntent(venue));
    expect(first).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('rate limited') });

    const second = await port.place(anIntent(venue));
    const lookup = await port.lookup(anIntent(venue));
    const before = seen.length;
    await port.cancel(anIntent(venue));

    expect(second).toMatchObject({ outcome: 'rejected', code: 'not-sent' });
    expect(lookup).toMatchObject({ found: 'unknown', code: 'quiet' });
    expect(creates()).toHaveLength(1);
    expect(seen.length).toBe(before + 1);
  });

  it('reads balances, and rejects when the venue does not answer', async () => {
    const { port, answer } = await openVenue(venue);
    expect(await port.balances()).toContainEqual({ venue, asset: 'SOL', free: 12.5, locked: 0.5 });
    answer(() => ({ status: 502, text: '' }));
    await expect(port.balances()).rejects.toMatchObject({ code: 'venue.unavailable' });
  });

  it('does not open where the venue refuses the keys', async () => {
    const world = await startScriptedVenue(venue);
    stops.push(world.stop);
    const [code, status] = { binance: ['-2015', 401], okx: ['50111', 401], bybit: ['10003', 200] }[venue] as [
      string,
      number,
    ];
    world.answer(({ path }) =>
      /account|wallet|query-api/.test(path) ? refusal(venue, code, 'Invalid API-key', status) : undefined,
    );
    await expect(world.port.open()).rejects.toMatchObject({ code: 'venue.auth-refused' });
  });
});

describe('refusals by code', () => {
  it.each<[CexVenue, string, string, 'rejected' | 'unknown', number?]>([
    ['binance', '-2010', 'Account has insufficient balance for requested action.', 'rejected'],
    ['binance', '-2010', 'Order would immediately match and take.', 'rejected'],
    ['binance', '-2010', 'Duplicate order sent.', 'unknown'],
    ['binance', '-1013', 'Filter failure: LOT_SIZE', 'rejected'],
    ['binance', '-1121', 'Invalid symbol.', 'rejected'],
    ['binance', '-1021', 'Timestamp for this request is outside of the recvWindow.', 'rejected'],
    [
      'binance',
      '-1006',
      'An unexpected response was received from the message bus. Execution status unknown.',
      'unknown',
    ],
    [
      'binance',
      '-1007',
      'Timeout waiting for response from backend server. Send status unknown; execution status unknown.',
      'unknown',
    ],
    ['binance', '-1000', 'An unknown error occurred while processing the request.', 'unknown'],
    ['binance', '-1015', 'Too many new orders.', 'rejected'],
    ['binance', '-1003', 'Way too much request weight used; IP banned until 1767623500000.', 'rejected', 418],
    ['binance', '-9999', 'A code of next year', 'unknown'],
    ['okx', '51008', 'Order failed. Insufficient USDT balance in account.', 'rejected'],
    ['okx', '51020', 'Your order should meet or exceed the minimum order amount.', 'rejected'],
    ['okx', '51016', 'Client order ID already exists.', 'unknown'],
    ['okx', '50004', 'API endpoint request timeout.', 'unknown', 400],
    ['okx', '50011', 'Too Many Requests', 'rejected'],
    ['okx', '50026', 'System error. Try again later', 'unknown', 500],
    ['okx', '50102', 'Timestamp request expired.', 'rejected', 401],
    ['okx', '59999', 'A code of next year', 'unknown'],
    ['bybit', '170131', 'Insufficient balance.', 'rejected'],
    ['bybit', '170140', 'Order value exceeded lower limit.', 'rejected'],
    ['bybit', '170141', 'Duplicate clientOrderId', 'unknown'],
    ['bybit', '170007', 'Timeout waiting for response from backend server.', 'unknown'],
    ['bybit', '170146', 'Order creation timeout', 'unknown'],
    ['bybit', '10000', 'Server Timeout', 'unknown'],
    ['bybit', '10016', 'Server error', 'unknown'],
    ['bybit', '10006', 'Too many visits!', 'rejected'],
    ['bybit', '99999', 'A code of next year', 'unknown'],
  ])('%s %s "%s" is %s', async (venue, code, text, outcome, status) => {
    const { port, answer, creates } = await openVenue(venue);
    answer((request) => (isCreate(venue, request) ? refusal(venue, code, text, status) : undefined));

    const placed = await port.place(anIntent(venue));

    expect(placed).toMatchObject({ outcome, code, reason: expect.stringContaining(text) });
    expect(creates()).toHaveLength(1);
  });

  it('reads the plain text with which Bybit turns an address away', async () => {
    const { port, answer } = await openVenue('bybit');
    answer((request) => (isCreate('bybit', request) ? { status: 403, text: '403, access too frequent' } : undefined));
    expect(await port.place(anIntent('bybit'))).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringContaining('rate limited'),
    });
    // A ban: not even a cancel goes out.
    expect(await port.cancel(anIntent('bybit'))).toMatchObject({ outcome: 'rejected', code: 'quiet' });
  });

  it('reads fills and end of a Binance IOC from the answer of its create', async () => {
    const { port, answer } = await openVenue('binance');
    const intent = anIntent('binance');
    answer((request) => (isCreate('binance', request) ? accepted('binance', intent.clientOrderId) : undefined));

    const placed = await port.place(intent);

    expect(placed).toMatchObject({
      outcome: 'confirmed',
      report: {
        status: 'expired',
        filledQty: 0.2,
        fills: [{ tradeId: '901', fee: 0.022512, feeCurrency: 'USDT' }, { tradeId: '902' }],
      },
    });
    if (placed.outcome === 'confirmed') expect(placed.report.avgPrice).toBeCloseTo(150.075, 10);
  });
});
