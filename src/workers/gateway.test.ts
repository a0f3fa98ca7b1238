import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LookupOutcome, OrderIntent, OrderReport, PlaceOutcome, TradePort } from '../domain/orders.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import { createGateway } from './gateway.ts';
import type { FromGateway } from './gatewayMessages.ts';
import { createLatch, setLatchWord } from './latchWords.ts';
import { createWallClock } from './wallClock.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_767_623_400_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const intent = (id: string, changes: Partial<OrderIntent> = {}): OrderIntent => ({
  clientOrderId: id,
  bot: 'arb:SOL',
  botSlot: 1,
  epoch: 1,
  attempt: 1,
  leg: 'cex',
  venue: 'okx',
  account: 'main',
  pair: 'SOL/USDT',
  side: 'sell',
  type: 'ioc',
  effect: 'opening',
  qty: '0.25',
  price: '150',
  decidedAtMs: 0,
  ...changes,
});

const report = (id: string, status: OrderReport['status']): OrderReport => ({
  clientOrderId: id,
  venueOrderId: `v-${id}`,
  status,
  filledQty: 0,
  avgPrice: null,
  fills: [],
  venueTimeMs: 1,
});
const confirmed = (id: string, status: OrderReport['status']): PlaceOutcome => ({
  outcome: 'confirmed',
  report: report(id, status),
  raw: null,
});

/** A gateway with a port whose answers the test gives: `place` waits for `answer(id, outcome)`. */
function startGateway(overrides: Partial<TradePort> = {}) {
  const sent: FromGateway[] = [];
  const calls: string[] = [];
  const pending = new Map<string, (outcome: PlaceOutcome) => void>();
  const lookups = new Map<string, LookupOutcome>();
  const counts = new Map<string, number>();
  const port: TradePort = {
    venue: 'okx',
    account: 'main',
    open: async () => {},
    place: ({ clientOrderId }) => {
      calls.push(`place ${clientOrderId}`);
      return new Promise((resolve) => pending.set(clientOrderId, resolve));
    },
    cancel: async ({ clientOrderId }) => {
      calls.push(`cancel ${clientOrderId}`);
      return { outcome: 'confirmed', raw: null };
    },
    lookup: async ({ clientOrderId }) => {
      calls.push(`lookup ${clientOrderId}`);
      return lookups.get(clientOrderId) ?? { found: 'unknown', code: 'net.cut', reason: 'cut' };
    },
    openOrders: async () => [report('njopen', 'open')],
    balances: async () => [{ venue: 'okx', asset: 'SOL', free: 1, locked: 0 }],
    close: async () => {
      calls.push('close');
    },
    ...overrides,
  };
  const latch = createLatch(4);
  const nothing = { set: () => {}, observe: () => {} };
  const metrics: MetricSink = {
    counter: (name, labels) => ({
      inc: () => {
        const key = `${name} ${Object.values(labels ?? {}).join(' ')}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      },
    }),
    gauge: () => nothing,
    histogram: () => nothing,
  };
  const gateway = createGateway({
    ports: [port],
    clock: createWallClock(),
    latch,
    metrics,
    send: (message) => sent.push(structuredClone(message)),
  });
  return {
    gateway,
    port,
    sent,
    calls,
    latch,
    lookups,
    counts,
    sends: () => calls.filter((call) => call.startsWith('place')),
    async answer(id: string, outcome: PlaceOutcome) {
      pending.get(id)!(outcome);
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

describe('placing', () => {
  it('hands the outcome over and asks no more when the answer is final', async () => {
    const { gateway, sent, calls, answer, counts } = startGateway();
    gateway.handle({ type: 'place', intent: intent('nja') });
    await answer('nja', confirmed('nja', 'expired'));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(sent).toEqual([{ type: 'placed', clientOrderId: 'nja', answer: confirmed('nja', 'expired') }]);
    expect(calls).toEqual(['place nja']);
    expect(counts.get('nightjar_orders_sent_total okx confirmed')).toBe(1);
  });

  it('follows an unknown outcome by query until it is proven, without a second send', async () => {
    const { gateway, sent, sends, answer, lookups } = startGateway();
    gateway.handle({ type: 'place', intent: intent('nja') });
    await answer('nja', { outcome: 'unknown', code: 'net.cut', reason: 'cut', raw: null });
    await vi.advanceTimersByTimeAsync(2_000);
    lookups.set('nja', { found: 'yes', report: report('nja', 'filled'), raw: null });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent.map(({ type }) => type)).toEqual(['placed', 'resolved']);
    expect(sent[1]).toMatchObject({ clientOrderId: 'nja', answer: { found: 'yes', report: { status: 'filled' } } });
    expect(sends()).toEqual(['place nja']);
  });

  it('does not believe that an acknowledged order never existed', async () => {
    const { gateway, sent, answer, lookups } = startGateway();
    lookups.set('nja', { found: 'no', raw: null });
    gateway.handle({ type: 'place', intent: intent('nja') });
    await answer('nja', confirmed('nja', 'open'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent[1]).toMatchObject({ type: 'resolved', answer: { found: 'unknown' } });
  });

  it('sends one client order id once, whenever it comes again', async () => {
    const { gateway, sent, sends, answer, counts } = startGateway();
    gateway.handle({ type: 'place', intent: intent('nja') });
    gateway.handle({ type: 'place', intent: intent('nja') });
    await answer('nja', confirmed('nja', 'filled'));
    gateway.handle({ type: 'place', intent: intent('nja') });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sends()).toEqual(['place nja']);
    expect(sent).toHaveLength(1);
    expect(counts.get('nightjar_orders_duplicate_total okx')).toBe(2);
  });

  it('keeps the order of sends per pair and lets another pair pass', async () => {
    const { gateway, sends, answer } = startGateway();
    gateway.handle({ type: 'place', intent: intent('nja') });
    gateway.handle({ type: 'place', intent: intent('njb') });
    gateway.handle({ type: 'place', intent: intent('njc', { pair: 'RAY/USDT' }) });
    expect(sends()).toEqual(['place nja', 'place njc']);
    await answer('nja', confirmed('nja', 'filled'));
    expect(sends()).toEqual(['place nja', 'place njc', 'place njb']);
  });

  it('refuses beyond its bound instead of queueing without end', () => {
    const { gateway, sent, sends } = startGateway();
    for (let i = 0; i < 300; i += 1) gateway.handle({ type: 'place', intent: intent(`nj${i}`) });
    expect(sent).toHaveLength(300 - 256);
    expect(sent[0]).toMatchObject({ type: 'refused', reason: expect.stringContaining('256') });
    expect(sends()).toHaveLength(1);
  });

  it('refuses an account that is not open here', () => {
    const { gateway, sent, sends } = startGateway();
    gateway.handle({ type: 'place', intent: intent('nja', { account: 'other' }) });
    expect(sent).toMatchObject([{ type: 'refused', reason: expect.stringContaining('okx/other') }]);
    expect(sends()).toEqual([]);
  });

  it('calls the outcome of a port that throws unknown', async () => {
    const { gateway, port, sent } = startGateway();
    port.place = async () => {
      throw new Error('bug');
    };
    gateway.handle({ type: 'place', intent: intent('nja') });
    await vi.advanceTimersByTimeAsync(0);
    expect(sent[0]).toMatchObject({ type: 'placed', answer: { outcome: 'unknown' } });
  });
});

describe('an order of which the venue knows nothing', () => {
  const no: LookupOutcome = { found: 'no', raw: null };
  const cut: PlaceOutcome = { outcome: 'unknown', code: 'net.cut', reason: 'cut', raw: null };
  const fates = (sent: readonly FromGateway[]) => sent.filter(({ type }) => type === 'resolved');

  it('is believed to be nowhere only when it was sent so long ago that the venue would refuse it', async () => {
    const { gateway, sent, answer, lookups } = startGateway({ orderGoneMs: 3_000 });
    lookups.set('nja', no);
    gateway.handle({ type: 'place', intent: intent('nja') });
    await answer('nja', cut);
    await vi.advanceTimersByTimeAsync(3_999);
    expect(fates(sent)).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_002);
    expect(fates(sent)).toMatchObject([{ clientOrderId: 'nja', answer: no }]);
  });

  it('counts its end of life from its leaving, not from the begin of its sending', async () => {
    const answers: ((outcome: PlaceOutcome) => void)[] = [];
    const leaves: (() => string | null)[] = [];
    const { gateway, sent, lookups } = startGateway({
      orderGoneMs: 3_000,
      place: (_, refusedNow) => {
        leaves.push(refusedNow!);
        return new Promise((resolve) => answers.push(resolve));
      },
    });
    lookups.set('a', { found: 'no', raw: null });
    gateway.handle({ type: 'place', intent: intent('a') });
    await vi.advanceTimersByTimeAsync(4_000);
    expect(leaves[0]!()).toBeNull();
    answers[0]!({ outcome: 'unknown', code: 'net.timeout', reason: 'no answer', raw: null });

    await vi.advanceTimersByTimeAsync(2_900);
    expect(sent.filter(({ type }) => type === 'resolved')).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sent.at(-1)).toMatchObject({ type: 'resolved', answer: { found: 'no' } });
  });

  it('may still be under way from an earlier gateway for as long after the start of this one', async () => {
    const { gateway, sent, lookups } = startGateway({ orderGoneMs: 3_000 });
    lookups.set('njold', no);
    await vi.advanceTimersByTimeAsync(1_000);
    gateway.handle({ type: 'resolve', ref: intent('njold'), deadlineMs: Date.now() + 10_000 });
    await vi.advanceTimersByTimeAsync(2_900);
    expect(fates(sent)).toEqual([]);
    lookups.set('njold', { found: 'yes', report: report('njold', 'filled'), raw: null });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(fates(sent)).toMatchObject([{ clientOrderId: 'njold', answer: { found: 'yes' } }]);
  });

  it('is not given up while it waits here for its turn', async () => {
    const { gateway, sent, lookups } = startGateway({ orderGoneMs: 3_000 });
    lookups.set('njb', no);
    gateway.handle({ type: 'place', intent: intent('nja') });
    gateway.handle({ type: 'place', intent: intent('njb') });
    gateway.handle({ type: 'resolve', ref: intent('njb'), deadlineMs: Date.now() + 9_000 });
    await vi.advanceTimersByTimeAsync(9_500);
    expect(fates(sent)).toMatchObject([{ clientOrderId: 'njb', answer: { found: 'unknown' } }]);
  });

  it('does not leave from here once that was said', async () => {
    const { gateway, sent, sends, lookups } = startGateway();
    lookups.set('nja', no);
    gateway.handle({ type: 'resolve', ref: intent('nja'), deadlineMs: Date.now() + 10_000 });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(fates(sent)).toMatchObject([{ answer: no }]);
    gateway.handle({ type: 'place', intent: intent('nja') });
    expect(sends()).toEqual([]);
  });
});

describe('the permit latch', () => {
  it.each([
    ['all', 'permit', 'opening', false],
    ['all', 'permit', 'closing', true],
    ['all', 'kill', 'opening', false],
    ['all', 'kill', 'closing', false],
    ['own', 'permit', 'opening', false],
    ['own', 'permit', 'closing', true],
    ['own', 'kill', 'closing', false],
    ['other', 'kill', 'opening', true],
  ] as const)('with %s word at %s, an order that is %s may leave: %s', (whose, level, effect, allowed) => {
    const { gateway, latch, sends, sent } = startGateway();
    setLatchWord(latch, { all: 'all', own: 1, other: 2 }[whose] as 'all' | number, level);
    gateway.handle({ type: 'place', intent: intent('nja', { effect }) });
    expect(sends()).toHaveLength(allowed ? 1 : 0);
    if (!allowed) expect(sent).toMatchObject([{ type: 'refused', clientOrderId: 'nja' }]);
  });

  it('is read when the order leaves, not when it was queued', async () => {
    const { gateway, latch, sends, sent, answer } = startGateway();
    gateway.handle({ type: 'place', intent: intent('nja') });
    gateway.handle({ type: 'place', intent: intent('njb') });
    setLatchWord(latch, 1, 'permit');
    await answer('nja', confirmed('nja', 'filled'));
    expect(sends()).toEqual(['place nja']);
    expect(sent.at(-1)).toMatchObject({ type: 'refused', clientOrderId: 'njb' });
  });

  it('never sends what it refused once, not even after it opens again', async () => {
    const { gateway, latch, sends } = startGateway();
    setLatchWord(latch, 'all', 'permit');
    gateway.handle({ type: 'place', intent: intent('nja') });
    setLatchWord(latch, 'all', 'open');
    gateway.handle({ type: 'place', intent: intent('nja') });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sends()).toEqual([]);
  });

  it('refuses a bot that has no word', () => {
    const { gateway, sends } = startGateway();
    gateway.handle({ type: 'place', intent: intent('nja', { botSlot: 99 }) });
    expect(sends()).toEqual([]);
  });

  it('lets cancels pass under a kill', async () => {
    const { gateway, latch, calls } = startGateway();
    setLatchWord(latch, 'all', 'kill');
    gateway.handle({ type: 'cancel', ref: intent('njopen') });
    await vi.advanceTimersByTimeAsync(0);
    expect(calls[0]).toBe('cancel njopen');
  });
});

describe('cancelling', () => {
  it('proves the end by query, whatever the cancel was answered', async () => {
    const { gateway, sent, lookups, calls } = startGateway();
    lookups.set('njx', { found: 'yes', report: report('njx', 'cancelled'), raw: null });
    gateway.handle({ type: 'cancel', ref: intent('njx') });
    await vi.advanceTimersByTimeAsync(10);
    expect(calls).toEqual(['cancel njx', 'lookup njx']);
    expect(sent).toMatchObject([{ type: 'resolved', answer: { report: { status: 'cancelled' } } }]);
  });

  it('waits for the answer to its own order, and drops an order that has not left yet', async () => {
    const { gateway, calls, sends, sent, answer } = startGateway();
    gateway.handle({ type: 'place', intent: intent('nja') });
    gateway.handle({ type: 'place', intent: intent('njb') });
    gateway.handle({ type: 'cancel', ref: intent('nja') });
    gateway.handle({ type: 'cancel', ref: intent('njb') });
    expect(calls).toEqual(['place nja']);
    await answer('nja', confirmed('nja', 'open'));
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toContain('cancel nja');
    expect(sends()).toEqual(['place nja']);
    expect(sent).toContainEqual({ type: 'refused', clientOrderId: 'njb', reason: 'cancelled before it was sent' });
  });
});

describe('a cancel that the core sends while the order may still wait for its commit', () => {
  it('keeps the order back whenever it comes, and ends at the venue what an earlier gateway sent', async () => {
    const { gateway, sent, calls } = startGateway();
    gateway.handle({ type: 'cancel', ref: intent('nja') });
    gateway.handle({ type: 'cancel', ref: intent('nja') });
    gateway.handle({ type: 'place', intent: intent('nja') });
    gateway.handle({ type: 'place', intent: intent('nja') });
    await vi.advanceTimersByTimeAsync(5);
    expect(sent).toEqual([{ type: 'refused', clientOrderId: 'nja', reason: 'cancelled before it was sent' }]);
    expect(calls.filter((call) => !call.startsWith('lookup'))).toEqual(['cancel nja', 'cancel nja']);
  });

  it('is silent about the order once the venue has denied it', async () => {
    const { gateway, sent, sends, lookups } = startGateway();
    lookups.set('nja', { found: 'no', raw: null });
    gateway.handle({ type: 'cancel', ref: intent('nja') });
    await vi.advanceTimersByTimeAsync(5_000);
    gateway.handle({ type: 'place', intent: intent('nja') });
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.map(({ type }) => type)).toEqual(['resolved']);
    expect(sends()).toEqual([]);
  });

  it('keeps back an order whose bytes have not left', async () => {
    let leave = () => {};
    const { gateway, sent, calls } = startGateway({
      place: async (_intent, refusedNow) => {
        await new Promise<void>((resolve) => {
          leave = resolve;
        });
        return { outcome: 'rejected', code: 'net.refused', reason: String(refusedNow!()), raw: null };
      },
    });
    gateway.handle({ type: 'place', intent: intent('nja') });
    gateway.handle({ type: 'cancel', ref: intent('nja') });
    leave();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(sent).toEqual([{ type: 'refused', clientOrderId: 'nja', reason: 'cancelled before it was sent' }]);
    expect(calls).toEqual([]);
  });
});

describe('questions', () => {
  it('gives more time to an order that is already followed instead of following it twice', async () => {
    const { gateway, sent, answer, lookups } = startGateway();
    gateway.handle({ type: 'place', intent: intent('nja') });
    await answer('nja', { outcome: 'unknown', code: 'net.cut', reason: 'cut', raw: null });
    gateway.handle({ type: 'resolve', ref: intent('nja'), deadlineMs: Date.now() + 30_000 });
    await vi.advanceTimersByTimeAsync(25_000);
    expect(sent.filter(({ type }) => type === 'resolved')).toEqual([]);
    lookups.set('nja', { found: 'yes', report: report('nja', 'filled'), raw: null });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent.filter(({ type }) => type === 'resolved')).toHaveLength(1);
  });

  it('reports balances and open orders, and names what a venue did not tell', async () => {
    const { gateway, port, sent } = startGateway();
    gateway.handle({ type: 'reconcile' });
    await vi.advanceTimersByTimeAsync(0);
    expect(sent[0]).toMatchObject({
      type: 'reconciled',
      balances: [{ asset: 'SOL' }],
      openOrders: [{ clientOrderId: 'njopen' }],
      failures: [],
    });

    port.balances = () => new Promise(() => {});
    port.openOrders = () => Promise.reject(new Error('502'));
    gateway.handle({ type: 'reconcile' });
    await vi.advanceTimersByTimeAsync(8_000);
    expect(sent[1]).toMatchObject({ balances: [], openOrders: [] });
    const { failures } = sent[1] as Extract<FromGateway, { type: 'reconciled' }>;
    expect(failures).toEqual(['okx/main balances: balances took longer than 8000 ms', 'okx/main open orders: 502']);
  });
});

describe('stopping', () => {
  it('sends nothing more, waits for the order in flight, closes the venues and says so', async () => {
    const { gateway, sent, sends, calls, answer } = startGateway();
    gateway.handle({ type: 'place', intent: intent('nja') });
    gateway.handle({ type: 'place', intent: intent('njb') });
    gateway.handle({ type: 'stop' });
    gateway.handle({ type: 'place', intent: intent('njc', { pair: 'RAY/USDT' }) });
    await vi.advanceTimersByTimeAsync(100);
    expect(calls).not.toContain('close');
    await answer('nja', confirmed('nja', 'filled'));
    await vi.advanceTimersByTimeAsync(100);
    expect(sends()).toEqual(['place nja']);
    expect(calls.at(-1)).toBe('close');
    expect(sent.at(-1)).toEqual({ type: 'stopped' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not wait for ever for an answer that never comes', async () => {
    const { gateway, sent } = startGateway();
    gateway.handle({ type: 'place', intent: intent('nja') });
    gateway.handle({ type: 'stop' });
    await vi.advanceTimersByTimeAsync(6_000);
    expect(sent.at(-1)).toEqual({ type: 'stopped' });
  });
});
