import { describe, expect, it } from 'vitest';
import { startKernel, TESTBED_CONFIG } from './kernelTestbed.ts';
import { answerLastLook, fillWhole, fire, hitTwice, intentsOf } from './kernelTestbedTrades.ts';

const held = (bed: ReturnType<typeof startKernel>, venue: string, asset: string) =>
  bed.kernel.view().stock.find((entry) => entry.venue === venue && entry.asset === asset)?.free;

const usdc = (free: number) => ({ venue: 'jupiter', asset: 'USDC', free, locked: 0 }) as const;

describe('between the first hit and the firing', () => {
  it('the stock is asked again: what is gone by then fires nothing', () => {
    const bed = startKernel({ reconciled: false });
    const cex = ['okx', 'binance', 'bybit'].map((venue) => ({
      venue: venue as 'okx',
      asset: 'SOL',
      free: 9,
      locked: 0,
    }));
    bed.send({ type: 'reconciled', balances: [usdc(10_000), ...cex], openOrders: [], failures: [] });
    // The sweep asks between the two hits.
    bed.pass(29_960);
    hitTwice(bed);
    expect(bed.bot().state).toBe('go.lastLook');
    bed.send({ type: 'reconciled', balances: [usdc(1), ...cex], openOrders: [], failures: [] });
    expect(held(bed, 'jupiter', 'USDC')).toBe(1);
    answerLastLook(bed);
    expect(bed.bot()).toMatchObject({ state: 'idle', why: { inventory: 1 }, trades: 0 });
    expect(intentsOf(bed)).toEqual([]);
  });

  it('the slot is asked again: a look whose slot ended meanwhile ends so', () => {
    const knobs = { ...TESTBED_CONFIG.bots[0]!.knobs, slot: 'usOpen' as const };
    const bed = startKernel({ config: { ...TESTBED_CONFIG, bots: [{ ...TESTBED_CONFIG.bots[0]!, knobs }] } });
    // Its last second counts.
    bed.pass(knobs.slotMinutes * 60_000 + 1000 - 60);
    hitTwice(bed);
    expect(bed.bot().state).toBe('go.lastLook');
    bed.pass(20);
    answerLastLook(bed);
    expect(bed.bot()).toMatchObject({ state: 'idle', why: { time_slot: 1 }, trades: 0 });
    expect(intentsOf(bed)).toEqual([]);
  });
});

describe("a venue's balances", () => {
  it('are not taken over when a fill crossed the question on its way', () => {
    const bed = startKernel({ reconciled: false });
    const before = [usdc(10_000), { venue: 'okx', asset: 'SOL', free: 100, locked: 0 } as const];
    bed.send({ type: 'reconciled', balances: before, openOrders: [], failures: [] });
    bed.pass(30_000);
    expect(bed.commands.filter(({ type }) => type === 'gateway.reconcile').length).toBe(2);
    fire(bed);
    fillWhole(bed, intentsOf(bed)[0]!, 149.1);
    const spent = 10_000 - 0.07 * 149.1;
    expect(held(bed, 'jupiter', 'USDC')).toBeCloseTo(spent, 9);
    // Looked up before the swap, told after it.
    bed.send({ type: 'reconciled', balances: before, openOrders: [], failures: [] });
    expect(held(bed, 'jupiter', 'USDC')).toBeCloseTo(spent, 9);
  });
});
