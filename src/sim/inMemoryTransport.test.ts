import { describe, expect, it } from 'vitest';
import type { NightjarError } from '../domain/errors.ts';
import type { HttpResponse, SocketHandlers } from '../domain/ports.ts';
import { createRandom } from '../domain/random.ts';
import { createInMemoryTransport } from './inMemoryTransport.ts';
import { defaultSimConfig } from './simConfig.ts';
import { createSimWorld } from './simWorld.ts';
import { createSteppedClock } from './steppedClock.ts';

const LATENCY = { baseMs: 10, tailMs: 3 };

function startTransport(seed: number) {
  const clock = createSteppedClock();
  const world = createSimWorld({ clock, random: createRandom(seed), config: defaultSimConfig });
  const random = createRandom(`${seed}/net`);
  return { clock, world, ...createInMemoryTransport(world, { clock, random, latency: LATENCY }) };
}

/** Every call on the handlers, with the time of it. */
function record(clock: { nowMs(): number }): SocketHandlers & { log: [ms: number, what: string, text: string][] } {
  const startMs = clock.nowMs();
  const log: [number, string, string][] = [];
  const note = (what: string, text = '') => log.push([clock.nowMs() - startMs, what, text]);
  return {
    log,
    onOpen: () => note('open'),
    onMessage: (data) => note('message', new TextDecoder().decode(data)),
    onHeartbeat: () => note('heartbeat'),
    onClose: (code, reason) => note('close', `${code} ${reason}`.trim()),
  };
}

describe('the in-memory transport', () => {
  it('answers after the latency of both ways, with the bytes that a socket would carry', async () => {
    const { clock, transport, endpoints } = startTransport(1);
    const asked = transport.request({ method: 'GET', url: `${endpoints.binance.rest}/api/v3/time`, timeoutMs: 1000 });
    let answer: HttpResponse | null = null;
    void asked.then((response) => {
      answer = response;
    });
    clock.advance(19);
    await Promise.resolve();
    expect(answer).toBeNull();
    clock.advance(100);
    const { status, headers, body } = await asked;
    expect([status, headers['content-type']]).toEqual([200, 'application/json;charset=utf-8']);
    expect(JSON.parse(new TextDecoder().decode(body)).serverTime).toBeGreaterThan(0);
  });

  it('rejects what takes too long, though it arrives, and what nobody serves', async () => {
    const { clock, world, transport, endpoints } = startTransport(2);
    const order = { clientOrderId: 'njlate', symbol: 'SOL/USDT', side: 'sell', type: 'market', qty: '1' };
    const url = `${endpoints.okx.rest}/sim/order`;
    const asked = transport.request({ method: 'POST', url, body: JSON.stringify(order), timeoutMs: 15 });
    const outcome = asked.catch((error: NightjarError) => error.code);
    clock.advance(200);
    expect(await outcome).toBe('net.timeout');
    expect(world.inside.exchange('okx').byClientId('njlate')?.status).toBe('filled');

    const nobody = transport.request({ method: 'GET', url: 'http://kraken.sim/time', timeoutMs: 15 });
    await expect(nobody).rejects.toMatchObject({ code: 'net.refused' });
  });

  it('opens a socket, keeps its frames in order, answers pings, and closes once', () => {
    const { clock, transport, endpoints } = startTransport(3);
    const handlers = record(clock);
    const socket = transport.openSocket(`${endpoints.okx.ws}/ws/v5/public`, handlers);
    expect(socket.send('ping')).toBe(false);
    clock.advance(100);
    expect(handlers.log.map(([, what]) => what)).toEqual(['open']);
    expect(socket.send('ping')).toBe(true);
    socket.ping();
    socket.send('{"op":"subscribe","args":[{"channel":"books","instId":"SOL-USDT"}]}');
    clock.advance(60_000);
    const texts = handlers.log.filter(([, what]) => what === 'message').map(([, , text]) => text);
    expect(texts[0]).toBe('pong');
    expect(handlers.log.filter(([, what]) => what === 'heartbeat')).toHaveLength(1);
    const ids = texts.slice(2).map((text) => JSON.parse(text).data[0]);
    expect(ids.length).toBeGreaterThan(500);
    for (let i = 1; i < ids.length; i += 1) expect(ids[i].prevSeqId).toBe(ids[i - 1].seqId);

    socket.close();
    socket.close();
    clock.advance(5000);
    const count = handlers.log.length;
    expect(handlers.log.at(-1)!.slice(1)).toEqual(['close', '1000']);
    clock.advance(5000);
    expect(handlers.log).toHaveLength(count);
    expect(socket.send('ping')).toBe(false);
  });

  it('reports a refused connection as a close, without an open before', () => {
    const { clock, transport } = startTransport(4);
    const handlers = record(clock);
    transport.openSocket('ws://jupiter.sim/ws', handlers);
    clock.advance(1000);
    expect(handlers.log.map(([, what, text]) => [what, text.slice(0, 4)])).toEqual([['close', '1006']]);
  });

  it('falls silent when the world is stopped: swaps in flight and socket watches leave no timer behind', () => {
    const { clock, world, transport, endpoints } = startTransport(5);
    const handlers = record(clock);
    transport.openSocket(`${endpoints.binance.ws}/ws/solusdt@depth@100ms`, handlers);
    clock.advance(2000);
    world.stop();
    clock.advance(100);
    const count = handlers.log.length;
    clock.advance(120_000);
    expect(handlers.log).toHaveLength(count);
    expect(clock.pendingTimers()).toBe(0);
  });

  it('gives the same run twice, times included, and another with another seed', () => {
    const run = (seed: number) => {
      const { clock, transport, endpoints } = startTransport(seed);
      const handlers = record(clock);
      transport.openSocket(`${endpoints.binance.ws}/stream?streams=solusdt@depth@100ms/solusdt@trade`, handlers);
      clock.advance(5000);
      return JSON.stringify(handlers.log);
    };
    expect(run(8)).toBe(run(8));
    expect(run(8)).not.toBe(run(9));
  });
});
