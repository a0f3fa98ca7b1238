import { describe, expect, it } from 'vitest';
import { defaultRiskLimits } from '../../risk/limits.ts';
import { type KernelTestbed, rowSource, startKernel, TESTBED_CONFIG } from '../kernelTestbed.ts';
import { answerPrices, fillWhole, fire, intentsOf, trade } from '../kernelTestbedTrades.ts';
import { recoverState } from './recoverState.ts';

const config = { ...TESTBED_CONFIG, limits: { ...defaultRiskLimits, maxDailyLoss: 6, maxDrawdown: 6 } };
const BOT = 'bot:arb:SOL';
const closures = (bed: KernelTestbed) =>
  bed.commands.flatMap((command) => (command.type === 'latch.close' ? [command.reason] : []));
const stateOf = (bed: KernelTestbed) => recoverState(rowSource(bed.rows, bed.inputs));
/** 0.07 SOL bought at 149.10: a sale at 220 makes about 5, one at 85 loses about 4.5. */
const GAIN_PX = 220;
const LOSS_PX = 85;

describe('the loss limits of a core that follows a dead one', () => {
  it('still fall from the best moment of the run', () => {
    const first = startKernel({ config });
    trade(first, GAIN_PX);
    trade(first, LOSS_PX);
    expect(first.bot().trades).toBe(2);
    expect(closures(first)).toEqual([]);
    const second = startKernel({ config, after: first });
    expect(closures(second)).toEqual([]);
    trade(second, LOSS_PX);
    expect(second.bot().trades).toBe(3);
    expect(closures(second)).toContain('drawdown');
  });

  it('do not take the loss of yesterday for one of today', () => {
    const first = startKernel({ config });
    trade(first, LOSS_PX);
    first.pass(24 * 3_600_000);
    const second = startKernel({ config, after: first });
    trade(second, LOSS_PX);
    expect(closures(second)).toEqual(['drawdown']);
    // The same two on one day break both limits.
    const sameDay = startKernel({ config });
    trade(sameDay, LOSS_PX);
    const after = startKernel({ config, after: sameDay });
    trade(after, LOSS_PX);
    expect(closures(after)).toContain('loss_limit');
  });

  it('die with their core a second time as they did the first', () => {
    const first = startKernel({ config });
    trade(first, GAIN_PX);
    trade(first, LOSS_PX);
    const once = stateOf(first).bots[BOT]!.lossState;
    expect(once!.highestNet).toBeGreaterThan(once!.lastNet);
    expect(stateOf(startKernel({ config, after: first })).bots[BOT]!.lossState).toEqual(once);
  });
});

describe('the fills of an attempt that a core left open', () => {
  it('come back with the mid at their time', () => {
    const bed = startKernel();
    fire(bed);
    fillWhole(bed, intentsOf(bed)[0]!, 149.1);
    expect(stateOf(bed).bots[BOT]!.attempts[0]!.fills.map(({ midPx }) => midPx)).toEqual([undefined]);
    answerPrices(bed, 149.9);
    expect(bed.rowsOf('decisions', 'fills.marked')).toHaveLength(1);
    expect(stateOf(bed).bots[BOT]!.attempts[0]!.fills.map(({ midPx }) => midPx)).toEqual([149.9]);
  });

  it('split spread from adverse move as the core that died would have', () => {
    const closingRow = (bed: KernelTestbed) =>
      bed.rowsOf('decisions', 'attempt.closed').at(-1)!.payload as {
        readonly spread: number;
        readonly adverse: number;
      };
    const begin = () => {
      const bed = startKernel();
      fire(bed);
      fillWhole(bed, intentsOf(bed)[0]!, 149.1);
      answerPrices(bed, 149.9);
      return bed;
    };
    const healthy = begin();
    fillWhole(healthy, intentsOf(healthy)[1]!, 150);
    answerPrices(healthy, 151);

    const dead = begin();
    const next = startKernel({ after: dead });
    const cex = intentsOf(dead)[1]!;
    const { clientOrderId } = cex;
    const price = 150;
    fillWhole(next, cex, price);
    next.signal();
    answerPrices(next, 151);
    expect(next.rowsOf('fills').map(({ payload }) => (payload as { clientOrderId: string }).clientOrderId)).toContain(
      clientOrderId,
    );
    expect(closingRow(next).spread).toBeCloseTo(closingRow(healthy).spread, 8);
    expect(closingRow(next).adverse).toBeCloseTo(closingRow(healthy).adverse, 8);
  });
});
