import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { slabLayout } from '../src/telemetry/slab.ts';
import { createSlabSink, reportAlive } from '../src/telemetry/slabSink.ts';
import { createLatch, latchLevel, setLatchWord } from '../src/workers/latchWords.ts';
import { dimensions, type EdgeUnderTest, startEdge, viewAt } from './edgeHarness.ts';

let edge: EdgeUnderTest;
const json = (text: string) => JSON.parse(text) as Record<string, never>;
const metric = async (series: string) => {
  const { text } = await edge.call('GET', '/metrics');
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? Number.NaN : Number(line.slice(series.length + 1));
};
const control = (body: unknown, token: string = edge.tokens.operate) => edge.call('POST', '/control', { token, body });

describe('who gets in', () => {
  beforeAll(async () => {
    edge = await startEdge();
  });
  afterAll(() => edge.stop());

  const paths = [
    ['GET', '/'],
    ['GET', '/healthz'],
    ['GET', '/readyz'],
    ['GET', '/metrics'],
    ['GET', '/api/status'],
    ['POST', '/control'],
    ['POST', '/am-webhook'],
    ['GET', '/nowhere'],
    ['POST', '/api/../control'],
  ] as const;

  it('asks for a token everywhere but on the open paths', async () => {
    const statuses = await Promise.all(paths.map(async ([method, path]) => (await edge.call(method, path)).status));

    expect(statuses).toEqual([200, 200, 503, 200, 401, 401, 401, 401, 401]);
  });

  it.each([
    ['read', [503, 403, 403, 404, 403]],
    ['operate', [503, 400, 400, 404, 400]],
    ['kill', [503, 400, 400, 404, 400]],
    ['alertmanager', [403, 403, 400, 403, 403]],
  ] as const)('gives the role %s its cells of the matrix', async (role, expected) => {
    const token = edge.tokens[role];
    const statuses = await Promise.all(
      paths.slice(4).map(async ([method, path]) => (await edge.call(method, path, { token })).status),
    );

    expect(statuses).toEqual(expected);
  });

  it.each([
    ['/%63ontrol', 404],
    ['//control', 404],
    ['/control/', 404],
    ['/api/%2e%2e/control', 403],
  ])('does not let a read token act by spelling the path %s', async (path, status) => {
    const body = { action: 'disable_live' };
    const answer = await edge.call('POST', path, { token: edge.tokens.read, body });

    expect(answer.status).toBe(status);
    expect(edge.heard.filter(({ type }) => type === 'latchChanged')).toEqual([]);
  });

  it('takes the token from either header', async () => {
    const answer = await edge.call('GET', '/api/status', { headers: { 'x-auth-token': edge.tokens.read } });

    expect(answer.status).toBe(503);
  });

  it.each([
    [{ host: 'evil.example' }, 421],
    [{ host: 'evil.example', origin: 'http://evil.example' }, 421],
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'null' }, 403],
  ])('refuses %j before it looks at a right token, also on an open path', async (headers, status) => {
    expect((await edge.call('GET', '/', { headers })).status).toBe(status);
    expect((await edge.call('GET', '/api/status', { headers, token: edge.tokens.kill })).status).toBe(status);
  });

  it('refuses a body above 64 KiB, announced or not, before it looks at the token', async () => {
    const rawBody = Buffer.alloc(64 * 1024 + 1, 32);

    expect((await edge.call('POST', '/control', { rawBody })).status).toBe(413);
    expect((await edge.call('POST', '/control', { rawBody, headers: { 'transfer-encoding': 'chunked' } })).status).toBe(
      413,
    );
    expect((await edge.call('POST', '/control', { rawBody: rawBody.subarray(1) })).status).toBe(401);
  });

  it('counts a wrong token and answers 401, and lets the right one in while guesses are slowed', async () => {
    const before = await metric('nightjar_auth_failures_total{reason="wrong"}');
    expect((await edge.call('GET', '/api/status', { token: 'wrong' })).status).toBe(401);
    expect(await metric('nightjar_auth_failures_total{reason="wrong"}')).toBe(before + 1);

    for (let i = 0; i < 20; i += 1) await edge.call('GET', '/api/status', { token: `guess${i}` });
    expect((await edge.call('GET', '/api/status', { token: 'guess' })).status).toBe(429);
    expect((await control({ action: 'enable_live', reason: 'x' })).status).toBe(200);
  });

  it('keeps its tokens in a file that only its owner may read, and out of the log', () => {
    expect(statSync(edge.boot.tokensPath).mode & 0o777).toBe(0o600);
    expect(new Set(Object.values(edge.tokens)).size).toBe(4);
    for (const token of Object.values(edge.tokens)) {
      expect(Buffer.from(token, 'base64url')).toHaveLength(32);
      expect(edge.log()).not.toContain(token);
    }
  });

  it('serves the page without data, without anything from elsewhere', async () => {
    const { text, headers } = await edge.call('GET', '/');

    expect(text).toContain('prove the plumbing, not a profit');
    expect(text).not.toMatch(/run-1|https?:\/\//);
    expect(headers['content-security-policy']).toContain("default-src 'self'");
    expect(headers['content-security-policy']).not.toContain('unsafe-inline');
  });

  it.each([
    ['no JSON', '{"action":'],
    ['no object', '[]'],
    ['an unknown action', '{"action":"disable"}'],
    ['an unknown field', '{"action":"crash","targt":"lane:0"}'],
    ['a target that is no text', '{"action":"crash","target":7}'],
    ['args that are no object', '{"action":"crash","args":[1]}'],
    ['an empty id', '{"action":"crash","id":""}'],
  ])('answers 400 with a reason to %s', async (_, rawBody) => {
    const answer = await edge.call('POST', '/control', { token: edge.tokens.operate, rawBody });

    expect(answer.status).toBe(400);
    expect(json(answer.text).error).toMatch(/\w{3}/);
  });

  it('lives on after garbage on the socket', async () => {
    const { connect } = await import('node:net');
    for (const garbage of [
      '\x16\x03\x01',
      'GET / HTTP/9.9\r\n\r\n',
      'POST /control HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{',
    ]) {
      await new Promise<void>((resolve) => {
        const socket = connect(edge.port, '127.0.0.1', () => socket.end(garbage));
        socket.on('error', () => resolve());
        socket.on('close', () => resolve());
        socket.resume();
      });
    }
    const upgrade = await edge.call('GET', '/live', { headers: { connection: 'upgrade', upgrade: 'websocket' } });

    // An upgrade without a WebSocket's key is no handshake.
    expect(upgrade.status).toBe(400);
    expect((await edge.call('GET', '/healthz')).status).toBe(200);
  });
});

describe('permits', () => {
  beforeEach(async () => {
    edge = await startEdge();
  });
  afterEach(() => edge.stop());

  const level = (slot: number) => latchLevel(edge.boot.latch, slot);

  it('closes one bot’s permit and leaves its traces', async () => {
    const answer = await control({ action: 'disable_live', target: 'arb:SOL', reason: 'drill' });

    expect(answer.status).toBe(200);
    expect([level(0), level(1)]).toEqual(['permit', 'open']);
    expect(edge.latchFile()).toMatchObject({ all: null, bots: { 'bot:arb:SOL': { reason: 'drill', by: 'operate' } } });
    expect(edge.log()).toContain('"message":"disable_live reason=drill bot=arb:SOL by=operate"');
    expect(edge.log()).toContain('"message":"control executed: disable_live reason=drill"');
    expect(await metric('arb_control_actions_total{symbol="SOL",action="disable_live"}')).toBe(1);
    expect(await metric('arb_control_actions_total{symbol="RAY",action="disable_live"}')).toBe(0);
    expect(await metric('nightjar_permit_level{bot="arb:SOL"}')).toBe(1);
    expect(edge.heard.at(-1)).toMatchObject({
      type: 'latchChanged',
      durable: true,
      latch: { bots: { 'bot:arb:SOL': { reason: 'drill' } } },
      cause: { action: 'disable_live', target: 'arb:SOL', by: 'operate', from: '127.0.0.1' },
    });
  });

  it('closes every bot without a target, and opens again only when asked to', async () => {
    expect((await control({ action: 'disable_live', reason: 'manual_test' })).status).toBe(200);
    expect([level(0), level(1)]).toEqual(['permit', 'permit']);

    expect((await control({ action: 'enable_live', reason: 'over', target: 'bot:arb:RAY' })).status).toBe(200);
    expect([level(0), level(1)]).toEqual(['permit', 'open']);
  });

  it('names the known bots when the target is unknown, and closes nothing', async () => {
    const answer = await control({ action: 'disable_live', target: 'arb:BTC', reason: 'x' });

    expect(answer.status).toBe(404);
    expect(json(answer.text)).toMatchObject({ known: ['arb:SOL', 'arb:RAY'] });
    expect([level(0), level(1)]).toEqual(['open', 'open']);
  });

  it('keeps a permit closed over a restart', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'nightjar-edge-'));
    const first = await startEdge({ dataDir });
    await first.call('POST', '/control', {
      token: first.tokens.kill,
      body: { action: 'kill', target: 'arb:RAY', reason: 'enough' },
    });
    await first.stop();

    const second = await startEdge({ dataDir });

    expect([latchLevel(second.boot.latch, 0), latchLevel(second.boot.latch, 1)]).toEqual(['open', 'kill']);
    expect(second.tokens).toEqual(first.tokens);
    await second.stop();
    rmSync(dataDir, { recursive: true });
  });

  it('starts with everything closed when the latch file is damaged', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'nightjar-edge-'));
    writeFileSync(join(dataDir, 'latch'), '{"all":n');

    const damaged = await startEdge({ dataDir });

    expect(latchLevel(damaged.boot.latch, 0)).toBe('permit');
    await damaged.stop();
    rmSync(dataDir, { recursive: true });
  });

  it('does not undo a closure whose file its predecessor did not live to write', async () => {
    const latch = createLatch(2);
    setLatchWord(latch, 1, 'kill');

    const successor = await startEdge({ incarnation: 2, latch });

    expect([latchLevel(latch, 0), latchLevel(latch, 1)]).toEqual(['open', 'kill']);
    expect(successor.latchFile()).toMatchObject({ all: null, bots: { 'bot:arb:RAY': { level: 'kill', by: 'edge' } } });
    await successor.stop();
  });

  it('needs the kill token for a kill and for lifting one', async () => {
    expect((await control({ action: 'kill', reason: 'x' })).status).toBe(403);
    expect(level(0)).toBe('open');

    expect((await control({ action: 'kill', reason: 'x' }, edge.tokens.kill)).status).toBe(200);
    expect((await control({ action: 'enable_live', reason: 'y' })).status).toBe(403);
    expect(level(0)).toBe('kill');

    const asked = await control({ action: 'enable_live', reason: 'y' }, edge.tokens.kill);
    expect(asked.status).toBe(409);
    expect(level(0)).toBe('kill');
    const args = { phrase: json(asked.text).phrase };
    expect((await control({ action: 'enable_live', reason: 'y', args }, edge.tokens.kill)).status).toBe(200);
    expect(level(0)).toBe('open');
  });

  it('does a message once, answers it again, and refuses its id for another', async () => {
    const body = { id: 'one', action: 'disable_live', target: 'arb:SOL', reason: 'x' };
    const [first, again] = await Promise.all([control(body), control(body)]);
    const third = await control(body);

    expect([again?.text, third.text]).toEqual([first?.text, first?.text]);
    expect(await metric('arb_control_actions_total{symbol="SOL",action="disable_live"}')).toBe(1);
    expect((await control({ ...body, action: 'enable_live' })).status).toBe(409);
    expect(level(0)).toBe('permit');
  });

  it('answers 500 and stays closed when the core does not journal it, and does it anew at the retry', async () => {
    edge.answerWith(() => ({ status: 500, body: {} }));
    const body = { id: 'one', action: 'disable_live', target: 'arb:SOL', reason: 'x' };
    const failed = await control(body);

    expect(failed.status).toBe(500);
    expect(json(failed.text)).toMatchObject({ failedTraces: ['journal'] });
    expect(level(0)).toBe('permit');
    expect(edge.log()).toContain('ALARM');
    expect(await metric('nightjar_trace_failures_total{trace="journal"}')).toBe(1);

    edge.answerWith(() => ({ status: 200, body: {} }));
    expect((await control(body)).status).toBe(200);
  });

  it('answers within its deadline when the core is dead, closed all the same', async () => {
    edge.answerWith(() => null);
    const startMs = performance.now();

    const answer = await control({ action: 'disable_live', reason: 'x' });

    expect(answer.status).toBe(500);
    expect(performance.now() - startMs).toBeLessThan(4_500);
    expect(edge.latchFile()).toMatchObject({ all: { reason: 'x' } });
  });

  it('ends when told to, also with a question to the core still open', async () => {
    const asked = await startEdge();
    asked.answerWith(() => null);
    const answer = asked.call('POST', '/control', {
      token: asked.tokens.kill,
      body: { action: 'crash', target: 'lane:0' },
    });
    answer.catch(() => {});
    await asked.until(() => asked.heard.some(({ type }) => type === 'control'));
    const startMs = performance.now();

    await asked.stop();

    expect(performance.now() - startMs).toBeLessThan(4_000);
    await expect(answer).rejects.toThrow();
  });

  it('puts a reason into one line, whatever it contains', async () => {
    const reason = 'first\ndisable_live reason=forged bot=arb:RAY by=root\u2028\u001b[31m';
    await control({ action: 'disable_live', target: 'arb:SOL', reason });

    const lines = edge
      .log()
      .split('\n')
      .filter((line) => line.includes('"bot":"arb:'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(
      'reason=first disable_live reason=forged bot=arb:RAY by=root [31m bot=arb:SOL by=operate',
    );
  });

  it('closes a permit for the core, and all of them when the core names a bot it does not know', async () => {
    edge.post({ type: 'closePermit', bot: 'bot:arb:SOL', reason: 'unwind_failed', by: 'bot' });
    await edge.until(() => level(0) === 'permit');
    expect(level(1)).toBe('open');

    edge.post({ type: 'closePermit', bot: 'bot:arb:GONE', reason: 'x', by: 'core' });
    await edge.until(() => level(1) === 'permit');
    await edge.until(() => edge.log().includes('disable_live reason=unwind_failed bot=arb:SOL by=bot'));
  });
});

describe('actions of the core', () => {
  beforeEach(async () => {
    edge = await startEdge();
  });
  afterEach(() => edge.stop());

  it('go to the core as they came, with their author, and its answer comes back', async () => {
    edge.answerWith(() => ({ status: 404, body: { error: 'unknown target', known: ['lane:0'] } }));

    const answer = await control({ action: 'crash', target: 'lane:9', reason: 'drill', args: { hard: true } });

    expect(answer.status).toBe(404);
    expect(json(answer.text)).toEqual({ error: 'unknown target', known: ['lane:0'] });
    expect(edge.heard.at(-1)).toMatchObject({
      type: 'control',
      message: { action: 'crash', target: 'lane:9', reason: 'drill', args: { hard: true }, by: 'operate' },
    });
  });

  it('end in 504, outcome unknown, after 5 s of silence; the same id then fetches the late answer without doing it twice', async () => {
    edge.answerWith(() => null);
    const body = { id: 'slow', action: 'crash', target: 'lane:0', reason: 'drill' };
    expect((await control(body)).status).toBe(504);

    edge.post({ type: 'controlReply', id: 'slow', status: 200, body: { late: true } });

    expect(json((await control(body)).text)).toEqual({ late: true });
    expect(edge.heard.filter(({ type }) => type === 'control')).toHaveLength(1);
  });
});

describe('the Alertmanager webhook', () => {
  beforeEach(async () => {
    edge = await startEdge();
  });
  afterEach(() => edge.stop());

  const firing = (labels: object = {}, more: object = {}) => ({
    receiver: 'trading-pager',
    status: 'firing',
    alerts: [
      {
        status: 'firing',
        labels: { alertname: 'FeedStale', bot: 'arb:SOL', venue: 'okx', severity: 'critical', ...labels },
        annotations: { summary: 'No order book message for 12 s' },
        startsAt: '2026-10-09T06:26:43.055Z',
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: 'http://prometheus.example/graph',
        fingerprint: '7f1a6c0d2f4b9e31',
        ...more,
      },
    ],
    groupLabels: { alertname: 'FeedStale' },
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://alertmanager.example',
    version: '4',
    groupKey: '{}:{alertname="FeedStale"}',
    truncatedAlerts: 0,
  });
  const send = (body: unknown) => edge.call('POST', '/am-webhook', { token: edge.tokens.alertmanager, body });
  const level = (slot: number) => latchLevel(edge.boot.latch, slot);

  it('closes the named bot’s permit with the alert’s name as the reason, durable before it answers', async () => {
    const answer = await send(firing());

    expect(answer.status).toBe(200);
    expect(edge.latchFile()).toMatchObject({ bots: { 'bot:arb:SOL': { reason: 'FeedStale', by: 'alertmanager' } } });
    expect([level(0), level(1)]).toEqual(['permit', 'open']);
    expect(edge.log()).toContain('disable_live reason=FeedStale bot=arb:SOL by=alertmanager');
    expect(await metric('arb_control_actions_total{symbol="SOL",action="disable_live"}')).toBe(1);
  });

  it('makes one stop of a hundred repeats, also at once, and does not close again what an operator opened', async () => {
    await Promise.all(Array.from({ length: 50 }, () => send(firing())));
    expect(await metric('arb_control_actions_total{symbol="SOL",action="disable_live"}')).toBe(1);

    await control({ action: 'enable_live', target: 'arb:SOL', reason: 'checked' });
    for (let i = 0; i < 50; i += 1) expect((await send(firing())).status).toBe(200);
    expect(level(0)).toBe('open');

    await send(firing({}, { startsAt: '2026-10-09T07:00:00Z' }));
    expect(level(0)).toBe('permit');
  });

  it('closes every bot when the alert names none', async () => {
    const { bot: _, ...labels } = firing().alerts[0]!.labels;
    await send(firing({}, { labels }));

    expect([level(0), level(1)]).toEqual(['permit', 'permit']);
  });

  it('acts on the label action="disable_live" whatever the severity', async () => {
    await send(firing({ severity: 'warning', action: 'disable_live' }));

    expect(level(0)).toBe('permit');
  });

  it.each([
    ['a warning', firing({ severity: 'warning' }), 'noted'],
    ['an alert for a bot it does not know', firing({ bot: 'mm:BTC' }), 'unknown_bot'],
    ['a resolved alert', firing({}, { status: 'resolved' }), 'resolved'],
  ])('only notes %s, for the journal too', async (_, body, result) => {
    const answer = await send(body);

    expect(answer.status).toBe(200);
    expect(json(answer.text)).toEqual({ results: [result] });
    expect([level(0), level(1)]).toEqual(['open', 'open']);
    await edge.until(() => edge.heard.some((said) => said.type === 'control' && said.message.action === 'alert'));
    expect(await metric(`nightjar_alerts_total{result="${result}"}`)).toBe(1);
  });

  it('never opens a permit when the alert is resolved', async () => {
    await send(firing());

    await send(firing({}, { status: 'resolved' }));

    expect(level(0)).toBe('permit');
  });

  it('answers 500 until every trace is left, so that Alertmanager repeats, and then 200', async () => {
    edge.answerWith(() => ({ status: 503, body: {} }));
    expect((await send(firing())).status).toBe(500);
    expect(level(0)).toBe('permit');

    edge.answerWith(() => ({ status: 200, body: {} }));
    expect((await send(firing())).status).toBe(200);
  });

  it('takes what is sound of a payload with a broken alert', async () => {
    const body = firing();
    const answer = await send({ ...body, alerts: [{ status: 'burning' }, ...body.alerts] });

    expect(answer.status).toBe(400);
    expect(level(0)).toBe('permit');
  });
});

describe('what it shows', () => {
  beforeEach(async () => {
    edge = await startEdge();
  });
  afterEach(() => edge.stop());

  const healthy = () => {
    const nowMs = performance.timeOrigin + performance.now();
    for (const { buffer } of edge.boot.slabs) reportAlive(buffer, nowMs);
    const lane = edge.boot.slabs.find(({ thread }) => thread === 'lane:0')!;
    const sink = createSlabSink(slabLayout('lane', 'lane:0', dimensions), lane.buffer);
    for (const venue of ['okx', 'binance', 'bybit']) {
      sink.gauge('nightjar_book_age_seconds', { venue, pair: 'SOL/USDT' }).set(0.1);
      sink.gauge('nightjar_book_live', { venue, pair: 'SOL/USDT' }).set(1);
      sink.counter('nightjar_feed_frames_total', { venue, pair: 'SOL/USDT' }).inc(7);
    }
    for (const symbol of ['SOL', 'RAY']) sink.gauge('nightjar_quote_age_seconds', { symbol }).set(0.5);
    sink.counter('http_429_total', { venue: 'jupiter' }).inc(3);
    edge.post({ type: 'view', view: viewAt(nowMs) });
    return sink;
  };
  const status = async () => json((await edge.call('GET', '/api/status', { token: edge.tokens.read })).text);

  it('is not ready before the core and the lane have reported, and says what is missing', async () => {
    const answer = await edge.call('GET', '/readyz');

    expect(answer.status).toBe(503);
    expect(json(answer.text).notReady).toEqual(
      expect.arrayContaining([
        'core: has not reported yet',
        'lane:0: has not reported yet',
        'okx SOL/USDT: no book yet',
      ]),
    );
  });

  it('is ready once every input is fresh, and not when one book is stale', async () => {
    const sink = healthy();
    await edge.until(async () => (await edge.call('GET', '/readyz')).status === 200);
    expect(await status()).toMatchObject({ watcher: 'UP', killswitch: 'UP', notReady: [] });

    sink.gauge('nightjar_book_age_seconds', { venue: 'okx', pair: 'SOL/USDT' }).set(11);
    healthyThreads();
    const stale = await edge.call('GET', '/readyz');
    expect(json(stale.text).notReady).toContain('okx SOL/USDT: book 11.0 s old');
  });
  const healthyThreads = () => {
    for (const { buffer } of edge.boot.slabs) reportAlive(buffer, performance.timeOrigin + performance.now());
  };

  it('tells the system’s state, with the permit from the latch itself and the feeds from shared memory', async () => {
    healthy();
    await edge.until(async () => (await edge.call('GET', '/api/status', { token: edge.tokens.read })).status === 200);
    await control({ action: 'disable_live', target: 'arb:RAY', reason: 'drill' });

    expect(await status()).toMatchObject({
      run: 'run-1',
      incarnation: 1,
      core: { pid: process.pid },
      http429: 3,
      embedded: true,
      bots: {
        'arb:SOL': { permit: 'open', looks: 10 },
        'arb:RAY': { permit: 'closed', closure: { reason: 'drill' } },
      },
      feeds: { 'okx SOL/USDT': { live: true, frames: 7, gaps: 0 } },
      tree: [{ id: 'root', children: [{ id: 'lane:0', restarts: 1 }] }],
    });
  });

  it('renders the slabs and its own registry in one scrape without a name twice, also while a lane hangs', async () => {
    healthy();
    const { text, headers } = await edge.call('GET', '/metrics');

    expect(headers['content-type']).toContain('text/plain');
    const types = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
    expect(new Set(types).size).toBe(types.length);
    expect(types).toEqual(
      expect.arrayContaining(['process_cpu_seconds_total', 'arb_looks_total', 'nightjar_epoch_info']),
    );
    expect(text).toContain('nightjar_build_info{version="0.1.0",code_hash="c0de",config_hash="c0nf"} 1');
    expect(text).toContain('nightjar_epoch_info{run="run-1"} 1');
    for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
      expect(line).toMatch(/^[a-z_][a-zA-Z0-9_]*(\{[^}]*\})? (NaN|[+-]?Inf|-?[\d.e+-]+)$/);
    }
    expect(await metric('nightjar_thread_last_report_age_seconds{thread="lane:0"}')).toBeGreaterThanOrEqual(0);
    expect(await metric('mini_counter_total{thread="edge"}')).toBeGreaterThan(0);
  });

  it('does not fall behind its totals when the edge starts anew', async () => {
    await control({ action: 'disable_live', target: 'arb:SOL', reason: 'x' });
    const { slabs } = edge.boot;
    await edge.stop();

    edge = await startEdge({ incarnation: 2, slabs });

    expect(await metric('arb_control_actions_total{symbol="SOL",action="disable_live"}')).toBe(1);
  });
});

describe('a busy port', () => {
  it('is named, with what to do', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const { port } = squatter.address() as { port: number };

    await expect(startEdge({ port })).rejects.toMatchObject({
      code: 'port.busy',
      message: expect.stringMatching(new RegExp(`port ${port} .*--port`)),
    });
    squatter.close();
  });
});
