import { describe, expect, it } from 'vitest';
import type { HttpRequest, HttpResponse, Transport } from '../domain/ports.ts';
import { budgetedTransport } from './budgetedTransport.ts';
import { createSteppedClock } from './feedTestbed.ts';
import { createRateWords, RateBudget } from './rateBudget.ts';
import { RATE_SCOPES, type RateCall, type RatePriority, rateCallOf } from './rateLimits.ts';

const START_MS = 1_790_000_040_000;
const endpoints = {
  binance: { rest: 'http://bn', ws: '' },
  okx: { rest: 'http://okx', ws: '' },
  bybit: { rest: 'http://by', ws: '' },
  jupiter: { rest: 'http://jup' },
};
const spot = RATE_SCOPES.findIndex(({ name }) => name === 'binance spot');
const callOf = (priority: RatePriority, weight = 50): RateCall => ({ venue: 'binance', scope: spot, weight, priority });

/** Takes until it is refused. */
function drain(budget: RateBudget, priority: RatePriority, nowMs: number, weight = 50): number {
  let taken = 0;
  while (budget.take(callOf(priority, weight), nowMs).waitMs === 0) taken += weight;
  return taken;
}

describe('the request budget of a venue', () => {
  it('leaves each priority what those after it cannot use up, and cancels pass when all is gone', () => {
    const budget = new RateBudget(createRateWords());
    const order = ['data', 'open', 'reconcile', 'hedge'] as const;
    const taken = order.map((priority) => drain(budget, priority, START_MS));
    for (const more of taken) expect(more).toBeGreaterThan(0);
    expect(order.map((priority) => budget.take(callOf(priority), START_MS).because)).toEqual(order.map(() => 'full'));
    for (let i = 0; i < 100; i += 1) expect(budget.take(callOf('cancel'), START_MS).waitMs).toBe(0);
  });

  it('lets no window above the limit, whatever is asked for and however often', () => {
    const budget = new RateBudget(createRateWords());
    const sent: { atMs: number; weight: number }[] = [];
    for (let atMs = START_MS; atMs < START_MS + 180_000; atMs += 250) {
      for (const priority of ['hedge', 'reconcile', 'open', 'data'] as const) {
        while (budget.take(callOf(priority, 7), atMs).waitMs === 0) sent.push({ atMs, weight: 7 });
      }
    }
    let [from, sum, worst] = [0, 0, 0];
    for (const { atMs, weight } of sent) {
      sum += weight;
      for (; sent[from]!.atMs <= atMs - 60_000; from += 1) sum -= sent[from]!.weight;
      worst = Math.max(worst, sum);
    }
    expect(worst).toBeLessThanOrEqual(6_000);
    expect(worst).toBeGreaterThan(4_500);
  });

  it('is one for all threads: what one takes, the other has not', () => {
    const words = createRateWords();
    drain(new RateBudget(words), 'open', START_MS);
    expect(new RateBudget(words).take(callOf('open'), START_MS).because).toBe('full');
    expect(new RateBudget(words).taken(spot, START_MS)).toBeGreaterThan(700);
  });

  it('believes a server that has counted more: the rest of its minute is all there is', () => {
    const budget = new RateBudget(createRateWords());
    budget.serverCounted(spot, 5_600, START_MS);
    const leftMs = 60_000 - (START_MS % 60_000);
    let taken = 0;
    for (let ms = 0; ms < leftMs; ms += 100) taken += drain(budget, 'hedge', START_MS + ms);
    expect(taken).toBeLessThanOrEqual(400);
    expect(drain(budget, 'hedge', START_MS + leftMs + 20_000)).toBeGreaterThan(400);
  });

  it('weighs requests as the venues do', () => {
    const weightOf = (method: HttpRequest['method'], url: string, more: Partial<HttpRequest> = {}) => {
      const call = rateCallOf({ method, url, ...more }, endpoints);
      return call === null ? null : [RATE_SCOPES[call.scope]!.name, call.weight, call.priority];
    };
    expect(weightOf('GET', 'http://bn/api/v3/depth?symbol=A&limit=1000')).toEqual(['binance spot', 50, 'data']);
    expect(weightOf('GET', 'http://bn/api/v3/depth?symbol=A&limit=5')).toEqual(['binance spot', 5, 'data']);
    expect(weightOf('GET', 'http://bn/api/v3/openOrders')).toEqual(['binance spot', 80, 'reconcile']);
    expect(weightOf('GET', 'http://bn/fapi/v1/depth?limit=1000')).toEqual(['binance futures', 20, 'data']);
    expect(weightOf('DELETE', 'http://bn/api/v3/order', { isOrder: true })).toEqual(['binance spot', 4, 'cancel']);
    const order = { isOrder: true, isOpening: true };
    expect(weightOf('POST', 'http://okx/api/v5/trade/batch-orders', order)).toEqual(['okx trade', 1, 'open']);
    expect(weightOf('POST', 'http://by/v5/order/create', { isOrder: true })).toEqual(['bybit', 1, 'hedge']);
    expect(weightOf('POST', 'http://by/v5/order/cancel', { isOrder: true })).toEqual(['bybit', 1, 'cancel']);
    expect(weightOf('GET', 'http://jup/quote')).toBeNull();
  });
});

describe('a transport behind the budget', () => {
  const answer = (status: number, text = '{}', headers: Record<string, string> = {}): HttpResponse => ({
    ...{ status, headers, body: new TextEncoder().encode(text) },
  });
  function start(reply: () => HttpResponse) {
    const clock = createSteppedClock(START_MS);
    const budget = new RateBudget(createRateWords());
    const seen: string[] = [];
    const inner = {
      request: async ({ method, url }: HttpRequest) => {
        seen.push(`${method} ${url}`);
        return reply();
      },
    } as Transport;
    const transport = budgetedTransport(inner, { budget, clock, endpoints, onBan: () => {} });
    const ask = (url: string, more: Partial<HttpRequest> = {}) =>
      transport.request({ method: 'GET', url, timeoutMs: 5_000, ...more }).then(
        ({ status }) => status,
        ({ code }) => code as string,
      );
    return { clock, budget, seen, ask };
  }

  it.each([
    [
      'a 429 with Retry-After',
      'http://bn/api/v3/time',
      answer(429, '{"code":-1003,"msg":"x"}', { 'retry-after': '7' }),
      7_000,
    ],
    [
      'OKX’s code in a 200',
      'http://okx/api/v5/market/books',
      answer(200, '{"code":"50011","msg":"x","data":[]}'),
      1_000,
    ],
    ['Bybit’s code in a 200', 'http://by/v5/market/time', answer(200, '{"retCode":10006,"retMsg":"x"}'), 1_000],
  ])('keeps the venue quiet for all threads after %s, except for cancels', async (_, url, reply, quietMs) => {
    const { clock, seen, ask } = start(() => reply);
    await ask(url);
    await clock.step(quietMs - 10);
    expect(await ask(url)).toBe('venue.rate-limited');
    expect(seen).toHaveLength(1);
    await ask(url, { method: 'DELETE' });
    expect(seen).toHaveLength(2);
    await clock.step(quietMs + 20);
    await ask(url);
    expect(seen).toHaveLength(3);
  });

  it('reads the end of a ban from the words, and sends nothing at all until then', async () => {
    const text = `{"code":-1003,"msg":"Way too much request weight used; IP banned until ${START_MS + 400_000}. x"}`;
    const { clock, seen, ask } = start(() => answer(418, text));
    await ask('http://bn/api/v3/time');
    await clock.step(399_000);
    expect(await ask('http://bn/api/v3/order', { method: 'DELETE' })).toBe('venue.rate-limited');
    expect(seen).toHaveLength(1);
    await clock.step(1_001);
    await ask('http://bn/api/v3/time');
    expect(seen).toHaveLength(2);
  });

  it('waits for its place where that is near, and not with an order', async () => {
    const { clock, budget, seen, ask } = start(() => answer(200));
    drain(budget, 'data', START_MS);
    const waiting = ask('http://bn/api/v3/depth?limit=1000');
    expect(seen).toHaveLength(0);
    await clock.step(2_000);
    expect(await waiting).toBe(200);
    drain(budget, 'hedge', clock.nowMs(), 1);
    expect(await ask('http://bn/api/v3/order', { method: 'POST', isOrder: true })).toBe('venue.rate-limited');
  });
});
