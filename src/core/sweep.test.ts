import { describe, expect, it } from 'vitest';
import type { Balance } from '../domain/orders.ts';
import { startKernel } from './kernelTestbed.ts';
import { type DeskWorld, INSTRUMENT, startDesk } from './orderDeskTestbed.ts';
import { createSweep, SWEEP_MS } from './sweep.ts';

const sol = (free: number): Balance => ({ venue: 'okx', asset: 'SOL', free, locked: 0 });

function startSweep({ busy = false } = {}) {
  const world: DeskWorld = startDesk();
  const alarms: string[] = [];
  let asked = 0;
  const sweep = createSweep({
    desk: world.desk,
    stock: world.stock,
    rows: { begin: () => {}, write: world.write },
    instruments: [INSTRUMENT],
    nowMs: world.nowMs,
    isBusy: () => busy,
    requestReconcile: () => {
      asked += 1;
    },
    armTimer: () => {},
    alarm: (message) => alarms.push(message),
  });
  /** The venues answer with this, as the kernel takes it. */
  const answer = (...balances: Balance[]) => {
    sweep.compare({ balances, openOrders: [] });
    world.stock.replace(balances);
  };
  const tell = (...balances: Balance[]) => {
    sweep.asked();
    answer(...balances);
  };
  return { world, sweep, alarms, tell, answer, asked: () => asked };
}

describe('the sweep', () => {
  it('alarms once about a balance that does not add up, and asks after the orders that may explain it', async () => {
    const { world, alarms, tell } = startSweep();
    const id = world.order();
    await world.run(0);
    world.venue.end(id, 'cancelled');
    await world.run(1_000);
    tell(sol(10));
    tell(sol(10.5));
    expect(world.rowsOf('decisions', 'sweep.drift').map(({ payload }) => payload)).toEqual([
      { drift: [{ venue: 'okx', asset: 'SOL', difference: 0.5 }] },
    ]);
    expect(alarms).toHaveLength(1);
    expect(world.commands.filter(({ type }) => type === 'order.resolve')).toHaveLength(1);
    tell(sol(10.5));
    expect(alarms).toHaveLength(1);
  });

  it('takes less than the smallest order for dust', () => {
    const { alarms, tell } = startSweep();
    tell(sol(10));
    tell(sol(10.0099));
    expect(alarms).toEqual([]);
  });

  it('says nothing about a balance that was read while an order moved', async () => {
    const { world, sweep, alarms, tell, answer } = startSweep();
    tell(sol(10));
    sweep.asked();
    const id = world.order();
    await world.run(0);
    world.venue.trade(id, 1);
    await world.run(1_000);
    // Read before the fill, told after it; then the venue's whole truth.
    answer(sol(10));
    tell(sol(11));
    expect(alarms).toEqual([]);
    tell(sol(12));
    expect(alarms).toHaveLength(1);
  });

  it('asks nobody while an attempt is under way', () => {
    const busy = startSweep({ busy: true });
    busy.sweep.due();
    expect(busy.asked()).toBe(0);
    const idle = startSweep();
    idle.sweep.due();
    expect(idle.asked()).toBe(1);
  });

  it('cancels an orphan at most three times, and one without a market only by alarm', async () => {
    const { world, sweep, alarms } = startSweep();
    const clientOrderId = 'njoldrun000000010001000001';
    const report = { clientOrderId, venueOrderId: 'v', status: 'open', filledQty: 0, avgPrice: null } as const;
    const ref = { clientOrderId, venue: 'okx', account: 'main', pair: 'SOL/USDT', type: 'postOnly' } as const;
    const openOrders = [{ ...report, fills: [], venueTimeMs: 0, ref }];
    for (let again = 0; again < 6; again += 1) {
      sweep.compare({ balances: [], openOrders });
      sweep.compare({ balances: [], openOrders });
      expect(world.rowsOf('intents', 'order.cancel')).toHaveLength(Math.min(3, again + 1));
      await world.run(SWEEP_MS);
    }
    expect(world.rowsOf('intents', 'order.cancel')).toHaveLength(3);
    expect(alarms).toHaveLength(1);
    const nameless = { ...report, clientOrderId: 'njoldrun000000010001000002', fills: [], venueTimeMs: 0 };
    sweep.compare({ balances: [], openOrders: [nameless] });
    expect(world.rowsOf('intents', 'order.cancel')).toHaveLength(3);
    expect(alarms.at(-1)).toContain('cancel it by hand');
  });
});

describe('the kernel', () => {
  it('sweeps every 30 s, and shows what does not add up', () => {
    const bed = startKernel();
    const asked = () => bed.commands.filter(({ type }) => type === 'gateway.reconcile').length;
    const atStart = asked();
    bed.pass(3 * SWEEP_MS);
    expect(asked() - atStart).toBe(3);
    expect(bed.rowsOf('decisions', 'sweep.drift')).toEqual([]);

    const told = startKernel({ reconciled: false });
    const truth = (...balances: Balance[]) => told.send({ type: 'reconciled', balances, openOrders: [], failures: [] });
    truth(sol(10));
    told.pass(SWEEP_MS);
    truth(sol(9));
    expect(told.rowsOf('decisions', 'sweep.drift')).toHaveLength(1);
    told.pass(SWEEP_MS);
    truth(sol(9));
    expect(told.rowsOf('decisions', 'sweep.drift')).toHaveLength(1);
  });
});
