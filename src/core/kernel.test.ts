import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrderIntent, OrderReport } from '../domain/orders.ts';
import { EvaluationFlag, EvaluationKind } from '../strategies/arb/arbEvaluation.ts';
import type { OtherCommand } from './commands.ts';
import { type KernelTestbed, SOL_KNOBS, startKernel, TESTBED_CONFIG } from './kernelTestbed.ts';

const lastLaneMessage = (bed: KernelTestbed) =>
  bed.commands.flatMap((command) => (command.type === 'lane.send' ? [command.message] : [])).at(-1)!;
const intents = (bed: KernelTestbed) => bed.rowsOf('intents').map(({ payload }) => payload as OrderIntent);

/** Two hits and a passed last look: the swap's intent is journalled. */
function fire(bed: KernelTestbed) {
  bed.signal();
  bed.pass(50);
  bed.signal();
  answerLastLook(bed);
}

function answerLastLook(bed: KernelTestbed) {
  const message = lastLaneMessage(bed);
  if (message.type !== 'lastLook') throw new Error(`the lane was asked for ${message.type}`);
  bed.signal({ kind: EvaluationKind.lastLook, requestId: message.requestId });
}

/** Answers every price request that the lane has not answered yet. */
function answerPrices(bed: KernelTestbed, from = 0) {
  const asked = bed.commands
    .slice(from)
    .flatMap((command: OtherCommand) =>
      command.type === 'lane.send' && command.message.type === 'prices' ? [command.message.requestId] : [],
    );
  for (const requestId of asked) bed.signal({ kind: EvaluationKind.prices, requestId });
}

function report(intent: OrderIntent, filledQty: number, price: number): OrderReport {
  const { clientOrderId, venue, pair, side } = intent;
  const fills =
    filledQty === 0
      ? []
      : [
          {
            tradeId: `t-${clientOrderId}`,
            clientOrderId,
            venue,
            pair,
            side,
            price,
            qty: filledQty,
            fee: venue === 'jupiter' ? 0.00001 : filledQty * price * 0.001,
            feeCurrency: venue === 'jupiter' ? 'SOL' : 'USDT',
            venueTimeMs: 0,
          },
        ];
  const status = filledQty >= Number(intent.qty) - 1e-9 ? 'filled' : 'expired';
  return {
    clientOrderId,
    venueOrderId: `v-${clientOrderId}`,
    status,
    filledQty,
    avgPrice: price,
    fills,
    venueTimeMs: 0,
  };
}

function fill(
  bed: KernelTestbed,
  intent: OrderIntent,
  filledQty = Number(intent.qty),
  price = Number(intent.price ?? 149.1),
) {
  bed.send({
    type: 'order.placed',
    clientOrderId: intent.clientOrderId,
    answer: { outcome: 'confirmed', report: report(intent, filledQty, price), raw: null },
  });
}

describe('the kernel with one arbitrage bot', () => {
  it('starts the tree in order and lets the bot wait for venue truth', () => {
    const bed = startKernel({ reconciled: false });
    const started = bed.commands.flatMap((command) => (command.type === 'child.start' ? [command.child] : []));
    expect(started).toEqual(['edge', 'journal', 'gateway', 'lane:0']);
    expect(bed.bot().state).toBe('recovering');
    bed.send({ type: 'reconciled', balances: [], openOrders: [], failures: ['okx: timeout'] });
    expect(bed.bot().state).toBe('recovering');
    bed.send({ type: 'reconciled', balances: [], openOrders: [], failures: [] });
    expect(bed.bot().state).toBe('idle');
  });

  it('carries a chance from two hits to a settled trade whose parts add up', () => {
    const bed = startKernel();
    fire(bed);
    const [dex] = intents(bed);
    expect(dex).toMatchObject({ leg: 'dex', venue: 'jupiter', side: 'buy', effect: 'opening', type: 'swap' });
    fill(bed, dex!, 0.07);
    const cex = intents(bed)[1]!;
    expect(cex).toMatchObject({
      leg: 'cex',
      venue: 'okx',
      side: 'sell',
      effect: 'closing',
      qty: '0.07',
      price: '149.70',
    });
    fill(bed, cex, 0.07, 150);
    answerPrices(bed);
    const closed = bed.rowsOf('decisions', 'attempt.closed')[0]!.payload as Record<string, number>;
    expect(closed.traded).toBe(true);
    const parts = closed.spread! + closed.adverse! + closed.fees! + closed.slippage!;
    expect(Math.abs(parts - closed.net!)).toBeLessThan(1e-6);
    // 0.07 × (150 − 149.10) − 10 bp of 10.50 − 0.00001 SOL
    expect(closed.net!).toBeCloseTo(0.063 - 0.0105 - 0.0015, 4);
    expect(bed.bot()).toMatchObject({ looks: 1, trades: 1, near: 1, auto: 1, go: 1, state: 'idle' });
    expect(bed.commands.some(({ type }) => type === 'exec.log')).toBe(true);
  });

  it('counts one reason for every look that does not trade', () => {
    const bed = startKernel();
    bed.signal({ dqPx: 151 });
    bed.signal({ dqPx: 149.9 });
    bed.signal({ cbPx: null });
    bed.signal({ dqFirmPx: 149.9, dqPx: 149.3 });
    bed.signal({ flags: EvaluationFlag.stale });
    bed.signal({ flags: EvaluationFlag.rateGuard });
    bed.signal({ dqPx: 100 });
    expect(bed.bot().why).toEqual({
      gross0: 1,
      gross10: 1,
      depth: 1,
      preok_false: 1,
      stale: 1,
      rate_guard: 1,
      unit_mismatch: 1,
    });
  });

  it('refuses a look when the stock is short, with its own reason', () => {
    const bed = startKernel({ reconciled: false });
    bed.send({
      type: 'reconciled',
      balances: [{ venue: 'jupiter', asset: 'USDC', free: 1, locked: 0 }],
      openOrders: [],
      failures: [],
    });
    bed.signal();
    expect(bed.bot().why).toEqual({ inventory: 1 });
  });

  it('opens nothing on a closed permit, and ends the pending look as permit', () => {
    const bed = startKernel();
    bed.signal();
    const latch = { all: null, bots: { 'bot:arb:SOL': { reason: 'drill', by: 'test', atMs: 0 } } };
    const cause = {
      id: 'c1',
      action: 'disable_live',
      target: 'bot:arb:SOL',
      reason: 'drill',
      args: {},
      by: 'test',
      from: 'test',
    };
    bed.send({ type: 'latch.changed', latch, cause });
    bed.signal();
    expect(bed.bot().why).toEqual({ permit: 2 });
    expect(intents(bed)).toEqual([]);
    expect(bed.commands.at(-1)).toMatchObject({ type: 'control.reply', id: 'c1', status: 200 });
  });

  it('finishes what is in flight when the permit closes between the legs', () => {
    const bed = startKernel();
    fire(bed);
    const latch = { all: { reason: 'drill', by: 'test', atMs: 0 }, bots: {} };
    bed.send({
      type: 'latch.changed',
      latch,
      cause: { id: 'c1', action: 'disable_live', reason: 'drill', args: {}, by: 'test', from: 'test' },
    });
    fill(bed, intents(bed)[0]!, 0.07);
    expect(intents(bed)[1]).toMatchObject({ leg: 'cex', effect: 'closing' });
  });

  it('applies a venue trade once, however often it is reported', () => {
    const bed = startKernel();
    fire(bed);
    const [dex] = intents(bed);
    fill(bed, dex!, 0.07);
    fill(bed, dex!, 0.07);
    bed.send({
      type: 'order.resolved',
      clientOrderId: dex!.clientOrderId,
      answer: { found: 'yes', report: report(dex!, 0.07, 149.1), raw: null },
    });
    expect(bed.rowsOf('fills')).toHaveLength(1);
    expect(intents(bed)).toHaveLength(2);
  });

  it('never resends an order whose outcome is unknown, and asks again until the venue proves its fate', () => {
    const bed = startKernel();
    fire(bed);
    const { clientOrderId } = intents(bed)[0]!;
    bed.send({
      type: 'order.placed',
      clientOrderId,
      answer: { outcome: 'unknown', code: 'net.timeout', reason: '5 s', raw: null },
    });
    bed.send({
      type: 'order.resolved',
      clientOrderId,
      answer: { found: 'unknown', code: 'net.timeout', reason: 'still' },
    });
    bed.pass(60_000);
    expect(intents(bed)).toHaveLength(1);
    expect(bed.commands.filter(({ type }) => type === 'order.resolve')).toHaveLength(1);
    bed.send({ type: 'order.resolved', clientOrderId, answer: { found: 'no', raw: null } });
    expect(bed.bot().why).toEqual({ not_filled: 1 });
  });

  it('unwinds what a refused CEX leg leaves open', () => {
    const bed = startKernel();
    fire(bed);
    fill(bed, intents(bed)[0]!, 0.07);
    const before = bed.commands.length;
    bed.send({
      type: 'order.placed',
      clientOrderId: intents(bed)[1]!.clientOrderId,
      answer: { outcome: 'rejected', code: '51008', reason: 'balance', raw: null },
    });
    answerPrices(bed, before);
    const unwind = intents(bed)[2]!;
    expect(unwind).toMatchObject({ leg: 'unwind', side: 'sell', qty: '0.07', effect: 'closing' });
    fill(bed, unwind, 0.07, 149.9);
    answerPrices(bed, before);
    expect(bed.bot()).toMatchObject({ state: 'idle', trades: 1 });
  });

  it('closes the permit and says so when it cannot unwind', () => {
    const bed = startKernel();
    fire(bed);
    fill(bed, intents(bed)[0]!, 0.07);
    bed.send({
      type: 'order.placed',
      clientOrderId: intents(bed)[1]!.clientOrderId,
      answer: { outcome: 'rejected', code: 'x', reason: 'no', raw: null },
    });
    bed.pass(10_000);
    expect(bed.commands).toContainEqual({
      type: 'latch.close',
      bot: 'bot:arb:SOL',
      reason: 'unwind_incomplete',
      by: 'bot:arb:SOL',
    });
    expect(bed.rowsOf('decisions', 'attempt.closed')[0]!.payload).toMatchObject({
      residual: true,
      residualBaseQty: 0.07,
    });
    expect(bed.bot()).toMatchObject({ looks: 1, trades: 0, why: { incomplete: 1 } });
    expect(bed.lines.filter((line) => /TRADE|INCOMPLETE/.test(line))).toEqual([
      expect.stringMatching(/^INCOMPLETE SOL unrealised net .*; 0\.07 SOL stay open, valued at the mid /),
    ]);
  });

  it('books the fee of a swap that landed and failed', () => {
    const bed = startKernel();
    fire(bed);
    const { clientOrderId } = intents(bed)[0]!;
    const failed = { ...report(intents(bed)[0]!, 0, 0), status: 'rejected' as const, failedChainFee: 0.00002 };
    bed.send({ type: 'order.resolved', clientOrderId, answer: { found: 'yes', report: failed, raw: null } });
    answerPrices(bed);
    expect(bed.bot()).toMatchObject({ trades: 0, why: { not_filled: 1 } });
    expect(bed.bot().ev.net).toBeCloseTo(-0.00002 * 150.015, 7);
    expect(bed.bot().ev.fees).toBe(bed.bot().ev.net);
  });

  it('starts a crashed bot anew within a second; its open look ends as crashed', () => {
    const bed = startKernel();
    bed.signal();
    bed.send({
      type: 'control',
      message: { id: 'd1', action: 'crash', target: 'arb:SOL', reason: 'drill', args: {}, by: 'test', from: 'test' },
    });
    expect(bed.bot()).toMatchObject({ state: 'down', why: { crashed: 1 } });
    bed.signal();
    bed.pass(100);
    const restarted = bed.rowsOf('crashes', 'restarted')[0]!.payload as {
      crashedAt: number;
      restartedAt: number;
      reason: string;
    };
    expect(restarted.reason).toBe('actor.drill');
    expect(restarted.restartedAt - restarted.crashedAt).toBe(100);
    expect(bed.bot()).toMatchObject({ state: 'idle', why: { crashed: 1, busy: 1 } });
  });

  it('picks up the half-done attempt of a crashed bot and unwinds it', () => {
    const bed = startKernel();
    fire(bed);
    bed.send({
      type: 'control',
      message: { id: 'd1', action: 'crash', target: 'arb:SOL', reason: 'drill', args: {}, by: 'test', from: 'test' },
    });
    bed.pass(100);
    expect(bed.bot().state).toBe('recovering');
    const before = bed.commands.length;
    fill(bed, intents(bed)[0]!, 0.07);
    expect(bed.bot().state).toBe('go.unwinding.pricing');
    answerPrices(bed, before);
    expect(intents(bed)[1]).toMatchObject({ leg: 'unwind', side: 'sell', qty: '0.07' });
    fill(bed, intents(bed)[1]!, 0.07, 149.9);
    answerPrices(bed, before);
    expect(bed.bot()).toMatchObject({ state: 'idle', looks: 1, trades: 0, why: { crashed: 1 } });
    expect(bed.rowsOf('decisions', 'attempt.closed')).toHaveLength(1);
  });

  it('asks a new gateway for the fate of every open order', () => {
    const bed = startKernel();
    fire(bed);
    bed.send({
      type: 'child.exited',
      child: 'gateway',
      incarnation: 1,
      reason: { kind: 'crash', error: { code: 'thread.lost', message: 'gone', details: {} } },
    });
    bed.pass(1000);
    expect(bed.commands).toContainEqual(expect.objectContaining({ type: 'order.resolve' }));
    expect(bed.bot().state).toBe('recovering');
  });

  it('ends every open look as run_ended when the run stops, and stops the tree from right to left', () => {
    const bed = startKernel();
    bed.signal();
    bed.send({ type: 'core.stopping', reason: 'test' });
    expect(bed.bot().why).toEqual({ run_ended: 1 });
    const stopped = bed.commands.flatMap((command) => (command.type === 'child.stop' ? [command.child] : []));
    expect(stopped).toEqual(['lane:0', 'gateway', 'journal', 'edge']);
    expect(bed.commands.at(-1)).toEqual({ type: 'core.stopped', clean: true, escalated: false });
  });

  it('waits for the legs in flight before it stops', () => {
    const bed = startKernel();
    fire(bed);
    bed.send({ type: 'core.stopping', reason: 'test' });
    expect(bed.commands.some(({ type }) => type === 'child.stop')).toBe(false);
    fill(bed, intents(bed)[0]!, 0.07);
    fill(bed, intents(bed)[1]!, 0.07, 150);
    answerPrices(bed);
    expect(bed.commands.at(-1)).toEqual({ type: 'core.stopped', clean: true, escalated: false });
    expect(bed.bot()).toMatchObject({ trades: 1, why: {} });
  });

  it('reports as not clean when an order stays unknown beyond the stop deadline', () => {
    const bed = startKernel();
    fire(bed);
    bed.send({ type: 'core.stopping', reason: 'test' });
    bed.pass(10_000);
    expect(bed.commands.at(-1)).toEqual({ type: 'core.stopped', clean: false, escalated: false });
    expect(bed.bot().why).toEqual({ run_ended: 1 });
  });

  it('refuses as stale what waited too long on its way, a last look too', () => {
    const bed = startKernel();
    bed.signal({ evaluatedAtMs: bed.nowMs() - 1_001 });
    expect(bed.bot().why).toEqual({ stale: 1 });
    bed.signal();
    bed.signal();
    const message = lastLaneMessage(bed);
    if (message.type !== 'lastLook') throw new Error('no last look was asked for');
    bed.signal({ kind: EvaluationKind.lastLook, requestId: message.requestId, evaluatedAtMs: bed.nowMs() - 1_001 });
    expect(bed.bot().why).toEqual({ stale: 1, last_look: 1 });
    expect(intents(bed)).toEqual([]);
  });

  it('keeps a permit closed that it closed itself, also when the message to the edge is lost, and sends it again', () => {
    const bed = startKernel();
    fire(bed);
    fill(bed, intents(bed)[0]!, 0.07);
    bed.send({
      type: 'order.placed',
      clientOrderId: intents(bed)[1]!.clientOrderId,
      answer: { outcome: 'rejected', code: 'x', reason: 'no', raw: null },
    });
    bed.pass(10_000);
    const sent = intents(bed).length;
    bed.signal();
    bed.signal();
    expect(intents(bed)).toHaveLength(sent);
    expect(bed.bot().permit).toBe('closed: unwind_incomplete');
    const closes = () => bed.commands.filter(({ type }) => type === 'latch.close').length;
    const before = closes();
    const error = { code: 'thread.lost' as const, message: 'gone', details: {} };
    bed.send({ type: 'child.exited', child: 'edge', incarnation: 1, reason: { kind: 'crash', error } });
    bed.pass(1_000);
    expect(closes()).toBe(before + 1);
  });

  it('refuses to stop a bot whose attempt nobody would finish', () => {
    const bed = startKernel();
    fire(bed);
    const message = { id: 's1', action: 'stop', target: 'arb:SOL', reason: '', args: {}, by: 't', from: 't' };
    bed.send({ type: 'control', message });
    expect(bed.commands.at(-1)).toMatchObject({ type: 'control.reply', status: 409 });
    expect(bed.bot().state).toBe('go.firing');
  });

  it('writes the real reason and the price that was missing into the execution log', () => {
    const bed = startKernel();
    fire(bed);
    const { clientOrderId } = intents(bed)[0]!;
    bed.send({ type: 'order.refused', clientOrderId, reason: 'permit closed' });
    answerPrices(bed);
    const line = bed.commands.flatMap((one) => (one.type === 'exec.log' ? [one.line] : []))[0]!;
    expect(line).toMatchObject({ outcome: 'permit', why: 'permit', need_delta_px: 0 });
  });

  it('counts a look that kills the chart once, as crashed', () => {
    let isDeadly = false;
    const knobs = {
      ...SOL_KNOBS,
      get nearPx() {
        if (isDeadly) throw new Error('poison');
        return 0.05;
      },
    };
    const bed = startKernel({ config: { ...TESTBED_CONFIG, bots: [{ ...TESTBED_CONFIG.bots[0]!, knobs }] } });
    isDeadly = true;
    bed.signal({ dqPx: 149.9 });
    expect(bed.bot()).toMatchObject({ state: 'down', looks: 1, why: { crashed: 1 } });
    expect(bed.rowsOf('decisions', 'look.ended')).toHaveLength(1);
    expect(bed.rowsOf('crashes', 'crash')[0]!.payload).toMatchObject({ lastEvent: { type: 'evaluated', lookId: 1 } });
    isDeadly = false;
    bed.pass(100);
    expect(bed.bot().state).toBe('idle');
  });

  it('is no clean stop while an attempt is half done, also when no order is open', () => {
    const bed = startKernel({ reconciled: false });
    const balances = (['okx', 'jupiter'] as const).flatMap((venue) =>
      ['SOL', 'USDC'].map((asset) => ({ venue, asset, free: 1000, locked: 0 })),
    );
    bed.send({ type: 'reconciled', balances, openOrders: [], failures: [] });
    fire(bed);
    const message = { id: 'd', action: 'crash', target: 'arb:SOL', reason: '', args: {}, by: 't', from: 't' };
    bed.send({ type: 'control', message });
    bed.pass(100);
    fill(bed, intents(bed)[0]!, 0.07);
    bed.send({ type: 'core.stopping', reason: 'test' });
    bed.pass(10_000);
    expect(bed.commands.at(-1)).toEqual({ type: 'core.stopped', clean: false, escalated: false });
  });

  it('answers every control message once, also what it cannot do', () => {
    const bed = startKernel();
    const ask = (action: string, target?: string) => {
      bed.send({
        type: 'control',
        message: {
          id: `${action}/${target}`,
          action,
          reason: '',
          args: {},
          by: 't',
          from: 't',
          ...(target === undefined ? {} : { target }),
        },
      });
      const reply = bed.commands.filter((command) => command.type === 'control.reply').at(-1);
      return reply?.type === 'control.reply' ? reply.status : 0;
    };
    expect(ask('getState', 'arb:SOL')).toBe(200);
    expect(ask('crash')).toBe(400);
    expect(ask('crash', 'bot:arb:DOGE')).toBe(404);
    expect(ask('dance')).toBe(400);
    expect(ask('stop', 'bot:arb:SOL')).toBe(200);
    expect(ask('crash', 'bot:arb:SOL')).toBe(409);
    expect(ask('start', 'bot:arb:SOL')).toBe(200);
    expect(bed.bot().state).toBe('idle');
  });

  it('keeps trades + Σ reasons = looks through any mix of signals, answers, crashes and time', () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('signal' as const),
        change: fc.constantFrom(
          {},
          { dqPx: 151 },
          { dqPx: 149.4 },
          { cbPx: null },
          { flags: 1 },
          { dqPx: 149.46, dqFirmPx: 149.46 },
        ),
      }),
      fc.record({
        do: fc.constantFrom(
          'lastLook' as const,
          'prices' as const,
          'crash' as const,
          'fill' as const,
          'reject' as const,
        ),
      }),
      fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 3000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const bed = startKernel();
        const answered = new Set<string>();
        let crashes = 0;
        for (const one of steps) {
          const open = intents(bed).filter(({ clientOrderId }) => !answered.has(clientOrderId));
          if (one.do === 'signal') bed.signal(one.change);
          else if (one.do === 'pass') bed.pass(one.ms);
          else if (one.do === 'lastLook' && lastLaneMessage(bed)?.type === 'lastLook') answerLastLook(bed);
          else if (one.do === 'prices') answerPrices(bed);
          else if (one.do === 'crash' && crashes < 5) {
            crashes += 1;
            bed.send({
              type: 'control',
              message: {
                id: `x${crashes}`,
                action: 'crash',
                target: 'arb:SOL',
                reason: '',
                args: {},
                by: 't',
                from: 't',
              },
            });
          } else if (one.do === 'fill' && open[0]) {
            answered.add(open[0].clientOrderId);
            fill(bed, open[0]);
          } else if (one.do === 'reject' && open[0]) {
            answered.add(open[0].clientOrderId);
            bed.send({
              type: 'order.placed',
              clientOrderId: open[0].clientOrderId,
              answer: { outcome: 'rejected', code: 'x', reason: 'no', raw: null },
            });
          }
        }
        bed.send({ type: 'core.stopping', reason: 'test' });
        bed.pass(20_000);
        const { looks, trades, why, near, auto, go } = bed.bot();
        expect(trades + Object.values(why).reduce((sum, count) => sum + count, 0)).toBe(looks);
        expect(near).toBeGreaterThanOrEqual(auto);
        expect(auto).toBeGreaterThanOrEqual(go);
        const ended = bed
          .rowsOf('decisions', 'look.ended')
          .map(({ payload }) => (payload as { lookId: number }).lookId);
        expect(new Set(ended).size).toBe(ended.length);
        expect(ended.length).toBe(looks);
      }),
      { numRuns: 150 },
    );
  });
});
