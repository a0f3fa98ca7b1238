import { MessageChannel, Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { FromGateway, GatewayBoot, ToGateway } from '../src/workers/gatewayMessages.ts';
import { createLatch, setLatchWord } from '../src/workers/latchWords.ts';
import { anIntent, startScriptedVenue } from './gatewayScriptedVenue.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const demo = { apiKey: 'test-key', secret: 'test-secret' };

/** The real thread on one scripted server that is all venues; `next(type)` awaits the next message of that type. */
async function startThread(changes: Partial<GatewayBoot> = {}) {
  const world = await startScriptedVenue('binance');
  stops.push(world.stop);
  const latch = createLatch(2);
  const boot: GatewayBoot = {
    incarnation: 1,
    endpoints: world.endpoints,
    mode: 'live',
    env: 'sim',
    pairs: ['SOL/USDT'],
    latch,
    slab: new SharedArrayBuffer(8),
    keys: { binance: demo, okx: { ...demo, password: 'test-pass' }, bybit: demo },
    ...changes,
  };
  const worker = new Worker(new URL('../src/workers/gatewayEntry.ts', import.meta.url), { workerData: boot });
  stops.push(() => worker.terminate());
  const exited = new Promise<number>((resolve) => worker.once('exit', resolve));
  const received: FromGateway[] = [];
  const waiting: { type: string; resolve: (message: FromGateway) => void }[] = [];
  worker.on('message', (message: FromGateway) => {
    received.push(message);
    const at = waiting.findIndex(({ type }) => type === message.type);
    if (at >= 0) waiting.splice(at, 1)[0]!.resolve(message);
  });
  const next = <T extends FromGateway['type']>(type: T) =>
    new Promise<Extract<FromGateway, { type: T }>>((resolve) => {
      waiting.push({ type, resolve: resolve as (message: FromGateway) => void });
    });
  const { port1, port2 } = new MessageChannel();
  stops.push(() => port1.close());
  worker.postMessage({ type: 'journalPort', port: port2 } satisfies ToGateway, [port2]);
  return {
    world,
    latch,
    next,
    received,
    exited,
    /** As the journal thread does after a commit. */
    commit: (message: ToGateway) => port1.postMessage(message),
    ask: (message: ToGateway) => worker.postMessage(message),
  };
}

describe('the gateway thread', () => {
  it('opens every venue, sends what the journal committed, obeys the latch at once, and ends when asked', async () => {
    const { world, latch, next, exited, commit, ask, received } = await startThread();
    const [first, second, third] = [
      anIntent('binance'),
      anIntent('binance'),
      anIntent('binance', { effect: 'closing' }),
    ];
    world.answer(({ method, path, body }) => {
      if (method !== 'POST' || path !== '/api/v3/order') return undefined;
      const clientOrderId = new URLSearchParams(body).get('newClientOrderId')!;
      const order = {
        symbol: 'SOLUSDT',
        orderId: 7,
        clientOrderId,
        transactTime: 1,
        executedQty: '0',
        cummulativeQuoteQty: '0',
      };
      return { body: { ...order, status: 'EXPIRED', side: 'SELL', fills: [] } };
    });
    await next('ready');

    commit({ type: 'place', intent: first });
    expect(await next('placed')).toMatchObject({
      clientOrderId: first.clientOrderId,
      answer: { report: { status: 'expired' } },
    });

    setLatchWord(latch, 'all', 'permit');
    commit({ type: 'place', intent: second });
    expect(await next('refused')).toMatchObject({ clientOrderId: second.clientOrderId, reason: 'permit closed' });
    commit({ type: 'place', intent: third });
    await next('placed');
    setLatchWord(latch, 'all', 'kill');
    commit({ type: 'place', intent: anIntent('binance', { effect: 'closing' }) });
    await next('refused');

    const sentIds = world.creates().map(({ body }) => new URLSearchParams(body).get('newClientOrderId'));
    expect(sentIds).toEqual([first.clientOrderId, third.clientOrderId]);

    ask({ type: 'reconcile' });
    const truth = await next('reconciled');
    expect(truth.balances).toContainEqual({ venue: 'jupiter', asset: 'SOL', free: 3, locked: 0 });
    expect(truth.failures).toMatchObject(
      [/^binance\/main open orders/, /^bybit/, /^okx/].map((line) => expect.stringMatching(line)),
    );

    ask({ type: 'stop' });
    await next('stopped');
    expect(await exited).toBe(0);
    expect(received.filter(({ type }) => type === 'failed')).toEqual([]);
  });

  it.each(['replay', 'paper', 'shadow'] as const)(
    'does not exist in mode %s: no key may be in such a process',
    async (mode) => {
      const { world, next, exited } = await startThread({ mode });
      expect(await next('failed')).toMatchObject({
        error: { code: 'config.invalid', message: expect.stringContaining(mode) },
      });
      expect(await exited).toBe(0);
      expect(world.seen).toEqual([]);
    },
  );

  it('says which venue refused, and ends', async () => {
    const { world, next, exited } = await startThread({ pairs: ['SOL/USDT', 'NOPE/USDT'] });
    const failed = await next('failed');
    expect(failed.error).toMatchObject({ code: 'venue.rejected', message: expect.stringContaining('NOPE/USDT') });
    expect(await exited).toBe(0);
    expect(world.creates()).toEqual([]);
  });
});
