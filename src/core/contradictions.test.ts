import { describe, expect, it } from 'vitest';
import { type KernelTestbed, startKernel } from './kernelTestbed.ts';
import { filledReport, fillWhole, fire, intentsOf } from './kernelTestbedTrades.ts';
import { SWEEP_MS } from './sweep.ts';

const BOT = 'bot:arb:SOL';
const evidence = (bed: KernelTestbed) =>
  bed.rowsOf('reports', 'evidence').map(({ payload }) => (payload as { readonly kind: string }).kind);
const closures = (bed: KernelTestbed) =>
  bed.commands.flatMap((command) => (command.type === 'latch.close' ? [command] : []));

/** Nothing opens any more, and the operator reads why. */
function expectPaused(bed: KernelTestbed, kind: string) {
  expect(evidence(bed)).toContain(kind);
  expect(closures(bed)).toEqual([{ type: 'latch.close', bot: BOT, reason: kind, by: 'risk' }]);
  const before = intentsOf(bed).length;
  bed.pass(5_000);
  bed.signal();
  expect(intentsOf(bed).length).toBe(before);
  expect(bed.bot()).toMatchObject({ permit: `closed: ${kind}`, why: { permit: 1 } });
  expect(bed.bot().standstill).toBe(`permit closed by risk (${kind}): "nightjar ctl enable_live arb:SOL" opens it`);
}

function withSwapFilled(): KernelTestbed {
  const bed = startKernel();
  fire(bed);
  fillWhole(bed, intentsOf(bed)[0]!, 149.1);
  return bed;
}

describe('a venue that contradicts itself', () => {
  it('fills above the order: booked, kept as evidence, symbol paused', () => {
    const bed = withSwapFilled();
    const cex = intentsOf(bed)[1]!;
    const report = filledReport(cex, 150, 0.09);
    const answer = { outcome: 'confirmed', report, raw: null } as const;
    bed.send({ type: 'order.placed', clientOrderId: cex.clientOrderId, answer });
    expect(bed.rowsOf('fills').map(({ payload }) => (payload as { readonly qty: number }).qty)).toEqual([0.07, 0.09]);
    expectPaused(bed, 'overfill');
  });

  it('calls a filled order cancelled: the fill stands, symbol paused', () => {
    const bed = withSwapFilled();
    const cex = intentsOf(bed)[1]!;
    fillWhole(bed, cex, 150);
    const report = { ...filledReport(cex, 150), status: 'cancelled' as const, fills: [] };
    const { clientOrderId } = cex;
    bed.send({ type: 'order.resolved', clientOrderId, answer: { found: 'yes', report, raw: null } });
    expect(bed.rowsOf('fills')).toHaveLength(2);
    expectPaused(bed, 'contradiction');
  });

  it('holds another position than its fills say: kept as evidence, symbol paused', () => {
    const bed = startKernel({ reconciled: false });
    const truth = (free: number) =>
      bed.send({
        type: 'reconciled',
        balances: [
          { venue: 'jupiter', asset: 'USDC', free: 10_000, locked: 0 },
          ...['okx', 'binance', 'bybit'].map((venue) => ({ venue: venue as 'okx', asset: 'SOL', free, locked: 0 })),
        ],
        openOrders: [],
        failures: [],
      });
    truth(10);
    bed.pass(SWEEP_MS);
    truth(9);
    expectPaused(bed, 'position_mismatch');
  });

  it('holds another amount of money than its fills say: alarmed, and no symbol is to blame', () => {
    const bed = startKernel({ reconciled: false });
    const truth = (free: number) =>
      bed.send({
        type: 'reconciled',
        balances: [{ venue: 'okx', asset: 'USDT', free, locked: 0 }],
        openOrders: [],
        failures: [],
      });
    truth(1000);
    bed.pass(SWEEP_MS);
    truth(900);
    expect(bed.rowsOf('decisions', 'sweep.drift')).toHaveLength(1);
    expect(closures(bed)).toEqual([]);
  });
});
