import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fill, LookupOutcome, OrderRef, OrderReport, TradePort } from '../domain/orders.ts';
import type { Clock } from '../domain/ports.ts';
import { isFinal, type ResolveOptions, resolveOutcome, withoutEarlyEnd } from './tradePort.ts';

const ref: OrderRef = { clientOrderId: 'nj1', venue: 'okx', account: 'main', pair: 'SOL/USDT', type: 'ioc' };

const fill = (tradeId: string, qty: number): Fill => ({
  tradeId,
  clientOrderId: 'nj1',
  venue: 'okx',
  pair: 'SOL/USDT',
  side: 'sell',
  price: 150,
  qty,
  fee: 0,
  feeCurrency: 'USDT',
  venueTimeMs: 1,
});

const report = (status: OrderReport['status'], filledQty = 0, fills: readonly Fill[] = []): OrderReport => ({
  clientOrderId: 'nj1',
  venueOrderId: '7',
  status,
  filledQty,
  avgPrice: filledQty > 0 ? 150 : null,
  fills,
  venueTimeMs: 1,
});
const yes = (found: OrderReport): LookupOutcome => ({ found: 'yes', report: found, raw: null });
const no: LookupOutcome = { found: 'no', raw: null };
const trouble: LookupOutcome = { found: 'unknown', code: 'net.timeout', reason: 'no answer' };

beforeEach(() => {
  vi.useFakeTimers({ now: 1_767_623_400_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const clock: Clock = {
  nowMs: () => Date.now(),
  after: (delayMs, fn) => {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
  every: (periodMs, fn) => {
    const timer = setInterval(fn, periodMs);
    return () => clearInterval(timer);
  },
};

/** Answers lookups from the list, its last entry for ever; `hang` never answers. */
function startResolving(answers: (LookupOutcome | 'hang' | 'throw')[], options: Partial<ResolveOptions> = {}) {
  let lookups = 0;
  const port = {
    lookup: () => {
      const answer = answers[Math.min(lookups, answers.length - 1)]!;
      lookups += 1;
      if (answer === 'hang') return new Promise<LookupOutcome>(() => {});
      return answer === 'throw' ? Promise.reject(new Error('broken')) : Promise.resolve(answer);
    },
  } as unknown as TradePort;
  const state: { outcome: LookupOutcome | null } = { outcome: null };
  const all = { clock, deadlineMs: Date.now() + 10_000, pollMs: 50, ...options };
  void resolveOutcome(port, ref, all).then((outcome) => {
    state.outcome = outcome;
  });
  return { state, lookups: () => lookups };
}

describe('resolving an order', () => {
  it.each(['filled', 'cancelled', 'expired', 'rejected'] as const)(
    'ends with %s at the first lookup that says so',
    async (status) => {
      const { state, lookups } = startResolving([yes(report(status))]);
      await vi.advanceTimersByTimeAsync(0);
      expect(state.outcome).toMatchObject({ found: 'yes', report: { status } });
      expect(lookups()).toBe(1);
    },
  );

  it('goes on while the order is open and while fills of an ended order are missing', async () => {
    const { state } = startResolving([
      yes(report('open')),
      yes(report('filled', 2, [fill('a', 1)])),
      yes(report('filled', 2, [fill('a', 1), fill('b', 1)])),
    ]);
    await vi.advanceTimersByTimeAsync(60);
    expect(state.outcome).toBeNull();
    await vi.advanceTimersByTimeAsync(100);
    expect(state.outcome).toMatchObject({ found: 'yes', report: { fills: [{ tradeId: 'a' }, { tradeId: 'b' }] } });
  });

  it('believes that an order never arrived only after three noes over a second', async () => {
    const { state, lookups } = startResolving([no]);
    await vi.advanceTimersByTimeAsync(900);
    expect(lookups()).toBeGreaterThan(3);
    expect(state.outcome).toBeNull();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(state.outcome).toEqual(no);
  });

  it('counts only the noes that were asked for when the request could no longer arrive', async () => {
    const startMs = Date.now();
    const { state, lookups } = startResolving([no], { absentFromMs: () => startMs + 3_000 });
    await vi.advanceTimersByTimeAsync(3_999);
    expect(lookups()).toBeGreaterThan(5);
    expect(state.outcome).toBeNull();
    // The first that counts is asked at 3 s sharp, so that the proof takes no longer than it must.
    await vi.advanceTimersByTimeAsync(2);
    expect(state.outcome).toEqual(no);
  });

  it('finds an order that arrives after more noes than it believes', async () => {
    const startMs = Date.now();
    const noes = Array<LookupOutcome>(8).fill(no);
    const { state } = startResolving([...noes, yes(report('filled'))], { absentFromMs: () => startMs + 3_000 });
    await vi.advanceTimersByTimeAsync(4_000);
    expect(state.outcome).toMatchObject({ found: 'yes', report: { status: 'filled' } });
  });

  it('finds an order that the venue denied at first', async () => {
    const { state } = startResolving([no, no, no, no, yes(report('filled'))]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(state.outcome).toMatchObject({ found: 'yes' });
  });

  it.each([
    ['the venue has shown the order', yes(report('open'))],
    ['a lookup has failed', trouble],
  ])('starts the count of noes anew when %s in between', async (_, between) => {
    const { state } = startResolving([no, no, ...Array<LookupOutcome>(9).fill(between), no, no, trouble]);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(state.outcome).toBeNull();
  });

  it('never takes trouble for a no, however often', async () => {
    const { state, lookups } = startResolving([trouble, 'throw', trouble], { deadlineMs: Date.now() + 600_000 });
    await vi.advanceTimersByTimeAsync(599_000);
    expect(lookups()).toBeGreaterThan(500);
    expect(state.outcome).toBeNull();
    await vi.advanceTimersByTimeAsync(1_001);
    expect(state.outcome).toEqual({ found: 'unknown', code: 'deadline', reason: 'net.timeout: no answer' });
  });

  it('never believes a no about an order that the venue has confirmed', async () => {
    const { state } = startResolving([no], { acknowledged: true });
    await vi.advanceTimersByTimeAsync(9_999);
    expect(state.outcome).toBeNull();
    await vi.advanceTimersByTimeAsync(1);
    expect(state.outcome).toMatchObject({ found: 'unknown', reason: 'a confirmed order is not found' });
  });

  it('ends at the deadline also when a lookup hangs', async () => {
    const { state } = startResolving(['hang']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(state.outcome).toEqual({ found: 'unknown', code: 'deadline', reason: 'no lookup was answered' });
  });

  it('takes an order on the book for an answer where that is enough', async () => {
    const { state } = startResolving([yes(report('open'))], { restingIsEnough: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(state.outcome).toMatchObject({ found: 'yes', report: { status: 'open' } });
  });

  it('hands over at the deadline what it knows of an order that is still open', async () => {
    const partial = yes(report('open', 1, [fill('a', 1)]));
    const { state } = startResolving([yes(report('open')), partial]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(state.outcome).toEqual(partial);
    const silent = startResolving([partial, trouble]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(silent.state.outcome).toMatchObject({ found: 'unknown', code: 'deadline' });
  });

  it('stops asking when aborted', async () => {
    const abort = new AbortController();
    const { state, lookups } = startResolving([trouble], { abort: abort.signal });
    await vi.advanceTimersByTimeAsync(200);
    const before = lookups();
    abort.abort();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(state.outcome).toMatchObject({ found: 'unknown', code: 'stopped' });
    expect(lookups()).toBe(before);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an ended order without its fills', () => {
  it('counts as open until they are listed', () => {
    const early = report('cancelled', 0.3, [fill('a', 0.1)]);
    expect(isFinal(early)).toBe(false);
    expect(withoutEarlyEnd(early).status).toBe('open');
    const whole = report('cancelled', 0.3, [fill('a', 0.1), fill('b', 0.1), fill('c', 0.1)]);
    expect(isFinal(whole)).toBe(true);
    expect(withoutEarlyEnd(whole)).toBe(whole);
  });
});
