import { describe, expect, it } from 'vitest';
import type { OrderIntent } from '../domain/orders.ts';
import type { HttpRequest, Transport } from '../domain/ports.ts';
import { createSimTrade } from '../venues/simTrade.ts';
import { resolveOutcome } from '../venues/tradePort.ts';
import { BOT, startDesk } from './orderDeskTestbed.ts';
import { createScriptedVenue } from './scriptedVenue.ts';
import { createVirtualClock } from './virtualClock.ts';

/** Group A of the failure catalogue: order identity and unknown outcomes. The real desk and gateway before a scripted venue. */
describe('failure cases A', () => {
  it('A1: a create whose reply is lost is unknown, not failed, and no second order is made for its level', async () => {
    const world = startDesk();
    world.venue.onPlace = 'loseReply';
    const id = world.order({ type: 'postOnly' });
    for (let cycle = 0; cycle < 20; cycle += 1) {
      if (cycle === 0) world.venue.down = true;
      await world.run(100);
      if (cycle < 10) expect(world.stateOf(id)).toBe('unknown');
      if (cycle === 10) world.venue.down = false;
      expect(world.order({ type: 'postOnly' })).toBe('refused: parent_exceeded');
      expect(world.venue.live().length).toBeLessThanOrEqual(1);
    }
    expect(world.stateOf(id)).toBe('open');
    expect(world.venue.asked.place).toBe(1);
  });

  it('A2: a create without a known venue id is resolved by its client id within three polls of the venue’s return', async () => {
    const world = startDesk();
    world.venue.onPlace = 'loseReply';
    const id = world.order();
    await world.run(0);
    world.venue.trade(id, 1);
    world.venue.down = true;
    await world.run(4_000);
    expect(world.stateOf(id)).toBe('unknown');
    world.venue.down = false;
    const before = world.venue.asked.lookup;
    await world.run(5_000);
    expect(world.stateOf(id)).toBe('filled');
    expect(world.venue.asked.lookup - before).toBeLessThanOrEqual(3);
    expect(world.venue.asked.place).toBe(1);
  });

  it('A3: a create that timed out is never ordered again by itself', async () => {
    const world = startDesk();
    world.venue.onPlace = 'loseRequest';
    const id = world.order();
    await world.run(600_000);
    expect(world.venue.creates).toEqual(new Map([[id, 1]]));
    expect(world.heard.fates).toEqual([{ id, fate: 'nothing' }]);
    expect(world.stateOf(id)).toBe('neverArrived');
  });

  it.each([
    ['A4: a create that gets 502 is on the wire once; lookups may repeat', 502, 2],
    ['A5: a create that gets 504, five times over, stays one order at the venue', 504, 5],
  ])('%s', async (_, status, failing) => {
    const wire = startWire(status, failing);
    const world = startDesk({ port: (clock) => wire.port(clock) });
    const id = world.order();
    await world.run(8_000);
    expect(wire.posts).toEqual([id]);
    expect(wire.lookups()).toBeGreaterThanOrEqual(failing);
    expect(world.stateOf(id)).toBe('filled');
    expect(world.booked()).toBe(1);
  });

  it('A6: orders whose status and cancel get no answer keep their exposure until the venue speaks', async () => {
    const world = startDesk({ limits: { maxOpenOrders: 6 } });
    const ids = Array.from({ length: 6 }, (_, i) => world.order({ type: 'postOnly', attempt: i + 1 }));
    await world.run(100);
    world.venue.down = true;
    for (const id of ids) world.desk.cancel(id);
    await world.run(600_000);
    expect(world.heard.fates).toEqual([]);
    expect(world.desk.openOrderCount()).toBe(6);
    expect(world.order({ attempt: 9, qty: '0.01' })).toBe('refused: open_orders');
    expect(world.alarms.filter((text) => text.includes('unknown_overdue'))).toHaveLength(6);
    for (const id of ids.slice(0, 4)) world.venue.trade(id, 1);
    for (const id of ids.slice(4)) world.venue.end(id, 'cancelled');
    world.venue.down = false;
    await world.run(15_000);
    expect(world.desk.openOrderCount()).toBe(0);
    expect(world.booked()).toBe(world.venue.position());
    expect(world.booked()).toBe(4);
  });

  it('A7: ten thousand transport errors leave the count of noes where it was: at nothing', async () => {
    const clock = createVirtualClock();
    const venue = createScriptedVenue(() => clock.nowMs());
    let lookups = 0;
    const port = {
      ...venue.port,
      lookup: async () => {
        lookups += 1;
        // Two noes before and two after: four in all, never three in a row.
        const denied = lookups <= 2 || lookups > 10_002;
        if (lookups > 10_004) venue.down = true;
        return denied && !venue.down
          ? ({ found: 'no', raw: null } as const)
          : ({ found: 'unknown', code: 'net.refused', reason: 'no route' } as const);
      },
    };
    const ref = { clientOrderId: 'x', venue: 'okx', account: 'main', pair: 'SOL/USDT', type: 'ioc' } as const;
    const limits = { clock, deadlineMs: clock.nowMs() + 20_000_000, pollMs: 1_000 };
    let outcome: unknown = null;
    void resolveOutcome(port, ref, limits).then((answer) => {
      outcome = answer;
    });
    await clock.run(clock.nowMs() + 11_000_000);
    expect(lookups).toBeGreaterThan(10_500);
    expect(outcome).toBeNull();
  });

  it('A8: an old quote that rests behind a network flap is cancelled before the next is placed', async () => {
    const world = startDesk();
    world.venue.onPlace = 'loseReply';
    const old = world.order({ type: 'postOnly' });
    world.venue.down = true;
    await world.run(4_000);
    world.venue.down = false;
    world.venue.onPlace = 'answer';
    await world.run(5_000);
    expect(world.stateOf(old)).toBe('open');
    expect(world.order({ type: 'postOnly', price: '149' })).toBe('refused: parent_exceeded');
    expect(world.desk.cancel(old)).toBe('asked');
    expect(world.order({ type: 'postOnly', price: '149' })).toBe('refused: parent_exceeded');
    await world.run(1_000);
    expect(world.stateOf(old)).toBe('cancelled');
    const next = world.order({ type: 'postOnly', price: '149' });
    await world.run(100);
    expect(world.venue.live().map(({ intent }) => intent.clientOrderId)).toEqual([next]);
  });

  it('A9: a confirmed order that the venue denies for half an hour is watched on, and found when it reappears', async () => {
    const world = startDesk();
    const id = world.order({ type: 'postOnly' });
    await world.run(100);
    world.venue.denies = true;
    world.restartGateway();
    await world.run(1_800_000);
    expect(world.heard.fates).toEqual([]);
    expect(world.rowsOf('reports', 'evidence')).toHaveLength(1);
    world.venue.denies = false;
    world.venue.trade(id, 1);
    await world.run(15_000);
    expect(world.heard.fates).toEqual([{ id, fate: 'filled' }]);
  });

  it('A9: an order that was proven absent and appears after all is alarmed, cancelled and booked', async () => {
    const world = startDesk();
    world.venue.onPlace = 'loseReply';
    world.venue.denies = true;
    const id = world.order({ type: 'postOnly' });
    await world.run(5_000);
    expect(world.stateOf(id)).toBe('neverArrived');
    world.venue.denies = false;
    world.venue.trade(id, 0.4);
    expect(world.desk.listed(world.venue.report(id))).toBe(true);
    await world.run(1_000);
    expect(world.stateOf(id)).toBe('cancelled');
    expect(world.booked()).toBe(0.4);
    expect(world.commands).toContainEqual({ type: 'latch.close', bot: BOT, reason: 'late_fill', by: 'risk' });
    expect(world.heard.fates).toHaveLength(1);
    expect(world.desk.openOrderCount()).toBe(0);
  });

  it('A10: a retry meets the fill of the try before it: no more is sold than was held', async () => {
    const world = startDesk();
    world.venue.onPlace = 'loseReply';
    const closing = { side: 'sell', effect: 'closing', leg: 'unwind' } as const;
    const id = world.order(closing, { positionQty: 1 });
    await world.run(0);
    expect(world.order(closing, { positionQty: 1 })).toBe('refused: parent_exceeded');
    expect(world.order({ ...closing, leg: 'cex' }, { positionQty: 1 })).toBe('refused: reduce_only');
    world.venue.trade(id, 1);
    await world.run(5_000);
    expect(world.order(closing, { positionQty: 0 })).toBe('refused: reduce_only');
    expect(world.venue.position()).toBe(-1);
  });

  it('A11: intents whose fills lag count as filled: the exposure never passes its limit', async () => {
    const world = startDesk({ limits: { maxPositionNotional: 600, maxOpenNotional: 600, maxOpenOrders: 100 } });
    world.venue.onPlace = 'loseReply';
    world.venue.down = true;
    const sent: string[] = [];
    for (let i = 0; i < 50; i += 1) {
      const result = world.order({}, { parentRemainingQty: 1000 });
      if (!result.startsWith('refused')) sent.push(result);
      await world.run(2_580);
    }
    expect(sent).toHaveLength(4);
    expect(world.order({}, { parentRemainingQty: 1000 })).toBe('refused: open_notional');
  });

  it('A12: what filled while we were down is booked once, and nothing is placed from the old list', async () => {
    const dead = startDesk();
    const id = dead.order({ type: 'postOnly' });
    await dead.run(100);
    const intent = intentOf(dead.rowsOf('intents')[0]!);
    const first = dead.venue.trade(id, 0.25);
    dead.venue.trade(id, 0.75);
    const world = startDesk({ incarnation: 2, venue: dead.venue });
    world.desk.adopt([{ intent, fills: [first] }]);
    world.restartGateway();
    await world.run(5_000);
    expect(dead.venue.asked.place).toBe(1);
    expect(world.heard.fills.map(({ qty }) => qty)).toEqual([0.75]);
    expect(world.heard.fates).toEqual([{ id, fate: 'filled' }]);
  });

  it('A13: resting children of a restarted parent are adopted, not doubled', async () => {
    const dead = startDesk();
    const ids = [0.5, 0.5].map((qty) => dead.order({ type: 'postOnly', qty: String(qty) }));
    await dead.run(100);
    const world = startDesk({ incarnation: 2, venue: dead.venue });
    world.desk.adopt(dead.rowsOf('intents').map((row) => ({ intent: intentOf(row), fills: [] })));
    world.restartGateway();
    await world.run(1_000);
    expect(world.order({ type: 'postOnly', qty: '0.5' })).toBe('refused: parent_exceeded');
    expect(dead.venue.live().map(({ intent }) => intent.clientOrderId)).toEqual(ids);
  });

  it('A14: a cancel of an order that is gone already resolves, with at most three cancels and within 30 s', async () => {
    const world = startDesk();
    const id = world.order({ type: 'postOnly' });
    await world.run(100);
    world.venue.end(id, 'cancelled');
    world.venue.down = true;
    world.desk.cancel(id);
    expect(world.desk.cancel(id)).toBe('under way');
    await world.run(25_000);
    expect(world.stateOf(id)).not.toBe('cancelled');
    world.venue.down = false;
    await world.run(5_000);
    expect(world.stateOf(id)).toBe('cancelled');
    expect(world.venue.asked.cancel).toBeLessThanOrEqual(3);

    const unheard = startDesk();
    const second = unheard.order({ type: 'postOnly' });
    await unheard.run(100);
    unheard.venue.down = true;
    unheard.desk.cancel(second);
    await unheard.run(600_000);
    expect(unheard.venue.asked.cancel).toBe(3);
    expect(unheard.heard.fates).toEqual([]);
  });

  it('A15: a cancel that throws is evidence to look, not a crash', async () => {
    const world = startDesk();
    const id = world.order({ type: 'postOnly' });
    await world.run(100);
    world.venue.trade(id, 1);
    world.venue.cancelThrows = true;
    world.desk.cancel(id);
    await world.run(1_000);
    expect(world.heard.fates).toEqual([{ id, fate: 'filled' }]);
    expect(world.rowsOf('reports', 'evidence')).toEqual([]);
  });

  it('A16: after a rejected and after a hanging create the next one is answered, within its deadline and a second', async () => {
    const rejected = startDesk();
    rejected.venue.onPlace = 'reject';
    rejected.order();
    await rejected.run(0);
    rejected.venue.onPlace = 'answer';
    const next = rejected.order({ attempt: 2 });
    await rejected.run(0);
    expect(rejected.stateOf(next)).toBe('open');

    const wire = startWire('hang', 1);
    const world = startDesk({ port: (clock) => wire.port(clock) });
    const hanging = world.order();
    const behind = world.order({ attempt: 2 });
    await world.run(6_000);
    expect(wire.posts).toEqual([hanging, behind]);
    expect(world.stateOf(behind)).toBe('filled');
  });

  it('A17: client ids of one millisecond rise strictly, also after a restart and a clock that stepped back', () => {
    const startMs = Date.UTC(2026, 0, 5);
    const idsOf = (incarnation: number, atMs: number) => {
      const world = startDesk({ incarnation, startMs: atMs, limits: { maxOpenOrders: 100, maxOpenNotional: 1e6 } });
      return Array.from({ length: 50 }, (_, attempt) => world.order({ attempt }));
    };
    const ids = [...idsOf(1, startMs), ...idsOf(2, startMs - 60_000)];
    expect(new Set(ids).size).toBe(100);
    expect([...ids].sort()).toEqual(ids);
  });
});

const intentOf = (row: { readonly payload: unknown }) => row.payload as OrderIntent;

/**
 * The simulator's neutral door by hand, under the real HTTP port: a create arrives and fills, but its first `failing`
 * answers get lost as the status says, or never come.
 */
function startWire(status: number | 'hang', failing: number) {
  const posts: string[] = [];
  const orders = new Map<string, { readonly qty: number }>();
  let lookups = 0;
  let left = failing;
  const answer = (code: number, value: unknown) => ({
    status: code,
    headers: {},
    body: new TextEncoder().encode(JSON.stringify(value)),
  });
  return {
    posts,
    lookups: () => lookups,
    port(clock: ReturnType<typeof createVirtualClock>) {
      const transport = {
        async request(request: HttpRequest) {
          const url = new URL(request.url);
          if (request.method === 'POST') {
            const { clientOrderId, qty } = JSON.parse(request.body!) as { clientOrderId: string; qty: string };
            posts.push(clientOrderId);
            orders.set(clientOrderId, { qty: Number(qty) });
          } else {
            lookups += 1;
          }
          if (left > 0) {
            left -= 1;
            if (status !== 'hang') return answer(status, {});
            await new Promise<void>((resolve) => clock.after(request.timeoutMs, resolve));
            throw Object.assign(new Error('timeout'), { code: 'net.timeout' });
          }
          const id = request.method === 'POST' ? posts.at(-1)! : url.searchParams.get('clientOrderId')!;
          const qty = orders.get(id)!.qty;
          const fill = {
            ...{ tradeId: `t-${id}`, clientOrderId: id, venue: 'okx', pair: 'SOL/USDT', side: 'buy', price: 150, qty },
            ...{ fee: 0, feeCurrency: 'USDT', venueTimeMs: 1 },
          };
          return answer(200, {
            ...{ clientOrderId: id, venueOrderId: `v-${id}`, status: 'filled', filledQty: qty, avgPrice: 150 },
            ...{ fills: [fill], venueTimeMs: 1 },
          });
        },
      } as unknown as Transport;
      return createSimTrade({ venue: 'okx', account: 'main', rest: 'http://venue', transport, clock });
    },
  };
}
