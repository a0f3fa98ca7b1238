import { describe, expect, it } from 'vitest';
import type { OrderIntent, OrderReport } from '../domain/orders.ts';
import { EvaluationKind } from '../strategies/arb/arbEvaluation.ts';
import { closeForGivenUp } from './givenUp.ts';
import { type KernelTestbed, startKernel, TESTBED_CONFIG } from './kernelTestbed.ts';

const BOT = 'bot:arb:SOL';
const ended = (bed: KernelTestbed) => bed.commands.find(({ type }) => type === 'core.stopped');
const closures = (bed: KernelTestbed) => bed.commands.filter(({ type }) => type === 'latch.close');
const incarnationOf = (bed: KernelTestbed, child: string) =>
  bed.commands.flatMap((command) =>
    command.type === 'child.start' && command.child === child ? [command.incarnation] : [],
  ).length;

/** The thread ends as nobody asked it to. */
const die = (bed: KernelTestbed, child: string) =>
  bed.send({
    type: 'child.exited',
    child,
    incarnation: incarnationOf(bed, child),
    reason: { kind: 'crash', error: { code: 'thread.lost', message: 'died', details: {} } },
  });

/** Fires and fills the swap: the closing order on the CEX is out. */
function withClosingOrderOut(): { readonly bed: KernelTestbed; readonly cex: OrderIntent } {
  const bed = startKernel();
  bed.signal();
  bed.pass(50);
  bed.signal();
  const asked = bed.commands.flatMap((command) =>
    command.type === 'lane.send' && command.message.type === 'lastLook' ? [command.message.requestId] : [],
  );
  bed.signal({ kind: EvaluationKind.lastLook, requestId: asked.at(-1)! });
  const { clientOrderId, venue, pair, side } = bed.rowsOf('intents')[0]!.payload as OrderIntent;
  const fill = { tradeId: 't1', clientOrderId, venue, pair, side, price: 149.1, qty: 0.07 };
  const report: OrderReport = {
    ...{ clientOrderId, venueOrderId: 'v1', status: 'filled', filledQty: 0.07, avgPrice: 149.1, venueTimeMs: 0 },
    fills: [{ ...fill, fee: 0, feeCurrency: 'SOL', venueTimeMs: 0 }],
  };
  bed.send({ type: 'order.placed', clientOrderId, answer: { outcome: 'confirmed', report, raw: null } });
  return { bed, cex: bed.rowsOf('intents')[1]!.payload as OrderIntent };
}

describe('a root that has spent its restarts', () => {
  it('closes every permit by name, cancels what is ours, and ends the core as escalated', () => {
    const { bed, cex } = withClosingOrderOut();
    for (let death = 1; death <= 3; death += 1) {
      die(bed, 'gateway');
      bed.pass(500);
      expect(ended(bed)).toBeUndefined();
    }
    expect(closures(bed)).toEqual([]);
    die(bed, 'gateway');
    expect(closures(bed)).toEqual([{ type: 'latch.close', bot: BOT, reason: 'restarts_exhausted', by: 'root' }]);
    expect(bed.rowsOf('intents', 'order.cancel').at(-1)!.payload).toMatchObject({ clientOrderId: cex.clientOrderId });
    expect(ended(bed)).toEqual({ type: 'core.stopped', clean: false, escalated: true });
    expect(bed.rowsOf('decisions', 'supervisor.gave_up')[0]!.payload).toEqual({
      ...{ supervisor: 'root', child: 'gateway', permitsClosed: [BOT], cancelled: [cex.clientOrderId] },
    });
    expect(bed.bot()).toMatchObject({ permit: 'closed: restarts_exhausted', state: 'down' });
    // It is over: no timer starts anything again.
    const starts = bed.commands.filter(({ type }) => type === 'child.start').length;
    bed.pass(600_000);
    expect(bed.commands.filter(({ type }) => type === 'child.start').length).toBe(starts);
  });

  it('cancels before it stops the gateway', () => {
    const { bed } = withClosingOrderOut();
    for (let death = 1; death <= 4; death += 1) {
      die(bed, 'edge');
      bed.pass(500);
    }
    const cancel = bed.rowsOf('intents', 'order.cancel').at(-1)!;
    const stops = bed
      .rowsOf('commands', 'child.stop')
      .filter(({ payload }) => (payload as { readonly child: string }).child === 'gateway');
    expect(stops.length).toBeGreaterThan(0);
    expect(cancel.inputSeq).toBeLessThanOrEqual(stops.at(-1)!.inputSeq);
  });
});

describe('a supervisor of lanes that has spent its restarts', () => {
  it('closes every permit and cancels nothing: the root starts it again, for nobody who opens', () => {
    const told: unknown[] = [];
    const closed: string[] = [];
    const bot = (id: string) => ({ permitClosed: () => closed.push(id) });
    closeForGivenUp(
      {
        ...{ supervisor: 'lanes', context: 'shutdown', reason: { kind: 'reached_max_intensity' }, atMs: 0 },
        offender: {
          id: 'lane:0',
          restart: 'permanent',
          type: 'worker',
          shutdownMs: 2000,
          significant: false,
          incarnation: 11,
        },
      },
      {
        bots: new Map([
          ['bot:arb:SOL', bot('bot:arb:SOL')],
          ['bot:arb:RAY', bot('bot:arb:RAY')],
        ]),
        desk: { cancelAll: () => expect.unreachable('the gateway and the orders are well') },
        rows: { begin: () => {}, write: (...row) => told.push(row) },
        log: { log: () => {} },
        command: (command) => told.push(command),
      },
    );
    expect(closed).toEqual(['bot:arb:SOL', 'bot:arb:RAY']);
    expect(told).toContainEqual({ type: 'latch.close', bot: 'bot:arb:RAY', reason: 'restarts_exhausted', by: 'lanes' });
  });
});

describe('a bot that has spent its restarts', () => {
  it('loses its own permit only', () => {
    const [sol] = TESTBED_CONFIG.bots;
    const ray = { ...sol!, id: 'bot:arb:RAY', slot: 1, symbol: 'RAY', pair: 'RAY/USDT' };
    const bed = startKernel({ config: { ...TESTBED_CONFIG, bots: [sol!, ray] } });
    const drill = (id: number) =>
      bed.send({
        type: 'control',
        message: { id: `d${id}`, action: 'crash', target: BOT, reason: '', args: {}, by: 'kill', from: 'test' },
      });
    for (let death = 0; death < 60 && closures(bed).length === 0; death += 1) {
      drill(death);
      while (bed.bot().state === 'down' && closures(bed).length === 0) bed.pass(50);
    }
    expect(closures(bed)).toEqual([{ type: 'latch.close', bot: BOT, reason: 'restarts_exhausted', by: 'bots' }]);
  });
});
