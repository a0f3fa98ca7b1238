import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { latchLevel } from '../src/workers/latchWords.ts';
import { type EdgeUnderTest, startEdge, viewAt } from './edgeHarness.ts';

let edge: EdgeUnderTest;
const nowMs = () => performance.timeOrigin + performance.now();
beforeEach(async () => {
  edge = await startEdge();
  edge.post({ type: 'view', view: viewAt(nowMs()) });
  await edge.until(async () => (await edge.call('GET', '/api/status', { token: edge.tokens.read })).status === 200);
});
afterEach(() => edge.stop());

interface Message {
  readonly type: string;
  readonly [name: string]: unknown;
}

/** A client that keeps what it hears, its close code, or the HTTP status that refused it. */
function open(headers: Record<string, string> = {}, path = '/live') {
  const heard: Message[] = [];
  const socket = new WebSocket(`ws://127.0.0.1:${edge.port}${path}`, { headers });
  let closed: number | null = null;
  let refused: number | null = null;
  socket.on('message', (data) => heard.push(JSON.parse(String(data)) as Message));
  socket.on('close', (code) => {
    closed = code;
  });
  socket.on('unexpected-response', (_request, response) => {
    refused = response.statusCode ?? 0;
    response.resume();
    socket.terminate();
  });
  socket.on('error', () => {});
  return {
    socket,
    heard,
    closed: () => closed,
    refused: () => refused,
    send: (message: unknown) => socket.send(JSON.stringify(message)),
    last: (type: string) => heard.findLast((message) => message.type === type),
    opened: () => edge.until(() => socket.readyState === WebSocket.OPEN),
  };
}
async function logIn(role: 'read' | 'operate' | 'kill' = 'read') {
  const client = open();
  await client.opened();
  client.send({ type: 'login', token: edge.tokens[role] });
  await edge.until(() => client.last('snapshot') !== undefined);
  return client;
}

describe('H3: an upgrade is judged before the 101', () => {
  it.each([
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ host: 'evil.example', origin: 'http://evil.example' }, 421],
    [{ host: 'localhost.:1' }, 421],
    [{ origin: 'http://evil.example', cookie: 'token=TOKEN', authorization: 'Bearer TOKEN' }, 403],
  ])('refuses %j', async (headers, status) => {
    const filled = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, String(value).replace('TOKEN', edge.tokens.kill)]),
    );
    const client = open(filled);
    await edge.until(() => client.refused() !== null);
    expect(client.refused()).toBe(status);
  });

  it('takes the own origin, and no other path', async () => {
    const own = open({ origin: `http://127.0.0.1:${edge.port}` });
    await own.opened();
    const elsewhere = open({}, '/live2');
    await edge.until(() => elsewhere.refused() === 404);
    own.socket.terminate();
  });

  it('refuses the 21st socket', async () => {
    const clients = Array.from({ length: 20 }, () => open());
    for (const client of clients) await client.opened();
    const late = open();
    await edge.until(() => late.refused() === 503);
    for (const { socket } of clients) socket.terminate();
  });
});

describe('the login', () => {
  it('must come within 2 s, as the first message, with a token that may read', async () => {
    const silent = open();
    await silent.opened();
    const wrong = open();
    await wrong.opened();
    wrong.send({ type: 'login', token: 'wrong' });
    const hook = open();
    await hook.opened();
    hook.send({ type: 'login', token: edge.tokens.alertmanager });
    const hasty = open();
    await hasty.opened();
    hasty.send({ type: 'control', action: 'disable_live', reason: 'x', token: edge.tokens.kill });

    await edge.until(() => [silent, wrong, hook, hasty].every(({ closed }) => closed() !== null));
    expect([silent, wrong, hook, hasty].map(({ closed }) => closed())).toEqual([4408, 4401, 4403, 4401]);
    expect([silent, wrong, hook, hasty].flatMap(({ heard }) => heard)).toEqual([]);
    expect(latchLevel(edge.boot.latch, 0)).toBe('open');
  });

  it('keeps the token out of the log', async () => {
    await logIn('operate');
    expect(edge.log()).not.toContain(edge.tokens.operate);
  });
});

describe('the stream', () => {
  it('is a snapshot, then what changed since, by path', async () => {
    const client = await logIn();
    expect(client.heard.map(({ type }) => type)).toEqual(['welcome', 'snapshot']);
    expect(client.heard[1]).toMatchObject({ seq: 0, status: { run: 'run-1', bots: { 'arb:SOL': { trades: 1 } } } });

    const view = viewAt(nowMs());
    edge.post({
      type: 'view',
      view: {
        ...view,
        restarts: 9,
        bots: { ...view.bots, 'bot:arb:RAY': { ...view.bots['bot:arb:RAY']!, trades: 5 } },
      },
    });
    await edge.until(() => client.heard.some(({ set }) => (set as Record<string, unknown>)?.['/restarts'] === 9));
    const delta = client.heard.find(({ set }) => (set as Record<string, unknown>)?.['/restarts'] === 9)!;
    expect(delta).toMatchObject({ type: 'delta', set: { '/bots/arb:RAY': { trades: 5 } } });
    expect(Object.keys(delta.set as object)).not.toContain('/run');
    client.socket.terminate();
  });

  it('carries control messages: answered by id, executed once, refused to a reader', async () => {
    const operator = await logIn('operate');
    const message = { type: 'control', id: 'c1', action: 'disable_live', target: 'arb:SOL', reason: 'live' };
    operator.send(message);
    operator.send(message);
    await edge.until(() => operator.heard.filter(({ type }) => type === 'reply').length === 2);
    expect(operator.last('reply')).toMatchObject({ id: 'c1', status: 200, body: { after: { 'arb:SOL': 'permit' } } });
    expect(edge.heard.filter(({ type }) => type === 'latchChanged')).toHaveLength(1);
    operator.send({ type: 'control', id: 'c2', action: 'dance' });
    await edge.until(() => operator.last('reply')?.id === 'c2');
    expect(operator.last('reply')?.status).toBe(400);

    const reader = await logIn('read');
    reader.send({ type: 'control', id: 'c3', action: 'enable_live', target: 'arb:SOL' });
    await edge.until(() => reader.last('reply') !== undefined);
    expect(reader.last('reply')).toMatchObject({ id: 'c3', status: 403 });
    expect(latchLevel(edge.boot.latch, 0)).toBe('permit');
    for (const { socket } of [operator, reader]) socket.terminate();
  });

  it('cuts garbage and what is longer than 64 KiB, and goes on', async () => {
    const [long, binary, garbled] = [await logIn(), await logIn(), await logIn()];
    long.socket.send('x'.repeat(64 * 1024 + 1));
    binary.socket.send(Buffer.from([1, 2, 3]));
    garbled.socket.send('{"type":');
    await edge.until(() => long.closed() !== null && binary.closed() !== null && garbled.last('error') !== undefined);
    expect([long.closed(), binary.closed(), garbled.closed()]).toEqual([1009, 1003, null]);
    expect((await edge.call('GET', '/healthz')).status).toBe(200);
    garbled.socket.terminate();
  });

  it('sends a reader that takes nothing no further delta, cuts it in the end, and serves the others all the while', async () => {
    const [slow, quick] = [await logIn(), await logIn()];
    const deltas = () => quick.heard.filter(({ type }) => type === 'delta').length;
    slow.socket.pause();
    // Far more than the system's socket buffers hold, so that the rest waits in the edge.
    const big = (fill: string) => viewAt(nowMs(), { mode: fill.repeat(12 * 1024 * 1024) });
    edge.post({ type: 'view', view: big('a') });
    const endMs = performance.now() + 25_000;
    while (!edge.log().includes('was cut: too slow')) {
      if (performance.now() > endMs) throw new Error('the slow reader was not cut');
      edge.post({ type: 'view', view: big(deltas() % 2 === 0 ? 'b' : 'c') });
      const before = deltas();
      await edge.until(() => deltas() > before);
    }
    expect(deltas()).toBeGreaterThanOrEqual(9);
    // One message of 12 MB waits for it, not one per tick.
    expect(Number(/"waitingBytes":(\d+)/.exec(edge.log())![1])).toBeLessThan(2 * 12 * 1024 * 1024);
    quick.socket.terminate();
  });
});
