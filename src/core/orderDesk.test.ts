import { describe, expect, it } from 'vitest';
import type { Fill, OrderIntent } from '../domain/orders.ts';
import { ENDED_CAPACITY } from './orderDeskLives.ts';
import { BOT, INSTRUMENT, reportOn, startDesk } from './orderDeskTestbed.ts';

/** A desk whose gateway hears nothing: the test alone speaks for the venue. */
function startAlone(options: Parameters<typeof startDesk>[0] = {}) {
  const world = startDesk(options);
  world.venue.onPlace = 'loseRequest';
  world.venue.down = true;
  const intentOf = (id: string) =>
    world
      .rowsOf('intents', 'order.place')
      .map(({ payload }) => payload as OrderIntent)
      .find(({ clientOrderId }) => clientOrderId === id)!;
  let trades = 0;
  const fillOf = (id: string, qty: number, change: Partial<Fill> = {}): Fill => {
    const { venue, pair, side } = intentOf(id);
    trades += 1;
    return {
      ...{ tradeId: `t${trades}`, clientOrderId: id, venue, pair, side, price: 150, qty },
      ...{ fee: 0, feeCurrency: 'USDT', venueTimeMs: 1, ...change },
    };
  };
  const say = (id: string, status: 'open' | 'filled' | 'cancelled' | 'rejected', fills: readonly Fill[] = []) =>
    world.desk.resolved(id, { found: 'yes', report: reportOn(intentOf(id), status, fills), raw: null });
  const latched = () =>
    world.commands.flatMap((command) => (command.type === 'latch.close' ? [`${command.bot} ${command.reason}`] : []));
  const evidence = () =>
    world.rowsOf('reports', 'evidence').map(({ payload }) => (payload as { detail: string }).detail);
  return { ...world, intentOf, fillOf, say, latched, evidence };
}

describe('the order desk', () => {
  it('journals every step of an order once', () => {
    const world = startAlone();
    const id = world.order();
    world.desk.placed(id, { outcome: 'unknown', code: 'net.cut', reason: 'cut', raw: null });
    world.say(id, 'open');
    world.say(id, 'open');
    world.say(id, 'filled', [world.fillOf(id, 1)]);
    world.say(id, 'filled');
    expect(world.rowsOf('transitions', 'order').map(({ subject, payload }) => [subject, payload])).toEqual([
      [BOT, { clientOrderId: id, from: 'intended', to: 'unknown', event: 'answer.unknown' }],
      [BOT, { clientOrderId: id, from: 'unknown', to: 'open', event: 'report.open' }],
      [BOT, { clientOrderId: id, from: 'open', to: 'filled', event: 'report.filled' }],
    ]);
  });

  it('keeps a contradiction as evidence, alarms once and pauses the symbol: a filled order that is called cancelled', () => {
    const world = startAlone();
    const id = world.order();
    const fill = world.fillOf(id, 1);
    world.say(id, 'filled', [fill]);
    world.say(id, 'cancelled', [fill]);
    world.say(id, 'cancelled', [fill]);
    expect(world.evidence()).toEqual(['report.cancelled after filled']);
    expect(world.alarms).toHaveLength(1);
    expect(world.latched()).toEqual([`${BOT} contradiction`]);
    expect(world.booked()).toBe(1);
  });

  it.each([
    ['another side', { side: 'sell' }],
    ['another market', { pair: 'RAY/USDT' }],
    ['another order', { clientOrderId: 'njsomebody' }],
  ] as const)('books no fill that names %s', (_, change) => {
    const world = startAlone();
    const id = world.order();
    world.say(id, 'open', [world.fillOf(id, 1, change)]);
    expect(world.booked()).toBe(0);
    expect(world.rowsOf('reports', 'evidence')).toHaveLength(1);
    expect(world.latched()).toHaveLength(1);
  });

  it('keeps a trade that comes back with another content, and one that cannot be, as evidence and stays up', () => {
    const world = startAlone();
    const id = world.order();
    const fill = world.fillOf(id, 0.5);
    world.say(id, 'open', [fill]);
    world.say(id, 'open', [{ ...fill, qty: 0.6 }]);
    world.say(id, 'open', [world.fillOf(id, -1)]);
    expect(world.booked()).toBe(0.5);
    expect(world.evidence().filter((detail) => /is now reported as|cannot be booked/.test(detail))).toHaveLength(2);
  });

  it('believes no word that an order never was there once the venue has shown it, nor writes it down as its end', () => {
    const world = startAlone();
    const id = world.order({ type: 'postOnly' });
    world.say(id, 'open');
    world.desk.resolved(id, { found: 'unknown', code: 'net.cut', reason: 'cut' });
    expect(world.stateOf(id)).toBe('unknown');
    world.desk.resolved(id, { found: 'no', raw: null });
    expect(world.stateOf(id)).toBe('unknown');
    expect(world.rowsOf('reports', 'resolved.vanished')).toHaveLength(1);
    expect(world.rowsOf('reports', 'resolved.no')).toEqual([]);
    expect(world.heard.fates).toEqual([]);
  });

  it('cancels an order that lives after it was thought rejected, and tells its bot nothing twice', () => {
    const world = startAlone();
    const id = world.order({ type: 'postOnly' });
    world.desk.placed(id, { outcome: 'rejected', code: 'x', reason: 'no', raw: null });
    world.say(id, 'open');
    expect(world.rowsOf('intents', 'order.cancel').map(({ payload }) => payload)).toEqual([
      { clientOrderId: id, venue: 'okx', account: 'main', pair: 'SOL/USDT', type: 'postOnly' },
    ]);
    world.say(id, 'cancelled');
    expect(world.heard.fates).toEqual([{ id, fate: 'nothing' }]);
    expect(world.desk.openOrderCount()).toBe(0);
  });

  it('closes the permit once when a loss limit breaks, and opens nothing more that day', () => {
    const world = startAlone();
    world.desk.noteNet(BOT, 30);
    world.desk.noteNet(BOT, -20);
    expect(world.latched()).toEqual([]);
    world.desk.noteNet(BOT, -20.01);
    world.desk.noteNet(BOT, -21);
    expect(world.latched()).toEqual([`${BOT} drawdown`]);
    expect(world.order()).toBe('refused: drawdown');
    world.desk.noteNet(BOT, -50.01);
    world.desk.noteNet(BOT, -51);
    expect(world.latched()).toEqual([`${BOT} drawdown`, `${BOT} loss_limit`]);
    expect(world.order()).toBe('refused: loss_limit');
    const closing = { side: 'sell', effect: 'closing' } as const;
    expect(world.order(closing, { positionQty: 1 })).not.toContain('refused');
  });

  it('bounds a price by the last own trade too, while that is recent', async () => {
    const world = startAlone();
    const id = world.order();
    world.say(id, 'filled', [world.fillOf(id, 1, { price: 140 })]);
    expect(world.order({ attempt: 2 })).toBe('refused: trade_collar');
    await world.run(60_001);
    expect(world.order({ attempt: 2 })).not.toContain('refused');
  });

  it('refuses an order that other rules sized than those at start, and pauses the symbol', () => {
    const world = startAlone();
    expect(world.order({}, { instrument: { ...INSTRUMENT, stepSize: 0.1 } })).toBe('refused: metadata_changed');
    expect(world.latched()).toEqual([`${BOT} metadata_changed`]);
    expect(world.order()).toBe('refused: symbol_paused');
  });

  it('refuses an order on a market that start did not know', () => {
    const world = startAlone();
    expect(world.order({}, { instrument: { ...INSTRUMENT, venue: 'bybit' } })).toBe('refused: metadata_changed');
  });

  it.each([
    ['its session is over', {}, { sessionOpen: false }, 'session'],
    ['its book crosses itself', {}, { bookCrossed: true }, 'book_crossed'],
    ['it would meet an own resting order', { side: 'sell', price: '149', attempt: 2 }, {}, 'self_cross'],
  ] as const)('refuses an order when %s', (_, draft, context, reason) => {
    const world = startAlone();
    world.order({ type: 'postOnly', price: '149' });
    expect(world.order({ attempt: 3, ...draft }, context)).toBe(`refused: ${reason}`);
    expect(world.rowsOf('decisions', 'order.refused')[0]!.payload).toMatchObject({ reason });
  });

  it('holds back orders and cancels beyond their rates', async () => {
    const world = startAlone({ limits: { maxOrdersPerSecond: 3, maxCancelsPerSecond: 2, maxOpenOrders: 50 } });
    const ids = [1, 2, 3].map((attempt) => world.order({ attempt, type: 'postOnly', qty: '0.1' }));
    expect(world.order({ attempt: 4, qty: '0.1' })).toBe('refused: order_rate');
    expect(ids.map((id) => world.desk.cancel(id))).toEqual([
      'asked',
      'asked',
      { refused: expect.objectContaining({ reason: 'cancel_rate' }) },
    ]);
    await world.run(1_001);
    expect(world.desk.cancel(ids[2]!)).toBe('asked');
    expect(world.desk.cancel('njnobody')).toBe('not alive');
  });

  it('counts what is in flight as spent, and gives it back when the order ends', () => {
    const world = startAlone();
    world.stock.replace([
      { venue: 'okx', asset: 'USDT', free: 1_000, locked: 0 },
      { venue: 'okx', asset: 'SOL', free: 5, locked: 0 },
    ]);
    const id = world.order();
    expect(world.stock.free('okx', 'USDT')).toBe(850);
    world.say(id, 'open', [world.fillOf(id, 0.4)]);
    expect(world.stock.free('okx', 'USDT')).toBeCloseTo(850, 9);
    world.say(id, 'cancelled');
    expect(world.stock.free('okx', 'USDT')).toBeCloseTo(940, 9);
    const sold = world.order({ attempt: 2, side: 'sell' });
    expect(world.stock.free('okx', 'SOL')).toBeCloseTo(4.4, 9);
    world.desk.refused(sold, 'permit');
    expect(world.stock.free('okx', 'SOL')).toBeCloseTo(5.4, 9);
  });

  it('books the fills of an own order that nobody here knows as nobody’s, and leaves foreign ones alone', () => {
    const world = startAlone();
    const template = world.fillOf(world.order(), 0.3);
    for (const clientOrderId of ['njoldrun000000010001000001', 'operator-7']) {
      const fill = { ...template, clientOrderId, tradeId: `of-${clientOrderId}` };
      const report = { ...reportOn(world.intentOf(template.clientOrderId), 'filled', [fill]), clientOrderId };
      for (let again = 0; again < 2; again += 1)
        world.desk.resolved(clientOrderId, { found: 'yes', report, raw: null });
    }
    expect(world.rowsOf('fills').map(({ subject, kind, payload }) => [subject, kind, (payload as Fill).qty])).toEqual([
      ['core', 'orphan', 0.3],
    ]);
    expect(world.alarms).toHaveLength(1);
  });

  it(`remembers ${ENDED_CAPACITY} ended orders, and no more`, async () => {
    const world = startAlone();
    const first = world.order();
    world.say(first, 'cancelled');
    for (let i = 0; i < ENDED_CAPACITY; i += 1) {
      world.desk.refused(world.order({ attempt: i + 2 }), 'permit');
      if (i % 500 === 499) await world.run(1_001);
    }
    expect(world.desk.listed(reportOn(world.intentOf(first), 'open', []))).toBe(false);
    expect(world.heard.fates).toHaveLength(ENDED_CAPACITY + 1);
  });
});
