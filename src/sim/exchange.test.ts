import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CEX_VENUES, type CexVenue } from '../domain/instruments.ts';
import type { OrderReport } from '../domain/orders.ts';
import { startTestbed, type Testbed } from './simTestbed.ts';

const order = (fields: object) => ({ clientOrderId: 'njtest1', symbol: 'SOL/USDT', ...fields });

function touch(bed: Testbed, venue: CexVenue) {
  const { book, instrument } = bed.world.inside.market(venue, 'SOL/USDT');
  const price = (ticks: number) => (ticks * instrument.tickSize).toFixed(2);
  return {
    book,
    bid: (offset = 0) => price(book.bestTick('bid') + offset),
    ask: (offset = 0) => price(book.bestTick('ask') + offset),
  };
}

describe('orders on the embedded CEXes', () => {
  it.each(CEX_VENUES)(
    'fill an IOC on %s at the touch, charge 10 bps in what was bought, and move the balances',
    (venue) => {
      const bed = startTestbed(1);
      const { ask } = touch(bed, venue);
      const limit = ask(5);
      const { status, body } = bed.post(
        venue,
        '/sim/order',
        order({ side: 'buy', type: 'ioc', qty: '0.5', price: limit }),
      );

      expect(status).toBe(200);
      expect(body).toMatchObject({ status: 'filled', filledQty: 0.5, clientOrderId: 'njtest1' });
      expect(body.avgPrice).toBeLessThanOrEqual(Number(limit));
      const report = body as OrderReport;
      expect(report.fills.reduce((sum, fill) => sum + fill.fee, 0)).toBeCloseTo(0.0005, 12);
      expect(report.fills[0]!.feeCurrency).toBe('SOL');
      const balances = bed.get(venue, '/sim/balances').body as { asset: string; free: number }[];
      expect(balances.find(({ asset }) => asset === 'SOL')!.free).toBeCloseTo(500.4995, 9);
      const spent = report.fills.reduce((sum, fill) => sum + fill.price * fill.qty, 0);
      expect(balances.find(({ asset }) => asset === 'USDT')!.free).toBeCloseTo(100_000 - spent, 6);
    },
  );

  it('throw away what an IOC cannot fill: expired on Binance, cancelled on OKX and Bybit', () => {
    const bed = startTestbed(2);
    for (const [venue, status] of [
      ['binance', 'expired'],
      ['okx', 'cancelled'],
      ['bybit', 'cancelled'],
    ] as const) {
      const { book, ask } = touch(bed, venue);
      const present =
        book.lotsAt('ask', book.bestTick('ask')) * bed.world.inside.market(venue, 'SOL/USDT').instrument.stepSize;
      const { body } = bed.post(venue, '/sim/order', order({ side: 'buy', type: 'ioc', qty: '480', price: ask() }));
      expect(body.status).toBe(status);
      expect(body.filledQty).toBeCloseTo(present, 6);
      expect(bed.get(venue, '/sim/openOrders').body).toEqual([]);
    }
  });

  it('let a post-only order rest behind the queue and fill when the market reaches it', () => {
    const bed = startTestbed(3);
    const { bid } = touch(bed, 'okx');
    const placed = bed.post('okx', '/sim/order', order({ side: 'buy', type: 'postOnly', qty: '1', price: bid(-3) }));
    expect(placed.body.status).toBe('open');
    const locked = () =>
      (bed.get('okx', '/sim/balances').body as { asset: string; locked: number }[]).find(
        ({ asset }) => asset === 'USDT',
      )!.locked;
    expect(locked()).toBeCloseTo(Number(bid(-3)), 6);

    const read = () => bed.get('okx', '/sim/order?clientOrderId=njtest1').body as OrderReport;
    for (let i = 0; i < 6000 && read().status === 'open'; i += 1) bed.clock.advance(100);
    expect(read().status).toBe('filled');
    // OKX charges makers 8 bps.
    expect(read().fills.reduce((sum, fill) => sum + fill.fee, 0)).toBeCloseTo(0.0008, 12);
    expect(locked()).toBe(0);
  });

  it('refuse what the filters forbid, in each venue’s own code', () => {
    const bed = startTestbed(4);
    const codeOf = (venue: CexVenue, fields: object) => {
      const full = order({ side: 'buy', type: 'ioc', qty: '1', price: touch(bed, venue).ask(), ...fields });
      const { status, body } = bed.post(venue, '/sim/order', full);
      expect(status).toBe(400);
      return body.rejected.code;
    };
    expect(codeOf('binance', { qty: '0.015' })).toBe('-1013');
    expect(codeOf('binance', { qty: '0.01' })).toBe('-1013');
    expect(codeOf('binance', { price: '150.001' })).toBe('-1013');
    expect(codeOf('binance', { qty: '5000' })).toBe('-2010');
    expect(codeOf('binance', { type: 'postOnly' })).toBe('-2010');
    expect(codeOf('binance', { symbol: 'DOGE/USDT' })).toBe('-1121');
    expect(codeOf('okx', { qty: '0.0000001' })).toBe('51121');
    expect(codeOf('okx', { qty: '0.001' })).toBe('51020');
    expect(codeOf('okx', { qty: '5000' })).toBe('51008');
    expect(codeOf('bybit', { qty: '0.02' })).toBe('170136');
    expect(codeOf('bybit', { qty: '5000' })).toBe('170131');
    expect(codeOf('bybit', { qty: '1.0005' })).toBe('170137');
  });

  it('know a client id again: among open orders on Binance and OKX, for ever on Bybit', () => {
    const bed = startTestbed(5);
    for (const [venue, again] of [
      ['binance', 200],
      ['okx', 200],
      ['bybit', 400],
    ] as const) {
      const ioc = order({ side: 'sell', type: 'ioc', qty: '1', price: touch(bed, venue).bid() });
      expect(bed.post(venue, '/sim/order', ioc).status).toBe(200);
      expect(bed.post(venue, '/sim/order', ioc).status).toBe(again);
      const resting = order({
        clientOrderId: 'njrest',
        side: 'buy',
        type: 'limit',
        qty: '1',
        price: touch(bed, venue).bid(-50),
      });
      expect(bed.post(venue, '/sim/order', resting).status).toBe(200);
      expect(bed.post(venue, '/sim/order', resting).status).toBe(400);
      expect(bed.delete(venue, '/sim/order?clientOrderId=njrest').body.status).toBe('cancelled');
      expect(bed.delete(venue, '/sim/order?clientOrderId=njrest').status).toBe(400);
    }
  });

  it('are unknown to queries until the engine has seen them where the venue acknowledges first', () => {
    const bed = startTestbed(8);
    const exchange = bed.world.inside.exchange('bybit');
    const request = {
      clientOrderId: 'njlate',
      venueSymbol: 'SOLUSDT',
      side: 'sell',
      type: 'market',
      qty: '1',
    } as const;
    const ack = exchange.placeLater(request, 5);
    expect(ack).toHaveProperty('venueOrderId');
    expect(exchange.placeLater(request, 5)).toEqual({ rejected: 'duplicate' });
    expect(exchange.byClientId('njlate')).toBeUndefined();
    bed.clock.advance(6);
    expect(exchange.byClientId('njlate')).toMatchObject({ ...ack, status: 'filled' });
  });

  it('log every order that arrived, refused ones included, with its present status', () => {
    const bed = startTestbed(6);
    bed.post('okx', '/sim/order', order({ side: 'buy', type: 'postOnly', qty: '1', price: touch(bed, 'okx').bid(-9) }));
    bed.post(
      'okx',
      '/sim/order',
      order({ clientOrderId: 'njtest2', side: 'buy', type: 'ioc', qty: '9999', price: touch(bed, 'okx').ask() }),
    );
    bed.delete('okx', '/sim/order?clientOrderId=njtest1');
    const log = bed.get('okx', '/sim/orders').body;
    expect(log).toMatchObject([
      {
        venue: 'okx',
        clientOrderId: 'njtest1',
        symbol: 'SOL/USDT',
        side: 'buy',
        type: 'postOnly',
        qty: '1',
        status: 'cancelled',
      },
      { clientOrderId: 'njtest2', status: 'rejected:balance' },
    ]);
    expect(bed.get('binance', '/sim/orders').body).toEqual([]);
  });

  it('answer a malformed order with what is wrong with it', () => {
    const bed = startTestbed(7);
    expect(bed.post('okx', '/sim/order', order({ side: 'long' })).body.rejected.reason).toContain('side "long"');
    expect(bed.post('okx', '/sim/order', order({ side: 'buy', type: 'stop' })).body.rejected.reason).toContain(
      'type "stop"',
    );
    expect(bed.post('okx', '/sim/order', order({ side: 'buy', type: 'ioc', qty: '1' })).body.rejected.reason).toContain(
      'price',
    );
    expect(bed.get('okx', '/sim/order?clientOrderId=none').status).toBe(404);
  });

  it('conserve money: balances are the start plus the fills less the fees, with nothing locked once all is cancelled', () => {
    const step = fc.record({
      venue: fc.constantFrom(...CEX_VENUES),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      type: fc.constantFrom('ioc', 'limit', 'postOnly', 'market'),
      qty: fc.integer({ min: 10, max: 6000 }).map((cents) => (cents / 100).toFixed(2)),
      offset: fc.integer({ min: -6, max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), fc.nat(1000), (steps, seed) => {
        const bed = startTestbed(seed);
        for (const [index, { venue, side, type, qty, offset }] of steps.entries()) {
          const price = touch(bed, venue).bid(offset);
          bed.post(venue, '/sim/order', order({ clientOrderId: `nj${index}`, side, type, qty, price }));
          bed.clock.advance(150);
        }
        for (const venue of CEX_VENUES) expectConserved(bed, venue);
      }),
      { numRuns: 30 },
    );
  });
});

function expectConserved(bed: Testbed, venue: CexVenue): void {
  const exchange = bed.world.inside.exchange(venue);
  for (const open of exchange.openOrders()) exchange.cancel(open);
  const expected = new Map([
    ['SOL', 500n * 10n ** 12n],
    ['USDT', 100_000n * 10n ** 12n],
  ]);
  const add = (asset: string, amount: bigint) => expected.set(asset, expected.get(asset)! + amount);
  for (const { request, fills, instrument } of exchange.orders()) {
    for (const fill of fills) {
      const qty = BigInt(fill.lots) * BigInt(Math.round(instrument.stepSize * 1e12));
      const sign = request.side === 'buy' ? 1n : -1n;
      add('SOL', sign * qty);
      add('USDT', -sign * fill.quote);
      add(fill.feeAsset, -fill.fee);
      expect(Number(fill.quote) / 1e12).toBeCloseTo((Number(qty) / 1e12) * fill.tick * instrument.tickSize, 6);
    }
  }
  for (const { asset, free, locked } of exchange.account.list()) {
    if (!expected.has(asset)) continue;
    expect([venue, asset, free, locked]).toEqual([venue, asset, expected.get(asset), 0n]);
  }
}
