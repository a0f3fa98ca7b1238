import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CONTROL_ACTIONS } from '../src/telemetry/metrics.ts';
import { latchLevel } from '../src/workers/latchWords.ts';
import { type CallOptions, type EdgeUnderTest, startEdge, viewAt } from './edgeHarness.ts';

let edge: EdgeUnderTest;
beforeAll(async () => {
  edge = await startEdge();
  edge.post({ type: 'view', view: viewAt(performance.timeOrigin + performance.now()) });
  await edge.until(async () => (await edge.call('GET', '/api/status', { token: edge.tokens.read })).status === 200);
});
afterAll(() => edge.stop());

const level = (slot: number) => latchLevel(edge.boot.latch, slot);
const OPEN_PATHS = ['/', '/healthz', '/readyz', '/metrics'];
const ROUTES = [
  ...OPEN_PATHS.map((path) => ['GET', path] as const),
  ['GET', '/api/status'],
  ['POST', '/control'],
  ['POST', '/am-webhook'],
  ['POST', '/emit'],
  ['GET', '/api/metrics/sanity'],
  ['GET', '/nowhere'],
  ['DELETE', '/control'],
  ['PUT', '/api/status'],
  ['POST', '/api/status'],
  ['GET', '/control'],
] as const;
const ROLES = ['read', 'operate', 'kill', 'alertmanager'] as const;

/** Bytes as they are, past any client; the whole answer once the server has closed. */
function raw(bytes: string, drip = ''): Promise<{ readonly text: string; readonly elapsedMs: number }> {
  const startMs = performance.now();
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(edge.port, '127.0.0.1', () => socket.write(bytes));
    // A trickle, so that the connection is never idle.
    const dripping = drip === '' ? undefined : setInterval(() => socket.write(drip), 400);
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(dripping);
      resolve({ text, elapsedMs: performance.now() - startMs });
    });
  });
}
const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);

describe('H1: nothing acts without a token', () => {
  it('answers 401 without a token on every route but the four open ones', async () => {
    for (const [method, path] of ROUTES) {
      const { status } = await edge.call(method, path);
      const open = OPEN_PATHS.includes(path);
      expect(status === 401, `${method} ${path}: ${status}`).toBe(!open);
    }
  });

  it('makes four tokens of 256 bits in a file of mode 0600, and refuses to start on one that others may read', async () => {
    expect(statSync(edge.boot.tokensPath).mode & 0o777).toBe(0o600);
    for (const token of Object.values(edge.tokens)) expect(Buffer.from(token, 'base64url')).toHaveLength(32);

    const dataDir = mkdtempSync(join(tmpdir(), 'nightjar-open-'));
    await (await startEdge({ dataDir })).stop();
    chmodSync(join(dataDir, 'tokens'), 0o644);
    await expect(startEdge({ dataDir })).rejects.toThrow(/may be read by others.*chmod 600/);
    rmSync(dataDir, { recursive: true });
  });
});

describe('H2: Host, then Origin, before anything else', () => {
  const port = () => edge.port;
  const hosts = [
    'evil.example',
    'evil.example:PORT',
    '127.0.0.1',
    'localhost',
    '[::1]',
    '127.0.0.1:1',
    '[::1]:1',
    'localhost.:PORT',
    '127.0.0.1.:PORT',
    'localhost:PORT.evil.example',
    '127.0.0.1.evil.example:PORT',
    '127.0.0.1.nip.io:PORT',
    '127.0.0.2:PORT',
    '127.1:PORT',
    '0.0.0.0:PORT',
    '[::]:PORT',
    '[::ffff:127.0.0.1]:PORT',
    '[::1%lo]:PORT',
    '::1:PORT',
    '2130706433:PORT',
    '0x7f000001:PORT',
    '017700000001:PORT',
    'user@localhost:PORT',
    'localhost:PORT@evil.example',
    'localhost:0PORT',
    '',
  ].map((host) => [421, { host, origin: 'http://HOST' }] as const);
  const origins = [
    'http://evil.example',
    'https://localhost:PORT',
    'http://localhost',
    'http://localhost.:PORT',
    'http://localhost:PORT.evil.example',
    'http://[::1]:1',
    'null',
    'file://',
    'http://127.0.0.1:PORT/',
  ].map((origin) => [403, { host: '127.0.0.1:PORT', origin }] as const);
  const variants = [...hosts, ...origins];

  it(`refuses ${variants.length} variants, with the right token, and does none of what they ask`, async () => {
    expect(variants.length).toBeGreaterThanOrEqual(30);
    const body = '{"action":"disable_live","reason":"H2"}';
    for (const [status, { host, origin }] of variants) {
      const fill = (text: string) => text.replaceAll('HOST', host).replaceAll('PORT', String(port()));
      const headers = [
        `Host: ${fill(host)}`,
        `Origin: ${fill(origin)}`,
        `Authorization: Bearer ${edge.tokens.kill}`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        'Connection: close',
      ];
      const { text } = await raw(`POST /control HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
      expect(statusOf(text), `Host ${fill(host)} Origin ${fill(origin)}`).toBe(status);
    }
    expect([level(0), level(1)]).toEqual(['open', 'open']);
  });

  it('refuses no Host, two Hosts, and an absolute target whose authority lies', async () => {
    const lines = (...headers: string[]) => `${headers.join('\r\n')}\r\nConnection: close\r\n\r\n`;
    expect(statusOf((await raw(`GET / HTTP/1.1\r\n${lines('X-A: b')}`)).text)).toBe(400);
    const twice = lines(`Host: localhost:${port()}`, `Host: evil.example`);
    expect([400, 421]).toContain(statusOf((await raw(`GET / HTTP/1.1\r\n${twice}`)).text));
    const lying = `GET http://evil.example/ HTTP/1.1\r\n${lines('Host: evil.example')}`;
    expect(statusOf((await raw(lying)).text)).toBe(421);
  });
});

describe('H4: guesses are slowed, the right token never', () => {
  it('answers at least 900 of 1,000 wrong tokens 429, and meanwhile a stop within 100 ms at the median', async () => {
    const stop = async () => {
      const startMs = performance.now();
      const body = { action: 'disable_live', target: 'arb:RAY', reason: 'H4' };
      expect((await edge.call('POST', '/control', { token: edge.tokens.operate, body })).status).toBe(200);
      return performance.now() - startMs;
    };
    const medianOf = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
    // What the same stop takes on this machine while nobody guesses.
    const quiet = async () => medianOf([await stop(), await stop(), await stop(), await stop(), await stop()]);
    const beforeMs = await quiet();
    const guessing = (async () => {
      const statuses: number[] = [];
      for (let i = 0; i < 1000; i += 20) {
        const batch = Array.from({ length: 20 }, (_, j) =>
          edge.call('GET', '/api/status', { token: `guess-${i + j}` }),
        );
        statuses.push(...(await Promise.all(batch)).map(({ status }) => status));
      }
      return statuses;
    })();
    let guessingIsOver = false;
    void guessing.then(() => {
      guessingIsOver = true;
    });
    const stopsMs: number[] = [];
    while (!guessingIsOver || stopsMs.length < 5) stopsMs.push(await stop());
    const statuses = await guessing;
    const median = medianOf(stopsMs);
    // Before and after: other work on the machine comes and goes.
    const quietMs = Math.max(beforeMs, await quiet());
    const throttled = statuses.filter((status) => status === 429).length;
    console.log(
      `H4: ${throttled} of 1000 answered 429; stop with the right token p50 ${median.toFixed(1)} ms over ${stopsMs.length}`,
    );
    expect(throttled).toBeGreaterThanOrEqual(900);
    expect(statuses.every((status) => status === 429 || status === 401)).toBe(true);
    expect(median).toBeLessThanOrEqual(100 + 3 * quietMs);
    await edge.call('POST', '/control', { token: edge.tokens.operate, body: { action: 'enable_live', reason: 'H4' } });
  });
});

describe('H5: a secret goes nowhere', () => {
  it('12 secrets planted in 12 places: 0 hits in log, core messages (journal, crash records), latch file, metrics, status', async () => {
    const { read, operate, kill, alertmanager } = edge.tokens;
    const token = operate;
    const post = (body: unknown, more: CallOptions = {}) => edge.call('POST', '/control', { token, body, ...more });
    const alert = (labels: object) => ({
      version: '4',
      alerts: [
        {
          status: 'firing',
          labels: { severity: 'critical', alertname: 'A', ...labels },
          startsAt: '2026-01-01T00:00:00Z',
        },
      ],
    });
    await edge.call('GET', `/api/status?token=${kill}`, { token: read });
    await edge.call('GET', `/${kill}/x`, { token });
    await edge.call('GET', '/', { headers: { host: kill } });
    await edge.call('GET', '/', { headers: { origin: `http://${kill}` } });
    await edge.call('GET', '/healthz', { headers: { 'X-ApI-kEy': kill, cookie: `t=${read}` } });
    await post({ action: 'disable_live', target: 'arb:SOL', reason: `pasted ${kill}` });
    await post({ action: 'crash', target: `bot:${kill}`, reason: 'x' });
    await post({ id: alertmanager, action: 'trace', target: 'arb:SOL', reason: 'x' });
    await post({ action: 'crash', target: 'lane:0', args: { deep: { list: [{ apiKey: kill }], [read]: 1 } } });
    await post({ action: 'crash', target: 'lane:0', args: { basic: Buffer.from(kill).toString('base64') } });
    await edge.call('POST', '/am-webhook', { token: alertmanager, body: alert({ bot: kill, alertname: operate }) });
    await edge.call('POST', '/control', { token, rawBody: `{"action": "${kill}"` });

    const metrics = (await edge.call('GET', '/metrics')).text;
    const status = (await edge.call('GET', '/api/status', { token })).text;
    const outputs = {
      log: edge.log(),
      core: JSON.stringify(edge.heard),
      latch: readFileSync(edge.boot.latchPath, 'utf8'),
      metrics,
      status,
    };
    expect(outputs.core).toContain('[secret]');
    for (const [name, text] of Object.entries(outputs)) {
      for (const [role, secret] of Object.entries(edge.tokens)) {
        const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
        expect(
          forms.filter((form) => text.includes(form)),
          `${role} token in ${name}`,
        ).toEqual([]);
      }
    }
    await post({ action: 'enable_live', reason: 'H5' });
  });
});

describe('H6: what is shown reveals no key', () => {
  it.each(OPEN_PATHS.concat('/api/status'))('%s holds no token, in clear or as digest', async (path) => {
    const { text } = await edge.call('GET', path, { token: edge.tokens.read });
    for (const token of Object.values(edge.tokens)) expect(text).not.toContain(token);
  });
});

describe('H7: role × route, every cell', () => {
  const garbage = '{}';
  // Per role: GET / · /healthz · /readyz · /metrics · /api/status · POST /control · /am-webhook · /emit ·
  // GET /api/metrics/sanity · /nowhere ·
  // DELETE /control · PUT /api/status · POST /api/status · GET /control
  it.each([
    [null, [200, 200, 503, 200, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401]],
    ['read', [200, 200, 503, 200, 200, 403, 403, 403, 200, 404, 405, 405, 404, 404]],
    ['operate', [200, 200, 503, 200, 200, 400, 400, 400, 200, 404, 405, 405, 404, 404]],
    ['kill', [200, 200, 503, 200, 200, 400, 400, 400, 200, 404, 405, 405, 404, 404]],
    ['alertmanager', [200, 200, 503, 200, 403, 403, 400, 403, 403, 403, 403, 403, 403, 403]],
  ] as const)('%s', async (role, expected) => {
    const token = role === null ? {} : { token: edge.tokens[role] };
    const statuses: number[] = [];
    for (const [method, path] of ROUTES) {
      statuses.push(
        (await edge.call(method, path, { ...token, ...(method === 'POST' ? { rawBody: garbage } : {}) })).status,
      );
    }
    expect(statuses).toEqual(expected);
  });

  it.each(['read', 'alertmanager', null] as const)('%s can say none of the verbs', async (role) => {
    const heard = edge.heard.length;
    for (const action of CONTROL_ACTIONS) {
      const token = role === null ? {} : { token: edge.tokens[role] };
      const { status } = await edge.call('POST', '/control', { ...token, body: { action, target: 'arb:SOL' } });
      expect(status, action).toBe(role === null ? 401 : 403);
    }
    expect(edge.heard.slice(heard)).toEqual([]);
    expect(level(0)).toBe('open');
  });
});

describe('H8: nothing that comes in opens risk but an operator', () => {
  beforeEach(() => edge.call('POST', '/control', { token: edge.tokens.kill, body: { action: 'kill', reason: 'H8' } }));

  it('keeps a kill through every verb of every role without a phrase, and through webhooks of any content', async () => {
    for (const role of ROLES) {
      for (const action of CONTROL_ACTIONS.filter((one) => one !== 'flatten')) {
        for (const args of [{}, { phrase: 'yes' }, { force: true }]) {
          await edge.call('POST', '/control', { token: edge.tokens[role], body: { action, args } });
          expect([level(0), level(1)], `${role} ${action} ${JSON.stringify(args)}`).toEqual(['kill', 'kill']);
        }
      }
      for (const action of ['enable_live', 'resume', 'start', 'flatten']) {
        const labels = { severity: 'critical', alertname: action, action, bot: 'arb:SOL' };
        const alerts = ['firing', 'resolved'].map((status) => ({ status, labels, startsAt: '2026-01-01T00:00:00Z' }));
        await edge.call('POST', '/am-webhook', { token: edge.tokens[role], body: { version: '4', alerts } });
      }
    }
    expect([level(0), level(1)]).toEqual(['kill', 'kill']);
  });
});

describe('section 4: limits and headers', () => {
  it('sends the security headers with every answer, refusals included', async () => {
    const answers = [
      await edge.call('GET', '/'),
      await edge.call('GET', '/api/status'),
      await edge.call('GET', '/metrics'),
      await edge.call('GET', '/', { headers: { host: 'evil.example' } }),
      await edge.call('POST', '/control', { token: edge.tokens.operate, rawBody: '{' }),
    ];
    for (const { headers } of answers) {
      expect(headers['content-security-policy']).toMatch(/^default-src 'self'.*frame-ancestors 'none'$/);
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(headers).toMatchObject({
        'cross-origin-resource-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      });
      expect(headers['set-cookie']).toBeUndefined();
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonp', ''])(
    'wants JSON, not %j, for whatever is not a stop',
    async (type) => {
      const call = (action: string) =>
        edge.call('POST', '/control', {
          token: edge.tokens.operate,
          body: { action, target: 'arb:SOL' },
          headers: { 'content-type': type },
        });
      expect((await call('enable_live')).status).toBe(415);
      expect((await call('crash')).status).toBe(415);
      expect((await call('disable_live')).status).toBe(200);
    },
  );

  it('refuses 16 KiB of headers with 431 and a body above 64 KiB with 413, and goes on', async () => {
    const long = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${edge.port}\r\nX-Long: ${'x'.repeat(17_000)}\r\n\r\n`;
    expect([400, 431]).toContain(statusOf((await raw(long)).text));
    const body = Buffer.alloc(65_537, 32);
    expect((await edge.call('POST', '/control', { token: edge.tokens.kill, rawBody: body })).status).toBe(413);
    expect((await edge.call('GET', '/healthz')).status).toBe(200);
  });

  it('cuts whoever sends a header or a body too slowly, within 12 s, and serves others meanwhile', async () => {
    const host = `Host: 127.0.0.1:${edge.port}`;
    const slow = Promise.all([
      raw(`GET / HTTP/1.1\r\n${host}\r\nX-Never`, 'x'),
      raw(`POST /control HTTP/1.1\r\n${host}\r\nContent-Length: 100\r\n\r\n{`, ' '),
      raw(''),
    ]);
    expect((await edge.call('GET', '/healthz')).status).toBe(200);
    const ended = await slow;
    console.log(
      `slow requests cut after ${ended.map(({ elapsedMs }) => `${(elapsedMs / 1000).toFixed(1)} s`).join(', ')}`,
    );
    const [header, body, silent] = ended.map(({ elapsedMs }) => elapsedMs);
    expect(header).toBeLessThan(8_000);
    expect(body).toBeLessThan(13_000);
    expect(silent).toBeLessThan(13_000);
  });

  it('lets the operator in while 300 connections of strangers stand open', async () => {
    const strangers = await Promise.all(
      Array.from(
        { length: 300 },
        () =>
          new Promise<import('node:net').Socket>((resolve) => {
            const socket = connect(edge.port, '127.0.0.1', () => resolve(socket));
            socket.on('error', () => resolve(socket));
          }),
      ),
    );
    const body = { action: 'disable_live', reason: 'crowded' };
    expect((await edge.call('POST', '/control', { token: edge.tokens.operate, body })).status).toBe(200);
    await edge.until(() => strangers.filter(({ closed }) => closed).length >= 44);
    for (const socket of strangers) socket.destroy();
  });
});
