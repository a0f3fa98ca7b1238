import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fill, OrderIntent, OrderReport } from '../domain/orders.ts';
import { type DeskWorld, INSTRUMENT, reportOn, startDesk } from './orderDeskTestbed.ts';
import { createSweep, SWEEP_MS } from './sweep.ts';

const intentOf = (world: DeskWorld, id: string) =>
  world
    .rowsOf('intents')
    .map(({ payload }) => payload as OrderIntent)
    .find(({ clientOrderId }) => clientOrderId === id)!;
const fillOf = (intent: OrderIntent, tradeId: string, qty: number, change: Partial<Fill> = {}): Fill => ({
  ...{ tradeId, clientOrderId: intent.clientOrderId, venue: intent.venue, pair: intent.pair, side: intent.side },
  ...{ price: 150, qty, fee: 0, feeCurrency: 'USDT', venueTimeMs: 1, ...change },
});
/** A desk whose gateway hears nothing: the test alone speaks for the venue. */
function startAlone(options: Parameters<typeof startDesk>[0] = {}) {
  const world = startDesk(options);
  world.venue.onPlace = 'loseRequest';
  world.venue.down = true;
  const say = (id: string, report: OrderReport) =>
    world.desk.resolved(id, { found: 'yes', report: { ...report, clientOrderId: id }, raw: null });
  return { ...world, say };
}
const evidence = (world: Pick<DeskWorld, 'rowsOf'>) =>
  world.rowsOf('reports', 'evidence').map(({ payload }) => (payload as { kind: string }).kind);
const pausesFor = (world: Pick<DeskWorld, 'commands'>) =>
  world.commands.flatMap((command) => (command.type === 'latch.close' ? [command.reason] : []));

/** Group B of the failure catalogue: fills, positions, money. */
describe('failure cases B', () => {
  it('B1: fills that a restart replays are applied once each', () => {
    const dead = startAlone();
    const id = dead.order({ qty: '1' });
    const intent = intentOf(dead, id);
    const fills = [fillOf(intent, 'a', 0.3), fillOf(intent, 'b', 0.2)];
    const world = startAlone({ incarnation: 2 });
    const [order] = world.desk.adopt([{ intent, fills }]);
    for (let again = 0; again < 3; again += 1) world.say(id, reportOn(intent, 'open', fills));
    world.say(id, reportOn(intent, 'filled', [...fills, fillOf(intent, 'c', 0.5)]));
    expect(world.heard.fills.map(({ tradeId }) => tradeId)).toEqual(['c']);
    expect(order!.filledQty).toBe(1);
  });

  it('B2: a closed order and an open one that is half filled are not counted twice by a reconcile', () => {
    const dead = startAlone();
    const closed = intentOf(dead, dead.order({ side: 'sell', qty: '5', attempt: 1 }, { parentRemainingQty: 5 }));
    const open = intentOf(dead, dead.order({ side: 'buy', qty: '5', attempt: 2 }, { parentRemainingQty: 5 }));
    const sold = [fillOf(closed, 's', 5)];
    const bought = [fillOf(open, 'b', 4)];
    const world = startAlone({ incarnation: 2 });
    const orders = world.desk.adopt([
      { intent: closed, fills: sold },
      { intent: open, fills: [] },
    ]);
    world.say(closed.clientOrderId, reportOn(closed, 'filled', sold));
    for (let again = 0; again < 2; again += 1) world.say(open.clientOrderId, reportOn(open, 'open', bought));
    expect(orders.map(({ filledQty }) => filledQty)).toEqual([5, 4]);
    expect(world.booked()).toBe(4);
  });

  it('B3: many fills of one order add up by their own quantities, to the last digit', () => {
    const world = startAlone();
    const id = world.order({ type: 'market', qty: '0.6' }, { price: null });
    const intent = intentOf(world, id);
    const fills = [0.1, 0.2, 0.3].map((qty, i) => fillOf(intent, `t${i}`, qty));
    world.say(id, reportOn(intent, 'filled', fills));
    expect(world.rowsOf('fills').map(({ payload }) => (payload as Fill).qty)).toEqual([0.1, 0.2, 0.3]);
    // 0.1 + 0.2 + 0.3 is 0.6000000000000001 in floats: the book is exact, so no overfill is seen.
    expect(evidence(world)).toEqual([]);
    expect(world.heard.fates).toEqual([{ id, fate: 'filled' }]);
  });

  it('B4: a rejected cancel that echoes an old execution changes no position', () => {
    const world = startAlone({ limits: { maxOrderNotional: 1e5, maxOpenNotional: 1e5, maxPositionNotional: 1e5 } });
    const id = world.order({ type: 'postOnly', qty: '20' }, { parentRemainingQty: 20 });
    const intent = intentOf(world, id);
    const partial = fillOf(intent, 'a', 5);
    world.say(id, reportOn(intent, 'open', [partial]));
    const echo = fillOf(intent, 'a', 0);
    world.say(id, { ...reportOn(intent, 'open', [partial, echo]), filledQty: 5 });
    expect(world.booked()).toBe(5);
    expect(world.stateOf(id)).toBe('partlyFilled');
    expect(evidence(world)).toEqual([]);
  });

  it('B5: cumulative and incremental reports in any mix give the exact sum, and a falling one is alarmed', () => {
    const lots = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(lots, fc.infiniteStream(fc.boolean()), (sizes, cumulative) => {
        const total = sizes.reduce((sum, size) => sum + size, 0) / 100;
        const world = startAlone();
        const id = world.order({ qty: String(total) }, { parentRemainingQty: total });
        const intent = intentOf(world, id);
        const fills = sizes.map((size, i) => fillOf(intent, `t${i}`, size / 100));
        fills.forEach((fill, i) => {
          const soFar = fills.slice(0, i + 1);
          const shown = cumulative.next().value ? soFar : [fill];
          const filledQty = soFar.reduce((sum, { qty }) => sum + qty, 0);
          world.say(id, { ...reportOn(intent, i === fills.length - 1 ? 'filled' : 'open', shown), filledQty });
        });
        expect(world.booked()).toBeCloseTo(total, 12);
        expect(evidence(world)).toEqual([]);
      }),
      { numRuns: 100 },
    );
    const world = startAlone();
    const id = world.order();
    const intent = intentOf(world, id);
    world.say(id, reportOn(intent, 'open', [fillOf(intent, 'a', 0.5)]));
    world.say(id, { ...reportOn(intent, 'open', []), filledQty: 0.2, venueTimeMs: 0 });
    expect(evidence(world)).toEqual([]);
    world.say(id, { ...reportOn(intent, 'open', []), filledQty: 0.2, venueTimeMs: 2 });
    expect(evidence(world)).toEqual(['decreasing_quantity']);
    expect(world.alarms).toHaveLength(1);
    expect(world.booked()).toBe(0.5);
  });

  it('B6: more filled than ordered is booked, flagged, and pauses the symbol; everything stays up', () => {
    const world = startAlone();
    const id = world.order({ qty: '1' });
    const intent = intentOf(world, id);
    world.say(id, reportOn(intent, 'filled', [fillOf(intent, 'a', 1.012345)]));
    expect(world.booked()).toBe(1.012345);
    expect(evidence(world)).toEqual(['overfill']);
    expect(pausesFor(world)).toEqual(['overfill']);
    expect(world.heard.fates).toEqual([{ id, fate: 'filled' }]);
    expect(world.order({ attempt: 2 })).toBe('refused: symbol_paused');
    const closing = { side: 'sell', effect: 'closing', attempt: 2, qty: '1.01' } as const;
    expect(world.order(closing, { positionQty: 1.012345, parentRemainingQty: 1.02 })).not.toContain('refused');
    // Only an operator who closed and opened the permit again ends the pause.
    world.latch(false);
    expect(world.order({ attempt: 3 })).toBe('refused: symbol_paused');
    world.latch(true);
    world.latch(false);
    expect(world.order({ attempt: 3 })).not.toContain('refused');
  });

  it('B7: a replacement after a partial fill never brings the sum above the first intent', async () => {
    const world = startDesk();
    const old = world.order({ type: 'postOnly', qty: '1' });
    await world.run(100);
    world.venue.trade(old, 0.5);
    await world.run(15_000);
    const replace = (qty: string) => world.order({ type: 'postOnly', qty, price: '149' }, { parentRemainingQty: 0.5 });
    world.desk.cancel(old);
    expect(replace('0.5')).toBe('refused: parent_exceeded');
    await world.run(1_000);
    expect(replace('0.6')).toBe('refused: parent_exceeded');
    const next = replace('0.5');
    await world.run(100);
    world.venue.trade(next, 0.5);
    await world.run(15_000);
    expect(world.booked()).toBe(1);
  });

  it('B8: a fill that the venue made and never told is found by the next sweep', async () => {
    const { world, sweep } = startSwept();
    const id = world.order();
    await world.run(0);
    world.venue.end(id, 'cancelled');
    await world.run(1_000);
    expect(world.heard.fates).toEqual([{ id, fate: 'nothing' }]);
    await sweep(0);
    world.venue.trade(id, 1);
    world.venue.balances = [balance('SOL', 101), balance('USDT', 100_000 - 150)];
    await sweep(SWEEP_MS);
    expect(world.booked()).toBe(1);
    expect(world.rowsOf('decisions', 'sweep.drift')).toHaveLength(1);
    expect(pausesFor(world)).toContain('late_fill');
    // The same truth again says nothing new.
    const alarms = world.alarms.length;
    await sweep(SWEEP_MS);
    expect(world.alarms).toHaveLength(alarms);
    expect(world.booked()).toBe(1);
  });

  it('B9: whenever the connection to the venue is made anew, no event of an order is missed', async () => {
    for (let cutMs = 0; cutMs <= 400; cutMs += 20) {
      const world = startDesk();
      const id = world.order({ type: 'postOnly' });
      for (let atMs = 0; atMs < 400; atMs += 20) {
        if (atMs === cutMs) world.restartGateway();
        if (atMs % 100 === 40) world.venue.trade(id, 0.25);
        await world.run(20);
      }
      await world.run(30_000);
      expect({ cutMs, booked: world.booked() }).toEqual({ cutMs, booked: 1 });
      expect(world.heard.fates).toEqual([{ id, fate: 'filled' }]);
    }
  });

  it('B10: an order is not ended while fills of it are missing, however alive the connection', async () => {
    const world = startDesk();
    const id = world.order({ qty: '1.8' }, { parentRemainingQty: 1.8 });
    await world.run(0);
    for (let i = 0; i < 18; i += 1) world.venue.trade(id, 0.1);
    const atVenue = world.venue.orders.get(id)!;
    atVenue.hidden = 14;
    await world.run(20_000);
    expect(world.heard.fates).toEqual([]);
    atVenue.hidden = 0;
    await world.run(12_000);
    expect(world.booked()).toBeCloseTo(1.8, 12);
    expect(world.heard.fills).toHaveLength(18);
  });

  it('B11: an order that was called cancelled though it filled ends with the venue’s position', () => {
    const world = startAlone();
    const id = world.order();
    const intent = intentOf(world, id);
    world.say(id, reportOn(intent, 'cancelled', []));
    world.say(id, reportOn(intent, 'filled', [fillOf(intent, 'a', 1)]));
    expect(world.booked()).toBe(1);
    expect(world.stateOf(id)).toBe('filled');
    expect(evidence(world)).toEqual(['late_fill', 'contradiction']);
    expect(pausesFor(world)).toEqual(['late_fill']);
    expect(world.heard.fates).toEqual([{ id, fate: 'nothing' }]);
  });

  it('B12: a fill that overtakes the reply of its create is its order’s, in whatever order the words arrive', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (sequence) => {
        const world = startAlone();
        const id = world.order();
        const intent = intentOf(world, id);
        const half = fillOf(intent, 'a', 0.5);
        const words = [
          () =>
            world.desk.placed(id, {
              outcome: 'confirmed',
              report: { ...reportOn(intent, 'open', []), venueTimeMs: 1 },
              raw: null,
            }),
          () => world.desk.placed(id, { outcome: 'unknown', code: 'net.cut', reason: 'cut', raw: null }),
          () => world.say(id, { ...reportOn(intent, 'open', [half]), venueTimeMs: 2 }),
          () => world.say(id, { ...reportOn(intent, 'filled', [half, fillOf(intent, 'b', 0.5)]), venueTimeMs: 3 }),
        ];
        for (const index of sequence) words[index]!();
        expect(world.stateOf(id)).toBe('filled');
        expect(world.booked()).toBe(1);
        expect(evidence(world)).toEqual([]);
        expect(world.heard.fates).toEqual([{ id, fate: 'filled' }]);
      }),
    );
  });

  it('B13: a venue that fills the same order again at each tick is booked, seen, and opened no more', () => {
    const world = startAlone();
    const id = world.order({ type: 'postOnly' });
    const intent = intentOf(world, id);
    const fills: Fill[] = [];
    for (let tick = 0; tick < 5; tick += 1) {
      fills.push(fillOf(intent, `tick${tick}`, 0.5));
      world.say(id, { ...reportOn(intent, 'open', fills), venueTimeMs: tick + 1 });
    }
    expect(world.booked()).toBe(2.5);
    expect(pausesFor(world)).toEqual(['overfill']);
    expect(world.order({ attempt: 2 })).toBe('refused: symbol_paused');
  });

  it('B14: what protects a position is never larger than what is left of it, and never nothing', () => {
    const world = startAlone();
    const stop = { side: 'sell', effect: 'closing', leg: 'unwind' } as const;
    expect(world.order({ ...stop, qty: '1' }, { positionQty: 0.6, parentRemainingQty: 1 })).toBe(
      'refused: reduce_only',
    );
    expect(world.order({ ...stop, qty: '0' }, { positionQty: 0.6 })).toBe('refused: quantity');
    expect(world.order({ ...stop, qty: '0.6' }, { positionQty: 0.6 })).not.toContain('refused');
  });

  it('B15: a late fill belongs to the order that it names, not to the attempt that is open when it comes', () => {
    const world = startAlone();
    const first = intentOf(world, world.order({ attempt: 1 }));
    world.say(first.clientOrderId, reportOn(first, 'cancelled', []));
    const second = intentOf(world, world.order({ attempt: 2 }));
    world.say(first.clientOrderId, reportOn(first, 'cancelled', [fillOf(first, 'late', 0.4)]));
    expect(world.rowsOf('fills').map(({ kind, payload }) => [kind, (payload as { attempt: number }).attempt])).toEqual([
      ['late', 1],
    ]);
    expect(world.heard.fills).toEqual([]);
    // One that names another order than the report it comes in is nobody's: evidence, not a position.
    world.say(second.clientOrderId, reportOn(second, 'open', [fillOf(first, 'x', 0.1)]));
    expect(evidence(world)).toContain('foreign_fill');
    expect(world.booked()).toBe(0.4);
  });

  it('B16: a fee taken in the base leaves less to sell, and no more is offered', () => {
    const world = startAlone();
    world.stock.replace([balance('SOL', 0), balance('USDT', 1_000)]);
    const id = world.order({ qty: '1' });
    const intent = intentOf(world, id);
    world.say(id, reportOn(intent, 'filled', [fillOf(intent, 'a', 1, { fee: 0.001, feeCurrency: 'SOL' })]));
    expect(world.stock.free('okx', 'SOL')).toBeCloseTo(0.999, 12);
  });

  it('B17: a cancel that races a partial fill leaves a trade of what filled, or none', async () => {
    for (const filledQty of [0, 0.4]) {
      const world = startDesk();
      const id = world.order({ type: 'postOnly' });
      await world.run(100);
      world.desk.cancel(id);
      if (filledQty > 0) world.venue.trade(id, filledQty);
      await world.run(2_000);
      expect(world.stateOf(id)).toBe('cancelled');
      expect(world.heard.fates).toEqual([{ id, fate: filledQty > 0 ? 'filled' : 'nothing' }]);
      expect(world.heard.fills.map(({ qty }) => qty)).toEqual(filledQty > 0 ? [filledQty] : []);
      expect(evidence(world)).toEqual([]);
    }
  });

  it('B18: no mix of closing orders, fills and silence ever turns a position around', () => {
    const step = fc.record({
      lots: fc.integer({ min: 1, max: 120 }),
      fills: fc.boolean(),
      leg: fc.constantFrom('cex', 'unwind'),
    });
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { maxLength: 12 }), (long, steps) => {
        const world = startAlone();
        const sign = long ? 1 : -1;
        const opened = intentOf(world, world.order({ side: long ? 'buy' : 'sell', leg: 'dex' }));
        world.say(opened.clientOrderId, reportOn(opened, 'filled', [fillOf(opened, 'open', 1)]));
        const silent: OrderIntent[] = [];
        steps.forEach(({ lots, fills, leg }, i) => {
          const id = world.order(
            {
              side: long ? 'sell' : 'buy',
              effect: 'closing',
              leg: leg as 'cex' | 'unwind',
              qty: (lots / 100).toFixed(2),
            },
            { positionQty: world.booked(), parentRemainingQty: 10 },
          );
          if (id.startsWith('refused')) return;
          const intent = intentOf(world, id);
          if (fills) world.say(id, reportOn(intent, 'filled', [fillOf(intent, `c${i}`, Number(intent.qty))]));
          else silent.push(intent);
          expect(sign * world.booked()).toBeGreaterThan(-0.01);
        });
        silent.forEach((intent, i) => {
          world.say(intent.clientOrderId, reportOn(intent, 'filled', [fillOf(intent, `s${i}`, Number(intent.qty))]));
        });
        expect(sign * world.booked()).toBeGreaterThan(-0.01);
      }),
      { numRuns: 300 },
    );
  });

  it('B19: an own order that outlived everybody who knew it is cancelled by the next sweep; foreign ones stay', async () => {
    const { world, sweep } = startSwept();
    const known = world.order({ type: 'postOnly' });
    await world.run(100);
    const template = intentOf(world, known);
    const orphan = { ...template, clientOrderId: 'njoldrun000000010001000001' };
    const foreign = { ...template, clientOrderId: 'operator-7' };
    world.venue.plant(orphan);
    world.venue.plant(foreign);
    await sweep(SWEEP_MS);
    const left = () => world.venue.live().map(({ intent }) => intent.clientOrderId);
    expect(left()).toEqual([known, 'operator-7']);
    expect(world.rowsOf('decisions', 'sweep.orphan')).toHaveLength(1);
    expect(world.alarms).toHaveLength(1);
    await sweep(SWEEP_MS);
    expect(world.rowsOf('intents', 'order.cancel')).toHaveLength(1);
    expect(world.alarms).toHaveLength(1);
  });
});

const balance = (asset: string, free: number) => ({ venue: 'okx', asset, free, locked: 0 }) as const;

/** A desk with a sweep over its venue; `sweep(ms)` lets time pass, then asks and compares once, as the kernel does. */
function startSwept() {
  const world = startDesk();
  world.venue.balances = [balance('SOL', 100), balance('USDT', 100_000)];
  const sweeper = createSweep({
    desk: world.desk,
    stock: world.stock,
    rows: { begin: () => {}, write: (table, subject, kind, payload) => world.write(table, subject, kind, payload) },
    instruments: [INSTRUMENT],
    nowMs: world.nowMs,
    isBusy: () => false,
    requestReconcile: () => {},
    armTimer: () => {},
    alarm: (message) => world.alarms.push(message),
  });
  return {
    world,
    async sweep(afterMs: number) {
      await world.run(afterMs);
      sweeper.asked();
      const truth = { balances: await world.venue.port.balances(), openOrders: await world.venue.port.openOrders() };
      sweeper.compare(truth);
      world.stock.replace(truth.balances);
      await world.run(1_000);
    },
  };
}
