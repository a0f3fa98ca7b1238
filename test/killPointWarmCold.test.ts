import { describe, expect, it } from 'vitest';
import { type KernelTestbed, rowSource, startKernel } from '../src/core/kernelTestbed.ts';
import { recoverState } from '../src/core/recovery/recoverState.ts';
import { NightjarError } from '../src/domain/errors.ts';
import type { Venue } from '../src/domain/instruments.ts';
import type { Balance, Fill, LookupOutcome, OrderIntent, OrderReport } from '../src/domain/orders.ts';
import { EvaluationKind } from '../src/strategies/arb/arbEvaluation.ts';

/** Orders of one attempt: the swap, and the sale on the CEX that follows it. */
const MOST_ORDERS = 2;
const HELD = ['okx', 'binance', 'bybit', 'jupiter'].flatMap((venue) =>
  ['SOL', 'USDT', 'USDC'].map((asset) => `${venue} ${asset}`),
);

/** What the venues hold: each order that reached them, filled whole. `cut` loses the answer of that order, and all later ones. */
function createVenue(cut: number) {
  const reports = new Map<string, OrderReport>();
  return {
    cut,
    receive(intent: OrderIntent): OrderReport {
      const report = filled(intent);
      reports.set(intent.clientOrderId, report);
      return report;
    },
    lookup(clientOrderId: string): LookupOutcome {
      const report = reports.get(clientOrderId);
      return report === undefined ? { found: 'no', raw: null } : { found: 'yes', report, raw: null };
    },
    orders: () => reports.size,
    /** Ten thousand of each asset everywhere, moved by what was filled. */
    balances: () => {
      const free = new Map(HELD.map((key) => [key, 10_000]));
      const add = (key: string, amount: number) => free.set(key, (free.get(key) ?? 0) + amount);
      for (const { venue, pair, side, qty, price, fee, feeCurrency } of [...reports.values()].flatMap(
        ({ fills }) => fills,
      )) {
        const [base, quote] = pair.split('/') as [string, string];
        const sign = side === 'buy' ? 1 : -1;
        add(`${venue} ${base}`, sign * qty);
        // A swap is paid in USDC whatever the pair is called.
        add(`${venue} ${venue === 'jupiter' ? 'USDC' : quote}`, -sign * qty * price);
        add(`${venue} ${feeCurrency}`, -fee);
      }
      return [...free].map(([key, amount]): Balance => {
        const [venue, asset] = key.split(' ') as [Venue, string];
        return { venue, asset, free: amount, locked: 0 };
      });
    },
  };
}

function filled(intent: OrderIntent): OrderReport {
  const { clientOrderId, venue, pair, side } = intent;
  const fill: Fill = {
    ...{ tradeId: `t-${clientOrderId}`, clientOrderId, venue, pair, side, qty: Number(intent.qty), venueTimeMs: 0 },
    ...{ price: Number(intent.price ?? 149.1), fee: 0.00001, feeCurrency: venue === 'jupiter' ? 'SOL' : 'USDT' },
  };
  return {
    ...{ clientOrderId, venueOrderId: `v-${clientOrderId}`, status: 'filled', filledQty: fill.qty },
    ...{ avgPrice: fill.price, fills: [fill], venueTimeMs: 0 },
  };
}

type Venues = ReturnType<typeof createVenue>;

/** Venue, gateway and lane around the kernel, one turn after another; what was done is remembered over cores. */
function createWorld(venue: Venues) {
  let intents = 0;
  const answered = new WeakMap<KernelTestbed, number>();
  return {
    /** @param until  asked after each turn */
    play(bed: KernelTestbed, options: { readonly tempted: boolean; readonly until: () => boolean }): void {
      for (let turn = 0; turn < 80 && !options.until(); turn += 1) {
        bed.signal(options.tempted ? {} : { dqPx: 152, dqFirmPx: 152 });
        while (intents < bed.rowsOf('intents').length) {
          const intent = bed.rowsOf('intents')[intents]!.payload as OrderIntent;
          intents += 1;
          const report = venue.receive(intent);
          const { clientOrderId } = intent;
          // Here the answer is lost, with whoever waited for it.
          if (options.tempted && venue.orders() >= venue.cut) return;
          bed.send({ type: 'order.placed', clientOrderId, answer: { outcome: 'confirmed', report, raw: null } });
        }
        for (let next = answered.get(bed) ?? 0; next < bed.commands.length; next += 1) {
          answered.set(bed, next + 1);
          answer(bed, bed.commands[next]!, venue, options.tempted);
        }
        bed.pass(100);
      }
    },
  };
}

function answer(bed: KernelTestbed, command: KernelTestbed['commands'][number], venue: Venues, isCut: boolean): void {
  if (command.type === 'gateway.reconcile') {
    bed.send({ type: 'reconciled', balances: venue.balances(), openOrders: [], failures: [] });
  } else if (command.type === 'order.resolve' && !isCut) {
    const { clientOrderId } = command.ref;
    bed.send({ type: 'order.resolved', clientOrderId, answer: venue.lookup(clientOrderId) });
  } else if (command.type === 'lane.send') {
    const { message } = command;
    if (message.type !== 'prices' && message.type !== 'lastLook') return;
    const kind = message.type === 'prices' ? EvaluationKind.prices : EvaluationKind.lastLook;
    bed.signal({ kind, requestId: message.requestId });
  }
}

/** A run up to the moment in which order `cut` of its attempt is at the venue and nobody has heard what became of it. */
function runUntilCut(cut: number) {
  const venue = createVenue(cut);
  const world = createWorld(venue);
  const bed = startKernel({ reconciled: false });
  world.play(bed, { tempted: true, until: () => venue.orders() >= cut });
  expect(venue.orders()).toBe(cut);
  return { bed, venue, world };
}

const hasSettled = (bed: KernelTestbed) =>
  bed.bot().state === 'idle' &&
  bed.kernel.view().openOrders === 0 &&
  bed.rowsOf('decisions', 'attempt.closed').length > 0;

/** To the end: nothing open, the attempt closed, the bot at rest. */
function settle(bed: KernelTestbed, { world }: Pick<ReturnType<typeof runUntilCut>, 'world'>): KernelTestbed {
  world.play(bed, { tempted: false, until: () => hasSettled(bed) });
  expect(hasSettled(bed)).toBe(true);
  return bed;
}

const gatewayDies = (bed: KernelTestbed) => {
  const error = new NightjarError('thread.lost', 'killed').toPlain();
  const { incarnation } = bed.commands.findLast(
    (command) => command.type === 'child.start' && command.child === 'gateway',
  ) as { readonly incarnation: number };
  bed.send({ type: 'child.exited', child: 'gateway', incarnation, reason: { kind: 'crash', error } });
  bed.pass(200);
};

/** What a person would ask afterwards; nothing of how it came about. */
function books(bed: KernelTestbed) {
  const { trades, ev } = bed.bot();
  const round = (value: number) => Number(value.toFixed(8));
  return {
    fills: bed.rowsOf('fills').map(({ payload }) => {
      const { tradeId, side, qty, price } = payload as Fill;
      return { tradeId: tradeId.replace(/\d+$/, ''), side, qty, price };
    }),
    stock: bed.kernel.view().stock.map((one) => ({ ...one, free: round(one.free) })),
    attempts: bed.rowsOf('decisions', 'attempt.closed').map(({ payload }) => {
      const { attempt, net, residual } = payload as { attempt: number; net: number; residual: boolean };
      return { attempt, net: round(net), residual };
    }),
    trades,
    net: round(ev.net),
    open: bed.kernel.view().openOrders,
  };
}

describe.each(Array.from({ length: MOST_ORDERS }, (_, index) => index + 1))(
  'with order %i at the venue, unheard of',
  (cut) => {
    it('a live core whose gateway died and a core started anew come to the same books: warm equals cold', () => {
      const warm = runUntilCut(cut);
      gatewayDies(warm.bed);
      settle(warm.bed, warm);
      const cold = runUntilCut(cut);
      const restarted = settle(startKernel({ after: cold.bed, reconciled: false }), cold);
      expect(books(restarted).attempts).toHaveLength(1);
      expect(books(restarted)).toEqual(books(warm.bed));
      expect(restarted.incarnation).toBe(2);
    });

    it('a core that dies again at any input of its recovery leaves the same books as one that does not: twice equals once', () => {
      const single = runUntilCut(cut);
      const once = settle(startKernel({ after: single.bed, reconciled: false }), single);
      const expected = books(once);
      const began = single.bed.inputs.at(-1)!.seq;
      let deaths = 0;
      for (let untilInput = began + 1; untilInput <= once.inputs.at(-1)!.seq; untilInput += 1) {
        const twice = runUntilCut(cut);
        const second = settle(startKernel({ after: twice.bed, reconciled: false }), twice);
        // What had left the dead core was committed: its journal cannot end before that.
        const lastIntent = second.rowsOf('intents').at(-1)!.inputSeq;
        const third = startKernel({
          ...{ after: second, untilInput: Math.max(untilInput, lastIntent), reconciled: false },
        });
        expect(books(settle(third, twice)), `second death after input ${untilInput}`).toEqual(expected);
        deaths += 1;
      }
      expect(deaths).toBeGreaterThan(5);
    });

    it('two recoveries of the same rows begin with the same state', () => {
      const { bed } = runUntilCut(cut);
      const once = recoverState(rowSource(bed.rows, bed.inputs));
      const again = startKernel({ after: bed, reconciled: false });
      expect(recoverState(rowSource(again.rows, again.inputs))).toEqual(once);
      expect(once.orders).toHaveLength(1);
    });
  },
);
