import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRandom } from '../src/domain/random.ts';
import { type EdgeUnderTest, startEdge } from './edgeHarness.ts';

const SEED = 20_261_122;
const CONNECTIONS = 2_000;
const AT_ONCE = 40;

let edge: EdgeUnderTest;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.stop());

const random = createRandom(SEED);
const pick = <T>(list: readonly T[]): T => list[random.int(list.length)]!;
const noise = (length: number) => Buffer.from(Array.from({ length }, () => random.int(256)));

/** A frame of a client as RFC 6455 5.2 has it, or nearly. */
function frame(): Buffer {
  const head = [random.int(256), pick([0, 125, 126, 127, 128, 253, 254, 255])];
  return Buffer.concat([Buffer.from(head), noise(random.int(40))]);
}

/** What comes over one connection: garbage, requests with garbage in one place, and sockets that turn to garbage. */
function attack(): Buffer {
  const host = pick([`127.0.0.1:${edge.port}`, `127.0.0.1:${edge.port}`, 'evil.example', '']);
  const path = pick([
    '/',
    '/control',
    '/live',
    '/metrics',
    '/emit',
    '/am-webhook',
    '/%00',
    '/..%2f',
    `/${'a'.repeat(20_000)}`,
  ]);
  const method = pick(['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE', 'G\0T', 'get', 'PRI']);
  const token = pick([edge.tokens.operate, edge.tokens.read, 'wrong', '']);
  const lines = (more: readonly string[]) =>
    [`${method} ${path} ${pick(['HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', 'ICY'])}`, `Host: ${host}`, ...more, '', ''].join(
      '\r\n',
    );
  const upgrade = [
    ...['Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Version: ${pick(['13', '8', 'x'])}`],
    `Sec-WebSocket-Key: ${pick(['dGhlIHNhbXBsZSBub25jZQ==', 'short', ''])}`,
  ];
  const body = pick([
    noise(random.int(200)),
    Buffer.from('['.repeat(60_000)),
    Buffer.from('{"action":"trace","args":1e999}'),
  ]);
  const length = pick([String(body.length), '-1', '1e9', '99999999', 'x']);
  const json = [`Authorization: Bearer ${token}`, 'Content-Type: application/json'];
  return pick([
    () => noise(1 + random.int(2_000)),
    () => Buffer.from(lines([`X: ${noise(50).toString('latin1')}`])),
    () => Buffer.concat([Buffer.from(lines([...json, `Content-Length: ${length}`])), body]),
    () =>
      Buffer.concat([
        Buffer.from(lines([...json, 'Transfer-Encoding: chunked'])),
        Buffer.from(pick(['5\r\nabc', 'zz\r\n', '-1\r\n'])),
        body,
      ]),
    () =>
      Buffer.concat([
        Buffer.from(`GET /live HTTP/1.1\r\nHost: 127.0.0.1:${edge.port}\r\n${upgrade.join('\r\n')}\r\n\r\n`),
        frame(),
        frame(),
      ]),
    () => Buffer.from(lines(upgrade)),
    () => Buffer.from(lines(Array.from({ length: 100 }, (_, i) => `X-${i}: ${i}`))),
    () => Buffer.from(lines([])).subarray(0, random.int(60)),
  ])();
}

/** @returns when the server, or we after a short while, have ended it */
function strike(): Promise<void> {
  const bytes = attack();
  const cut = random.int(bytes.length + 1);
  return new Promise((resolve) => {
    const socket = connect(edge.port, '127.0.0.1', () => {
      socket.write(bytes.subarray(0, cut));
      // In two parts, then half the time an end without waiting for an answer.
      socket.write(bytes.subarray(cut), () => (random.int(2) === 0 ? socket.destroy() : socket.end()));
    });
    socket.setTimeout(3_000, () => socket.destroy());
    socket.on('data', () => {});
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
}

it(`section 4: ${CONNECTIONS} connections of seeded garbage leave the edge alive, its latch as it was, and are counted`, async () => {
  const startMs = performance.now();
  const latch = [...new Int32Array(edge.boot.latch)];
  for (let done = 0; done < CONNECTIONS; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, strike));
    const alive = await edge.call('GET', '/healthz');
    expect(alive.status, `after ${done + AT_ONCE} of seed ${SEED}`).toBe(200);
  }
  expect([...new Int32Array(edge.boot.latch)]).toEqual(latch);
  expect(edge.heard.filter(({ type }) => type === 'latchChanged' || type === 'failed')).toEqual([]);

  const metrics = (await edge.call('GET', '/metrics')).text;
  const total = (name: string) =>
    [...metrics.matchAll(new RegExp(`^${name}\\{.*\\} (\\d+)$`, 'gm'))].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );
  const refused = total('nightjar_auth_failures_total');
  console.log(
    `fuzz: ${CONNECTIONS} connections, ${refused} refused by the guards, ${((performance.now() - startMs) / 1000).toFixed(1)} s`,
  );
  expect(refused).toBeGreaterThan(CONNECTIONS / 40);
  expect(total('nightjar_http_requests_total')).toBeGreaterThan(CONNECTIONS / 4);
  const body = { action: 'disable_live', reason: 'after the storm' };
  expect((await edge.call('POST', '/control', { token: edge.tokens.operate, body })).status).toBe(200);
});
