import { describe, expect, it } from 'vitest';
import type { OrderIntent } from '../../domain/orders.ts';
import { EvaluationKind } from '../../strategies/arb/arbEvaluation.ts';
import { type KernelTestbed, startKernel, TESTBED_CONFIG } from '../kernelTestbed.ts';

const BOT = 'bot:arb:SOL';
const PASSED = 'lastLook.answered SOL/USDT passed';

/** A run whose orders cannot be named: sending one throws, in the step that the last look's answer began. */
const startUnnameable = () => startKernel({ config: { ...TESTBED_CONFIG, runTag: 'NOT A TAG' } });

/** Every venue states an increment that no order can be written in: the first closing order throws. */
const startBadSteps = () =>
  startKernel({
    config: { ...TESTBED_CONFIG, instruments: TESTBED_CONFIG.instruments.map((one) => ({ ...one, tickSize: 1e-13 })) },
  });

const askedOfLane = (bed: KernelTestbed, type: 'lastLook' | 'prices') =>
  bed.commands.flatMap((command) =>
    command.type === 'lane.send' && command.message.type === type ? [command.message.requestId] : [],
  );

/** Two hits and a last look that passes. */
function fire(bed: KernelTestbed) {
  bed.signal();
  bed.pass(50);
  bed.signal();
  bed.signal({ kind: EvaluationKind.lastLook, requestId: askedOfLane(bed, 'lastLook').at(-1)! });
}

const crashes = (bed: KernelTestbed) => bed.rowsOf('crashes', 'crash').length;
const control = (bed: KernelTestbed, action: string) =>
  bed.send({
    type: 'control',
    message: { id: `${action}-1`, action, target: 'arb:SOL', reason: 'test', args: {}, by: 'operate', from: 'test' },
  });

describe('a message that kills its bot', () => {
  it('is delivered to the next incarnation once more in its like, then set aside and reported', () => {
    const bed = startUnnameable();
    fire(bed);
    expect(crashes(bed)).toBe(1);
    expect(bed.bot().quarantined).toEqual([]);
    bed.pass(1000);
    fire(bed);
    expect(crashes(bed)).toBe(2);
    expect(bed.rowsOf('decisions', 'quarantined')).toHaveLength(1);
    expect(bed.rowsOf('decisions', 'quarantined')[0]!.payload).toMatchObject({ message: PASSED, kills: 2 });
    bed.pass(1000);
    for (let round = 0; round < 5; round += 1) {
      fire(bed);
      bed.pass(10_000);
    }
    expect(crashes(bed)).toBe(2);
    expect(bed.bot()).toMatchObject({ quarantined: [{ message: PASSED, kills: 2, withheld: 5 }] });
    // Nothing of value was in it: the bot goes on watching, and each look still has one end.
    expect(bed.bot()).toMatchObject({ permit: 'open', state: 'idle' });
    const { looks, trades, why } = bed.bot();
    expect(Object.values(why).reduce((sum, count) => sum + count, trades)).toBe(looks);
  });

  it('passes again once an operator has released it', () => {
    const bed = startUnnameable();
    for (let round = 0; round < 3; round += 1) {
      fire(bed);
      bed.pass(10_000);
    }
    expect(crashes(bed)).toBe(2);
    control(bed, 'release');
    expect(bed.commands.at(-1)).toMatchObject({ status: 200, body: { [BOT]: { released: [PASSED] } } });
    expect(bed.rowsOf('decisions', 'released')).toHaveLength(1);
    expect(bed.bot().quarantined).toEqual([]);
    fire(bed);
    expect(crashes(bed)).toBe(3);
  });

  it('closes the permit and leaves evidence when it was about an order', () => {
    const bed = startBadSteps();
    fire(bed);
    const { clientOrderId, venue, pair, side } = bed.rowsOf('intents')[0]!.payload as OrderIntent;
    const fill = {
      ...{ tradeId: 't1', clientOrderId, venue, pair, side, price: 149.1, qty: 0.07 },
      ...{ fee: 0, feeCurrency: 'SOL', venueTimeMs: 0 },
    };
    bed.send({
      type: 'order.placed',
      clientOrderId,
      answer: {
        outcome: 'confirmed',
        report: {
          ...{ clientOrderId, venueOrderId: 'v1', status: 'filled', filledQty: 0.07, avgPrice: 149.1, fills: [fill] },
          venueTimeMs: 0,
        },
        raw: null,
      },
    });
    expect(crashes(bed)).toBe(1);
    // Each new incarnation has to unwind, and dies of the prices that it asked for.
    for (let round = 0; round < 40 && bed.bot().quarantined.length === 0; round += 1) {
      bed.pass(100);
      const requestId = askedOfLane(bed, 'prices').at(-1)!;
      bed.signal({ kind: EvaluationKind.prices, requestId });
    }
    expect(crashes(bed)).toBe(3);
    expect(bed.bot()).toMatchObject({
      permit: 'closed: poison',
      quarantined: [{ message: 'prices.answered SOL/USDT usable', kills: 2 }],
    });
    expect(bed.rowsOf('reports', 'evidence')[0]!.payload).toMatchObject({ kind: 'poison' });
    expect(bed.commands).toContainEqual({ type: 'latch.close', bot: BOT, reason: 'poison', by: 'risk' });
    // No restart loop: what cannot be unwound ends as a residual, and the budget is never spent.
    bed.pass(120_000);
    expect(crashes(bed)).toBe(3);
    expect(bed.kernel.view().tree[0]!.state).toBe('running');
  });

  it('is no drill: those count nothing', () => {
    const bed = startKernel();
    for (let round = 0; round < 4; round += 1) {
      control(bed, 'crash');
      bed.pass(20_000);
    }
    expect(bed.rowsOf('crashes', 'crash').length).toBe(4);
    expect(bed.bot().quarantined).toEqual([]);
  });
});
