import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../core/virtualClock.ts';
import type { OrderRef, OrderReport, TradePort } from '../domain/orders.ts';
import { rescueOrders, rescueText } from './rescueOrders.ts';

const refOf = (clientOrderId: string): OrderRef => ({
  ...{ clientOrderId, venue: 'okx', account: 'main', pair: 'SOL/USDT', type: 'postOnly' },
});
const openOrder = (clientOrderId: string): OrderReport => ({
  ...{ clientOrderId, venueOrderId: `v-${clientOrderId}`, status: 'open', filledQty: 0, avgPrice: null, fills: [] },
  ...{ venueTimeMs: 0, ref: refOf(clientOrderId) },
});

/** A venue with these orders open; `late` arrives between the first and the second listing. */
function venue(open: string[], change: Partial<TradePort> & { late?: string } = {}) {
  const cancelled: string[] = [];
  let listings = 0;
  const unused = async () => {
    throw new Error('a rescue neither places nor looks up');
  };
  const port: TradePort = {
    ...{ venue: 'okx', account: 'main', place: unused, lookup: unused, balances: unused },
    open: async () => {},
    close: async () => {},
    async openOrders() {
      listings += 1;
      if (listings === 2 && change.late !== undefined) open.push(change.late);
      return open.map(openOrder);
    },
    async cancel({ clientOrderId }) {
      cancelled.push(clientOrderId);
      open.splice(open.indexOf(clientOrderId), 1);
      return { outcome: 'confirmed', raw: null };
    },
    ...change,
  };
  return { port, cancelled, open };
}

async function rescue(ports: readonly TradePort[]) {
  const clock = createVirtualClock(0);
  const report = rescueOrders(ports, clock, 5000);
  await clock.run(20_000, () => false);
  return report;
}

describe('the rescue after the death of a core', () => {
  it('cancels every own order and proves it by two empty listings', async () => {
    const okx = venue(['nj1', 'nj2']);
    const report = await rescue([okx.port]);
    expect(okx.cancelled).toEqual(['nj1', 'nj2']);
    expect(report.venues).toEqual([{ venue: 'okx', found: ['nj1', 'nj2'], left: [], failure: null }]);
    expect(rescueText(report)).toMatch(/2 own open orders cancelled, proven by listings: okx/);
  });

  it('finds the order that was on the wire when the first listing came back empty', async () => {
    const okx = venue([], { late: 'nj9' });
    const report = await rescue([okx.port]);
    expect(okx.cancelled).toEqual(['nj9']);
    expect(report.venues[0]).toMatchObject({ found: ['nj9'], left: [], failure: null });
  });

  it('names the order that a venue will not let go, within its time', async () => {
    const stubborn = venue(['nj1'], {
      cancel: async () => ({ outcome: 'unknown', code: 'cut', reason: '', raw: null }),
    });
    const clock = createVirtualClock(0);
    // Each listing takes its time, as on a wire.
    const slow: TradePort = {
      ...stubborn.port,
      openOrders: () =>
        new Promise((resolve) => {
          clock.after(100, () => resolve([openOrder('nj1')]));
        }),
    };
    const report = rescueOrders([slow], clock, 5000);
    await clock.run(20_000, () => false);
    expect((await report).venues[0]).toMatchObject({ left: ['nj1'] });
    expect((await report).tookMs).toBeLessThanOrEqual(5100);
    expect(rescueText(await report)).toMatch(/NOT PROVEN for okx: .*still open nj1/);
  });

  it('lets one dead venue hold up no other', async () => {
    const silent = venue([], { venue: 'bybit', openOrders: () => new Promise(() => {}) });
    const okx = venue(['nj1']);
    const report = await rescue([silent.port, okx.port]);
    expect(report.venues).toEqual([
      { venue: 'bybit', found: [], left: [], failure: 'no whole answer within the time' },
      { venue: 'okx', found: ['nj1'], left: [], failure: null },
    ]);
  });
});
