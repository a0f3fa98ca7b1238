import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fill, LookupOutcome, OrderIntent, OrderReport } from '../../domain/orders.ts';
import { EvaluationKind } from '../../strategies/arb/arbEvaluation.ts';
import type { InputPayload } from '../inputs.ts';
import { type KernelTestbed, rowSource, startKernel } from '../kernelTestbed.ts';
import { recoverState } from './recoverState.ts';
import type { RecoveryDifference } from './recoveryDifference.ts';

/** The venue's own truth: whatever arrives fills whole, once, and is remembered. */
function createVenue(arrives: (intent: OrderIntent) => boolean) {
  const reports = new Map<string, OrderReport>();
  let arrivals = 0;
  return {
    arrivals: () => arrivals,
    receive(intent: OrderIntent): OrderReport | null {
      if (!arrives(intent)) return null;
      if (reports.has(intent.clientOrderId)) throw new Error(`${intent.clientOrderId} was sent twice`);
      arrivals += 1;
      const report = filled(intent);
      reports.set(intent.clientOrderId, report);
      return report;
    },
    lookup(clientOrderId: string): LookupOutcome {
      const report = reports.get(clientOrderId);
      return report === undefined ? { found: 'no', raw: null } : { found: 'yes', report, raw: null };
    },
    netQty: () =>
      [...reports.values()]
        .flatMap(({ fills }) => fills)
        .reduce((sum, { side, qty }) => sum + (side === 'buy' ? qty : -qty), 0),
  };
}

function filled(intent: OrderIntent): OrderReport {
  const { clientOrderId, venue, pair, side } = intent;
  const qty = Number(intent.qty);
  const fill: Fill = {
    ...{ tradeId: `t-${clientOrderId}`, clientOrderId, venue, pair, side, qty, venueTimeMs: 0 },
    price: Number(intent.price ?? 149.1),
    fee: 0.00001,
    feeCurrency: venue === 'jupiter' ? 'SOL' : 'USDT',
  };
  return {
    ...{ clientOrderId, venueOrderId: `v-${clientOrderId}`, status: 'filled', filledQty: qty },
    ...{ avgPrice: fill.price, fills: [fill], venueTimeMs: 0 },
  };
}

/** Plays venue and lane until the kernel wants nothing more; a chance stands in the market for the first `tempted` rounds. */
function play(bed: KernelTestbed, venue: ReturnType<typeof createVenue>, { tempted = 0, rounds = 60 } = {}) {
  let seenCommands = 0;
  // What the dead core had committed was sent by its own gateway, as far as it arrived.
  let seenIntents = bed.rowsOf('intents').filter(({ inputSeq }) => inputSeq <= startOf(bed)).length;
  for (let round = 0; round < rounds; round += 1) {
    bed.signal(round < tempted ? {} : { dqPx: 152, dqFirmPx: 152 });
    for (; seenIntents < bed.rowsOf('intents').length; seenIntents += 1) {
      const intent = bed.rowsOf('intents')[seenIntents]!.payload as OrderIntent;
      const report = venue.receive(intent);
      const { clientOrderId } = intent;
      if (report !== null)
        bed.send({ type: 'order.placed', clientOrderId, answer: { outcome: 'confirmed', report, raw: null } });
    }
    for (; seenCommands < bed.commands.length; seenCommands += 1) {
      const command = bed.commands[seenCommands]!;
      if (command.type === 'order.resolve') {
        const { clientOrderId } = command.ref;
        bed.send({ type: 'order.resolved', clientOrderId, answer: venue.lookup(clientOrderId) });
      } else if (
        command.type === 'lane.send' &&
        (command.message.type === 'prices' || command.message.type === 'lastLook')
      ) {
        const { requestId, type } = command.message;
        bed.signal({ kind: type === 'prices' ? EvaluationKind.prices : EvaluationKind.lastLook, requestId });
      }
    }
    bed.pass(100);
  }
}

const startOf = (bed: KernelTestbed) => bed.inputs.findLast(({ kind }) => kind === 'core.started')!.seq;
const tradeIds = (bed: KernelTestbed) => bed.rowsOf('fills').map(({ payload }) => (payload as Fill).tradeId);
const unique = (values: readonly string[]) => new Set(values).size === values.length;
const stateOf = (bed: KernelTestbed) => recoverState(rowSource(bed.rows, bed.inputs));
const differenceOf = (bed: KernelTestbed) => bed.rowsOf('decisions', 'recovered').at(-1)?.payload as RecoveryDifference;

/** One attempt from the first hit to the closed books, as a healthy core makes it. */
function tradedRun(arrives: (intent: OrderIntent) => boolean = () => true) {
  const bed = startKernel();
  const venue = createVenue(arrives);
  play(bed, venue, { tempted: 8, rounds: 16 });
  return { bed, venue };
}

/** Every order that the dead core's journal holds was handed to the gateway; the venue knows those alone. */
function venueAt(bed: KernelTestbed, untilInput: number, arrives: (intent: OrderIntent) => boolean) {
  const venue = createVenue(arrives);
  for (const { inputSeq, payload } of bed.rowsOf('intents'))
    if (inputSeq <= untilInput) venue.receive(payload as OrderIntent);
  return venue;
}

function expectWhole(bed: KernelTestbed, venue: ReturnType<typeof createVenue>) {
  expect(bed.bot().state).toBe('idle');
  expect(unique(tradeIds(bed))).toBe(true);
  expect(tradeIds(bed)).toHaveLength(venue.arrivals());
  expect(venue.netQty()).toBeCloseTo(0, 9);
  expect(unique(bed.rowsOf('intents').map(({ payload }) => (payload as OrderIntent).clientOrderId))).toBe(true);
  const { looks, trades, why } = bed.bot();
  expect(trades + Object.values(why).reduce((sum, count) => sum + count, 0)).toBe(looks);
  const began = bed.rowsOf('decisions', 'attempt.began').map(({ payload }) => (payload as { number: number }).number);
  const closed = bed
    .rowsOf('decisions', 'attempt.closed')
    .map(({ payload }) => (payload as { attempt: number }).attempt);
  expect(closed).toEqual(began);
  expect(bed.kernel.view().openOrders).toBe(0);
}

describe('a core that died', () => {
  const { bed: healthy } = tradedRun();
  const lastInput = healthy.inputs.at(-1)!.seq;

  it('is followed by one that ends flat, with each fill once and each order sent once, wherever the death fell', () => {
    expect(healthy.rowsOf('decisions', 'attempt.closed').length).toBeGreaterThan(1);
    for (let untilInput = 1; untilInput <= lastInput; untilInput += 1) {
      const venue = venueAt(healthy, untilInput, () => true);
      const bed = startKernel({ after: healthy, untilInput });
      play(bed, venue);
      expectWhole(bed, venue);
      expect(differenceOf(bed), `after input ${untilInput}`).toBeDefined();
    }
  });

  it('counts an order that never arrived as nothing, and sends none again', () => {
    for (let untilInput = 1; untilInput <= lastInput; untilInput += 1) {
      const lost = new Set(stateAt(healthy, untilInput).orders.map(({ intent }) => intent.clientOrderId));
      const venue = venueAt(healthy, untilInput, ({ clientOrderId }) => !lost.has(clientOrderId));
      const bed = startKernel({ after: healthy, untilInput });
      play(bed, venue);
      expectWhole(bed, venue);
      expect(differenceOf(bed)).toMatchObject({ openOrders: lost.size, filled: 0, withoutFill: lost.size });
    }
  });

  it('may die again and again while it recovers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: lastInput }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.boolean()),
        (untilInput, deaths, luck) => {
          const fate = new Map<string, boolean>();
          const arrives = ({ clientOrderId, leg }: OrderIntent) => {
            if (!fate.has(clientOrderId)) fate.set(clientOrderId, leg === 'unwind' || luck.next().value);
            return fate.get(clientOrderId)!;
          };
          // What the dead core had heard of did arrive.
          const heard = new Set(
            healthy
              .rowsOf('fills')
              .filter((row) => row.inputSeq <= untilInput)
              .map((row) => (row.payload as Fill).clientOrderId),
          );
          for (const id of heard) fate.set(id, true);
          const venue = venueAt(healthy, untilInput, arrives);
          let bed = startKernel({ after: healthy, untilInput });
          for (const inputs of deaths) {
            const from = startOf(bed);
            play(bed, venue, { rounds: Math.ceil(inputs / 4) });
            // Orders that left were committed: the journal cannot end before the last of them.
            const lastIntent = bed.rowsOf('intents').at(-1)?.inputSeq ?? 0;
            bed = startKernel({
              after: bed,
              untilInput: Math.max(from, lastIntent, Math.min(from + inputs, bed.inputs.at(-1)!.seq)),
            });
          }
          play(bed, venue);
          expectWhole(bed, venue);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('leaves the same to recover when the next core dies before it has done anything: twice equals once', () => {
    for (let untilInput = 1; untilInput <= lastInput; untilInput += 3) {
      const once = stateAt(healthy, untilInput);
      const bed = startKernel({ after: healthy, untilInput, reconciled: false });
      const twice = stateOf(bed);
      expect(twice).toEqual(once);
    }
  });

  it('has its counters, sums and numbers continued', () => {
    const before = healthy.bot();
    const bed = startKernel({ after: healthy });
    const { looks, near, auto, go, trades, ev } = before;
    expect(bed.bot()).toMatchObject({ looks, near, auto, go, trades, ev });
    play(
      bed,
      createVenue(() => true),
      { tempted: 8, rounds: 16 },
    );
    const attempts = bed
      .rowsOf('decisions', 'attempt.began')
      .map(({ payload }) => (payload as { number: number }).number);
    expect(attempts).toEqual(attempts.map((_, index) => index + 1));
    expect(
      unique(
        bed.rowsOf('decisions', 'look.ended').map(({ payload }) => String((payload as { lookId: number }).lookId)),
      ),
    ).toBe(true);
  });

  it('is compared with the venues: what differs is told, by venue and asset', () => {
    const bed = startKernel({ after: healthy, reconciled: false });
    const expected = stateOf(healthy).stock;
    const balances = expected.map(({ venue, asset, free }) => ({ venue, asset, free, locked: 0 }));
    balances.find(({ venue, asset }) => venue === 'okx' && asset === 'SOL')!.free -= 0.07;
    bed.send({
      type: 'reconciled',
      balances: balances.slice(0, 3),
      openOrders: [],
      failures: ['okx/main balances: timeout'],
    });
    expect(differenceOf(bed)).toBeUndefined();
    bed.pass(1000);
    bed.send({ type: 'reconciled', balances, openOrders: [], failures: [] });
    expect(differenceOf(bed).balances).toEqual([{ venue: 'okx', asset: 'SOL', difference: -0.07 }]);
    expect(bed.bot().state).toBe('idle');
  });

  it('asks again after an order that was denied before it died, when the venue holds what that would explain', () => {
    const dexSent = healthy.rowsOf('intents')[0]!;
    const intent = dexSent.payload as OrderIntent;
    const { clientOrderId } = intent;
    const denying = startKernel({ after: healthy, untilInput: dexSent.inputSeq });
    denying.send({ type: 'order.resolved', clientOrderId, answer: { found: 'no', raw: null } });
    expect(denying.bot().state).toBe('idle');

    const truth = (bed: KernelTestbed, heldMore: number): InputPayload => ({
      type: 'reconciled',
      balances: stateOf(bed).stock.map(({ venue, asset, free }) => {
        const more = venue === intent.venue && asset === 'SOL' ? heldMore : 0;
        return { venue, asset, free: free + more, locked: 0 };
      }),
      openOrders: [],
      failures: [],
    });
    const asked = (bed: KernelTestbed) =>
      bed.commands.flatMap((command) => (command.type === 'order.resolve' ? [command.ref.clientOrderId] : []));
    const agreeing = startKernel({ after: denying, reconciled: false });
    agreeing.send(truth(denying, 0));
    expect(asked(agreeing)).toEqual([]);

    const bed = startKernel({ after: agreeing, reconciled: false });
    bed.send(truth(agreeing, Number(intent.qty)));
    expect(asked(bed)).toEqual([clientOrderId]);
    const found: InputPayload = {
      type: 'order.resolved',
      clientOrderId,
      answer: { found: 'yes', report: filled(intent), raw: null },
    };
    bed.send(found);
    bed.send(found);
    expect(bed.rowsOf('fills')).toMatchObject([{ kind: 'late', payload: { clientOrderId } }]);
    const evidence = bed.rowsOf('reports', 'evidence').map(({ payload }) => (payload as { kind: string }).kind);
    expect(evidence).toContain('late_fill');

    const next = startKernel({ after: bed, reconciled: false });
    next.send(truth(bed, 0.5));
    expect(asked(next)).toEqual([]);
  });

  it('had booked a part of an order: the next one books the rest, and that part never again', () => {
    const dexSent = healthy.rowsOf('intents')[0]!;
    const intent = dexSent.payload as OrderIntent;
    const { clientOrderId } = intent;
    const whole = filled(intent);
    const [one] = whole.fills;
    const parts = [
      { ...one!, tradeId: 'a', qty: 0.03 },
      { ...one!, tradeId: 'b', qty: 0.04 },
    ];
    const dying = startKernel({ after: healthy, untilInput: dexSent.inputSeq });
    const partly: OrderReport = { ...whole, status: 'open', filledQty: 0.03, fills: parts.slice(0, 1) };
    dying.send({ type: 'order.resolved', clientOrderId, answer: { found: 'yes', report: partly, raw: null } });
    expect(tradeIds(dying)).toEqual(['a']);
    const bed = startKernel({ after: dying });
    expect(tradeIds(bed)).toEqual(['a']);
    const report: OrderReport = { ...whole, fills: parts };
    bed.send({ type: 'order.resolved', clientOrderId, answer: { found: 'yes', report, raw: null } });
    expect(tradeIds(bed)).toEqual(['a', 'b']);
    play(
      bed,
      createVenue(() => true),
    );
    const unwound = bed.rowsOf('intents').at(-1)!.payload as OrderIntent;
    expect(unwound).toMatchObject({ leg: 'unwind', side: 'sell', qty: '0.07' });
  });

  it('keeps the next one from trading until every fate is known and the venues were asked after that', () => {
    const dexSent = healthy.rowsOf('intents')[0]!;
    const bed = startKernel({ after: healthy, untilInput: dexSent.inputSeq });
    expect(bed.bot().state).toBe('recovering');
    bed.signal();
    expect(bed.rowsOf('intents')).toHaveLength(1);
    const { clientOrderId } = dexSent.payload as OrderIntent;
    const asked = bed.commands.filter(({ type }) => type === 'order.resolve');
    expect(asked).toMatchObject([{ ref: { clientOrderId } }]);
    const reconciles = bed.commands.filter(({ type }) => type === 'gateway.reconcile').length;
    bed.send({ type: 'order.resolved', clientOrderId, answer: { found: 'unknown', code: 'deadline', reason: 'cut' } });
    expect(bed.bot().state).toBe('recovering');
    bed.send({
      type: 'order.resolved',
      clientOrderId,
      answer: { found: 'yes', report: filled(dexSent.payload as OrderIntent), raw: null },
    });
    expect(bed.commands.filter(({ type }) => type === 'gateway.reconcile').length).toBe(reconciles + 1);
    expect(bed.bot().state).toBe('go.unwinding.pricing');
  });
});

const stateAt = (bed: KernelTestbed, untilInput: number) =>
  recoverState(
    rowSource(
      bed.rows.filter(({ inputSeq }) => inputSeq <= untilInput),
      bed.inputs.filter(({ seq }) => seq <= untilInput),
    ),
  );
