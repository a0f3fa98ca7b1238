import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { CEX_VENUES, type CexVenue } from '../src/domain/instruments.ts';
import type { HttpRequest, HttpResponse, Transport, VenueEndpoints } from '../src/domain/ports.ts';
import { createRandom } from '../src/domain/random.ts';
import { BookAudit } from '../src/venues/bookAudit.ts';
import { budgetedTransport } from '../src/venues/budgetedTransport.ts';
import { createSteppedClock, startFeed, testInstrument } from '../src/venues/feedTestbed.ts';
import type { FrameDecoder } from '../src/venues/frameDecoder.ts';
import { OpenInterestPoll } from '../src/venues/openInterestPoll.ts';
import { createRateWords, RateBudget } from '../src/venues/rateBudget.ts';
import { RATE_SCOPES, rateCallOf } from '../src/venues/rateLimits.ts';
import { checkLoad, loadText, planLoad } from '../src/venues/ratePlan.ts';
import { SnapshotFetcher } from '../src/venues/snapshotFetcher.ts';
import type { PricedBook } from '../src/venues/venueFeed.ts';
import { budgetedBy, openRateShare, readBans } from '../src/workers/venueBans.ts';
import { type SeenRequest, startScriptedVenue } from './gatewayScriptedVenue.ts';
import { newDataDir, nightjar } from './nightjarProcess.ts';

const endpoints: VenueEndpoints = {
  binance: { rest: 'http://bn', ws: 'ws://bn' },
  okx: { rest: 'http://okx', ws: 'ws://okx' },
  bybit: { rest: 'http://by', ws: 'ws://by' },
  jupiter: { rest: 'http://jup' },
};
const START_MS = 1_790_000_000_000;
const utf8 = new TextEncoder();
const answerOf = (status: number, body: unknown, headers: Record<string, string> = {}): HttpResponse => ({
  ...{ status, headers, body: utf8.encode(JSON.stringify(body)) },
});
const ask = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  ...{ method: 'GET', url, timeoutMs: 5_000 },
  ...more,
});

describe('C8: messages that grow old on the way', () => {
  const depth = (u: number, venueMs: number) => ({
    stream: 'solusdt@depth@100ms',
    data: { e: 'depthUpdate', E: venueMs, s: 'SOLUSDT', U: u, u, b: [['150.00', `${u}.000`]], a: [] },
  });

  /** A book that is live, with one change each 100 ms, each so much later than made as `lateMs` says. */
  async function startStream() {
    const world = startFeed('binance');
    const { network, clock, feed } = world;
    network.open();
    network.say(depth(100, clock.nowMs() - 40), depth(101, clock.nowMs() - 40));
    await clock.step(1);
    const levels = { bids: [['150.00', '2.000']], asks: [['150.01', '3.000']] };
    network.requests[0]!.answer(200, { lastUpdateId: 100, ...levels });
    await clock.step(1);
    expect(feed.book.trust).toBe('live');
    let u = 101;
    const run = async (messages: number, lateMs: (i: number) => number) => {
      for (let i = 0; i < messages; i += 1) {
        await clock.step(100);
        u += 1;
        network.say(depth(u, clock.nowMs() - 40 - lateMs(i)));
      }
    };
    return { ...world, run };
  }

  it('pauses the book at the first message that is a second late, ages it, and prices again once they come in time', async () => {
    const { feed, clock, run } = await startStream();
    await run(20, () => 0);
    // Half of what the venue says in each moment is left behind: after 2 s the stream is 1 s old.
    await run(19, (i) => i * 50);
    expect(feed.book.trust).toBe('live');
    expect(feed.ageMs(clock.nowMs())).toBeCloseTo(900, 0);
    await run(3, (i) => (i + 19) * 50);
    expect(feed.book.trust).toBe('stale');
    expect(feed.book.bestBidPx()).toBeNaN();
    await run(60, (i) => (i + 22) * 50);
    expect(feed.book.trust).toBe('stale');
    expect(feed.ageMs(clock.nowMs())).toBeGreaterThan(4_000);
    await run(5, () => 0);

    expect(feed.book.trust).toBe('live');
    // Kept in step all the while: no snapshot was needed.
    expect(feed.counters).toMatchObject({ late: 1, resyncs: 0, gaps: 0 });
    expect(feed.ageMs(clock.nowMs())).toBeLessThan(50);
  });

  it('is not deceived by a venue’s clock that is wrong, or is set: neither age nor trust follow it', async () => {
    const { feed, clock, run } = await startStream();
    for (const offsetMs of [0, -90_000, 45_000, -3_000, 3_000]) {
      await run(10, () => offsetMs);
      expect(feed.book.trust).toBe('live');
      expect(Math.abs(feed.ageMs(clock.nowMs()))).toBeLessThan(50);
    }
    expect(feed.counters.late).toBe(0);
  });
});

describe('C10: the sequence is right and the content wrong', () => {
  const audits = (requests: ReturnType<typeof startFeed>['network']['requests']) =>
    requests.filter(({ request }) => request.url.includes('limit=5'));

  async function startAudited(truth: () => { bid: string; ask: string }) {
    const world = startFeed('bybit');
    const { network, clock } = world;
    network.open();
    const frame = (type: string, u: number, b: string[][]) => ({
      ...{ topic: 'orderbook.200.SOLUSDT', type, ts: clock.nowMs(), cts: clock.nowMs() },
      data: { s: 'SOLUSDT', b, a: type === 'snapshot' ? [['150.02', '3']] : [], u, seq: u },
    });
    let u = 1_000;
    network.say(frame('snapshot', u, [['150.00', '2']]));
    let answered = 0;
    const runMs = async (ms: number) => {
      for (let done = 0; done < ms; done += 500) {
        await clock.step(500);
        u += 1;
        network.say(frame('delta', u, [['150.00', String(2 + (u % 7))]]));
        for (const { answer } of audits(network.requests).slice(answered)) {
          answered += 1;
          const { bid, ask } = truth();
          answer(200, { retCode: 0, retMsg: 'OK', result: { s: 'SOLUSDT', b: [[bid, '1']], a: [[ask, '1']], u } });
        }
      }
    };
    return { ...world, runMs, audits: () => audits(network.requests).length };
  }

  it('is found within 60 s: the book prices nothing from then on and is made anew', async () => {
    let truth = { bid: '150.00', ask: '150.02' };
    const { feed, network, trusts, runMs } = await startAudited(() => truth);
    await runMs(60_000);
    expect([feed.book.trust, feed.counters.wrong]).toEqual(['live', 0]);

    // A level that the stream never told: every sequence number fits, and the ask is wrong.
    truth = { bid: '150.00', ask: '150.01' };
    await runMs(60_000);
    expect(feed.counters).toMatchObject({ wrong: 1, resyncs: 1, gaps: 0 });
    // This venue never answers the new subscription: the connection is given up for it, and nothing is live again.
    expect(trusts.filter((trust) => trust !== 'syncing').slice(0, 2)).toEqual(['live', 'gap']);
    expect(trusts.lastIndexOf('live')).toBe(trusts.indexOf('live'));
    expect(feed.book.bestAskPx()).toBeNaN();
    expect(network.sockets[0]!.sent.filter((text) => text.includes('"unsubscribe"'))).toHaveLength(1);
  });

  it('asks each book twice a minute, and takes one that moved during the question for right', async () => {
    let i = 0;
    const {
      feed,
      runMs,
      audits: asked,
    } = await startAudited(() => {
      i += 1;
      // One in three differs, as when the venue was asked in the middle of a move.
      return { bid: i % 3 === 0 ? '150.01' : '150.00', ask: '150.02' };
    });
    await runMs(300_000);
    expect(asked()).toBeGreaterThan(8);
    expect(asked()).toBeLessThan(16);
    expect(feed.counters).toMatchObject({ wrong: 0, resyncs: 0 });
  });
});

describe('D1: a clock that is wrong', () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  const sentAtMs = (venue: CexVenue, { query, headers }: SeenRequest): number => {
    if (venue === 'binance') return Number(query.get('timestamp'));
    return venue === 'okx' ? Date.parse(String(headers['ok-access-timestamp'])) : Number(headers['x-bapi-timestamp']);
  };
  const timeOf = (venue: CexVenue, nowMs: number) =>
    ({
      binance: { path: '/api/v3/time', body: { serverTime: nowMs } },
      okx: { path: '/api/v5/public/time', body: { code: '0', msg: '', data: [{ ts: String(nowMs) }] } },
      bybit: {
        path: '/v5/market/time',
        body: {
          retCode: 0,
          retMsg: 'OK',
          result: { timeSecond: String(Math.floor(nowMs / 1e3)), timeNano: `${nowMs}000000` },
          time: nowMs,
        },
      },
    })[venue];
  const refusals = {
    binance: { status: 400, body: { code: -1021, msg: 'Timestamp for this request is outside of the recvWindow.' } },
    okx: { status: 401, body: { code: '50102', msg: 'Timestamp request expired', data: [] } },
    bybit: { body: { retCode: 10_002, retMsg: 'invalid request, please check your server timestamp', result: {} } },
  };
  const accountPaths = {
    binance: '/api/v3/account',
    okx: '/api/v5/account/balance',
    bybit: '/v5/account/wallet-balance',
  };

  it.each(CEX_VENUES)('%s, stepped or drifting: never more than one refusal in a row', async (venue) => {
    const world = await startScriptedVenue(venue);
    stops.push(world.stop);
    await world.port.open();
    let offsetMs = 0;
    world.answer((request) => {
      const nowMs = Math.round(Date.now() + offsetMs);
      const time = timeOf(venue, nowMs);
      if (request.path === time.path) return { body: time.body };
      if (request.path !== accountPaths[venue]) return undefined;
      const ageMs = nowMs - sentAtMs(venue, request);
      return ageMs < -1_000 || ageMs > 5_000 ? refusals[venue] : undefined;
    });
    let [inARow, most, refused] = [0, 0, 0];
    const look = async () => {
      const ok = await world.port.balances().then(
        () => true,
        () => false,
      );
      inARow = ok ? 0 : inARow + 1;
      if (!ok) refused += 1;
      most = Math.max(most, inARow);
    };
    for (const steppedMs of [8_000, -2_000, -9_000, 30_000]) {
      offsetMs = steppedMs;
      for (let i = 0; i < 4; i += 1) await look();
    }
    expect([refused, most]).toEqual([4, 1]);
    // Half a second between any two requests.
    for (let i = 0; i < 40; i += 1) {
      offsetMs += i < 20 ? 500 : -500;
      await look();
    }
    expect(most).toBe(1);
    expect(refused).toBeLessThan(20);
  });
});

describe('D3: a ban with an end', () => {
  const dying = `
    const { budgetedBy, openRateShare } = await import('./src/workers/venueBans.ts');
    const endpoints = ${JSON.stringify(endpoints)};
    const clock = { nowMs: () => ${START_MS}, after: () => () => {}, every: () => () => {} };
    const transport = {
      request: async () => ({ status: 418, headers: { 'retry-after': '180' }, body: new TextEncoder().encode('{"code":-1003,"msg":"banned"}') }),
    };
    const budgeted = budgetedBy(openRateShare(process.argv[1]), transport, clock, endpoints);
    const request = { method: 'GET', url: 'http://bn/api/v3/account', timeoutMs: 5000 };
    // The answer has just been handed over: nothing of this process comes after it.
    await budgeted.request(request);
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => {});`;

  it('holds after kill -9: not one request before its end, no cancel either, and the first one after it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'nightjar-bans-'));
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', dying, dir], { encoding: 'utf8' });
    expect(child.signal, child.stderr).toBe('SIGKILL');
    expect(readBans(dir)).toEqual([{ venue: 'binance', untilMs: START_MS + 180_000, status: 418 }]);

    const clock = createSteppedClock(START_MS + 1_000);
    const seen: string[] = [];
    const transport = { request: async ({ url }: HttpRequest) => answerOf(200, { url: seen.push(url) }) } as Transport;
    const share = openRateShare(dir);
    const [gateway, lane] = [1, 2].map(() => budgetedBy(share, transport, clock, endpoints));
    const all = [
      () => gateway!.request(ask('http://bn/api/v3/account')),
      () => gateway!.request(ask('http://bn/api/v3/order', { method: 'POST', isOrder: true })),
      () => gateway!.request(ask('http://bn/api/v3/order', { method: 'DELETE', isOrder: true })),
      () => lane!.request(ask('http://bn/api/v3/depth?symbol=SOLUSDT&limit=1000')),
    ];
    for (let minute = 0; minute < 3; minute += 1) {
      for (const one of all) await expect(one()).rejects.toMatchObject({ code: 'venue.rate-limited' });
      await clock.step(59_000);
    }
    expect(seen).toEqual([]);
    await lane!.request(ask('http://okx/api/v5/market/books?instId=SOL-USDT'));
    expect(seen).toHaveLength(1);
    await clock.step(2_001);
    for (const one of all) await one();
    expect(seen).toHaveLength(5);
  });
});

it('D3: a start in a ban is refused before anything begins, with the venue and the end', async () => {
  const dataDir = newDataDir();
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(join(dataDir, 'ban.okx.json'), JSON.stringify({ untilMs: Date.parse('2100-01-01'), status: 418 }));
  const { code, stderr } = await nightjar('start', '--for', '1s', '--port', '0', '--data', dataDir);
  expect([code, stderr]).toMatchObject([1, expect.stringContaining('okx has banned this address until 2100-01-01')]);
  expect(existsSync(join(dataDir, 'latch')), 'no permit was closed for it').toBe(false);
});

describe('D4: all bots start together', () => {
  it('takes no more than half of a minute’s weight, serves everybody in the end, and lets a hedge through meanwhile', async () => {
    const clock = createSteppedClock(START_MS);
    const words = createRateWords();
    const sent: { atMs: number; weight: number }[] = [];
    const transport = {
      request: async (request: HttpRequest) => {
        sent.push({ atMs: clock.nowMs(), weight: rateCallOf(request, endpoints)!.weight });
        return answerOf(200, {});
      },
    } as Transport;
    // Ten lanes and gateways of their own, as after a restart of everything.
    const threads = Array.from({ length: 10 }, () =>
      budgetedTransport(transport, { budget: new RateBudget(words), clock, endpoints, onBan: () => {} }),
    );
    const random = createRandom(7);
    const served = new Set<number>();
    for (let i = 0; i < 200; i += 1) {
      const ports = { clock, transport: threads[i % threads.length]!, random: random.fork(String(i)) };
      const url = `http://bn/api/v3/depth?symbol=S${i}USDT&limit=1000`;
      new SnapshotFetcher(ports, url, { onSnapshot: () => served.add(i) !== undefined, onFailure: () => {} }).request();
    }
    for (let second = 0; second < 300; second += 1) {
      if (second === 5) {
        const order = ask('http://bn/api/v3/order', { method: 'POST', isOrder: true, isOpening: false });
        await expect(threads[0]!.request(order)).resolves.toMatchObject({ status: 200 });
      }
      await clock.step(1_000);
    }
    const within = (fromMs: number) =>
      sent.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + 60_000).reduce((sum, { weight }) => sum + weight, 0);
    const worst = Math.max(...sent.map(({ atMs }) => within(atMs)));
    console.log(`D4: 200 snapshots of weight 50 at once: ${worst} of 6000 in the worst minute, ${served.size} served`);
    expect(worst).toBeLessThanOrEqual(3_000);
    expect(served.size).toBe(200);
  });
});

describe('D5: what runs by the clock', () => {
  it('asks as often in the last hour of a day as in the first, and as often as was planned', async () => {
    const clock = createSteppedClock(START_MS);
    const perHour = RATE_SCOPES.map(() => new Array<number>(24).fill(0));
    const inner = {
      request: async (request: HttpRequest) => {
        const { scope, weight } = rateCallOf(request, endpoints)!;
        perHour[scope]![Math.floor((clock.nowMs() - START_MS) / 3_600_000)]! += weight;
        const levels = [['150', '1']];
        const book = { b: levels, a: levels, bids: levels, asks: levels };
        return answerOf(200, { ...book, data: [book], result: book });
      },
    } as Transport;
    const budget = new RateBudget(createRateWords());
    const transport = budgetedTransport(inner, { budget, clock, endpoints, onBan: () => {} });
    const ports = { clock, transport, random: createRandom(7) };
    const book = { trust: 'live', bestBidPx: () => 150, bestAskPx: () => 150 } as PricedBook;
    const decoder = { decode: () => 99, frame: { message: '' } } as unknown as FrameDecoder;
    const handlers = { onAnswer: () => {}, onTrouble: () => {}, onWrong: () => expect.unreachable() };
    for (const venue of CEX_VENUES) {
      for (let i = 0; i < 10; i += 1) new BookAudit(ports, testInstrument(venue), endpoints, book, handlers).start();
    }
    new OpenInterestPoll(ports, 'http://bn/fapi/v1/openInterest?symbol=SOLUSDT', decoder, handlers).start();
    for (let hour = 0; hour < 24; hour += 1) await clock.step(3_600_000);

    const planned = planLoad(CEX_VENUES.map((venue) => ({ venue, spot: 10, perpetuals: venue === 'binance' ? 1 : 0 })));
    for (const { scope, data } of planned.filter((load) => load.data > 0)) {
      const { windowMs } = RATE_SCOPES[scope]!;
      for (const weight of perHour[scope]!.slice(0, 24)) {
        const perWindow = (weight * windowMs) / 3_600_000;
        expect(Math.abs(perWindow - data) / data).toBeLessThan(0.05);
      }
    }
    expect(planned.filter((load) => load.data > 0)).toHaveLength(4);
  });
});

describe('D6: more symbols than the limits bear', () => {
  const of = (spot: number) => CEX_VENUES.map((venue) => ({ venue, spot, perpetuals: 0 }));

  it('are refused before anything starts, with the numbers and what would fit', () => {
    expect(checkLoad(of(150))).toEqual([]);
    const [finding, ...more] = checkLoad(of(500));
    expect(finding).toEqual({
      severity: 'refuse',
      path: 'bots',
      value: 'binance spot 5202 of 6000 per 60 s (86.7 %)',
      limit: 'a plan may take 2100 (market data: 35 %) of binance spot',
      remedy: 'take away 290 markets of binance',
    });
    expect(more.map(({ value }) => value.split(' ', 2).join(' '))).toEqual(['okx public']);
    expect(checkLoad(of(210))).toEqual([]);
  });

  it('counts what runs by the clock in the venue’s own weights', () => {
    expect(planLoad(of(2)).map(loadText)).toEqual([
      'binance spot 222 of 6000 per 60 s (3.7 %)',
      'okx trade 0.07 of 60 per 2 s (0.1 %)',
      'okx public 0.14 of 40 per 2 s (0.3 %)',
      'okx account 0.07 of 10 per 2 s (0.7 %)',
      'bybit 0.67 of 600 per 5 s (0.1 %)',
    ]);
  });
});
