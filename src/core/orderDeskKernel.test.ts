import { describe, expect, it } from 'vitest';
import type { OrderIntent, OrderReport } from '../domain/orders.ts';
import { defaultRiskLimits } from '../risk/limits.ts';
import { EvaluationKind } from '../strategies/arb/arbEvaluation.ts';
import { type KernelTestbed, startKernel, TESTBED_CONFIG } from './kernelTestbed.ts';

const BOT = 'bot:arb:SOL';
const intents = (bed: KernelTestbed) =>
  bed.rowsOf('intents', 'order.place').map(({ payload }) => payload as OrderIntent);

function fire(bed: KernelTestbed) {
  bed.signal();
  bed.pass(50);
  bed.signal();
  const asked = bed.commands.flatMap((command) =>
    command.type === 'lane.send' && command.message.type === 'lastLook' ? [command.message.requestId] : [],
  );
  bed.signal({ kind: EvaluationKind.lastLook, requestId: asked.at(-1)! });
}

function fill(
  bed: KernelTestbed,
  intent: OrderIntent,
  qty: number,
  price: number,
  tradeId = `t-${intent.clientOrderId}`,
) {
  const { clientOrderId, venue, pair, side } = intent;
  const report: OrderReport = {
    ...{ clientOrderId, venueOrderId: 'v', status: 'filled', filledQty: qty, avgPrice: price, venueTimeMs: 0 },
    fills: [{ tradeId, clientOrderId, venue, pair, side, price, qty, fee: 0, feeCurrency: 'USDT', venueTimeMs: 0 }],
  };
  bed.send({ type: 'order.placed', clientOrderId, answer: { outcome: 'confirmed', report, raw: null } });
}

const closures = (bed: KernelTestbed) =>
  bed.commands.flatMap((command) => (command.type === 'latch.close' ? [command.reason] : []));

describe('the order desk in the kernel', () => {
  it('closes the permit once when a trade takes the bot over its loss limit', () => {
    const config = { ...TESTBED_CONFIG, limits: { ...defaultRiskLimits, maxDailyLoss: 0.5, maxDrawdown: 100 } };
    const bed = startKernel({ config });
    fire(bed);
    fill(bed, intents(bed)[0]!, 0.07, 149.1);
    fill(bed, intents(bed)[1]!, 0.07, 140);
    bed.pass(2_000);
    expect(bed.bot().ev.net).toBeLessThan(-0.5);
    expect(closures(bed)).toEqual(['loss_limit']);
    // At once, before any answer about the latch has come.
    bed.signal();
    expect(intents(bed)).toHaveLength(2);
    expect(bed.bot()).toMatchObject({ permit: 'closed: loss_limit', why: { permit: 1 } });
  });

  it('flattens no more than the swap delivered, to the step', () => {
    const bed = startKernel();
    fire(bed);
    fill(bed, intents(bed)[0]!, 0.0482, 149.1);
    expect(intents(bed)[1]).toMatchObject({ leg: 'cex', effect: 'closing', qty: '0.05' });
  });

  it('opens a symbol again when an operator closed and reopened its permit', () => {
    const bed = startKernel();
    fire(bed);
    fill(bed, intents(bed)[0]!, 0.07, 149.1);
    const cex = intents(bed)[1]!;
    fill(bed, cex, 0.08, 150);
    expect(closures(bed)).toEqual(['overfill']);
    bed.pass(5_000);
    bed.signal();
    expect(bed.bot()).toMatchObject({ permit: 'closed: overfill', why: { permit: 1 } });
    const cause = { id: 'c', action: 'x', target: BOT, reason: '', args: {}, by: 't', from: 't' };
    const closed = { all: null, bots: { [BOT]: { reason: 'overfill', by: 'risk', atMs: 0 } } };
    bed.send({ type: 'latch.changed', latch: closed, cause });
    bed.send({ type: 'latch.changed', latch: { all: null, bots: {} }, cause: { ...cause, action: 'enable_live' } });
    const before = intents(bed).length;
    fire(bed);
    expect(intents(bed).length).toBe(before + 1);
  });
});
