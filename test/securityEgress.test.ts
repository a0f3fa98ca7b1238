import { createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { createLatch } from '../src/workers/latchWords.ts';
import { anIntent, startScriptedVenue } from './gatewayScriptedVenue.ts';

/** Whose code may run beside the keys. More of them is more who may turn hostile: a decision, not an accident. */
const PACKAGE_BUDGET = ['@noble/curves', '@noble/hashes', '@scure/base', '@scure/starknet', 'ccxt', 'ws'];

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A server that nobody should reach, and how many did. */
async function startStranger() {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => server.close());
  return { port: (server.address() as { port: number }).port, connections: () => connections };
}

type Heard = Readonly<Record<string, unknown>> & { readonly type: string };

function listen(worker: Worker) {
  const heard: Heard[] = [];
  const waiting: (() => void)[] = [];
  worker.on('message', (message: Heard) => {
    heard.push(message);
    for (const wake of waiting.splice(0)) wake();
  });
  return async (type: string): Promise<Heard> => {
    for (;;) {
      const found = heard.find((one) => one.type === type);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
}

/** The real gateway thread with a module in it that obeys us; ready, on one scripted server that is all venues. */
async function startGatewayThread() {
  const venue = await startScriptedVenue('binance');
  stops.push(venue.stop);
  const demo = { apiKey: 'test-key', secret: 'test-secret' };
  const worker = new Worker(new URL('../src/workers/gatewayEntry.ts', import.meta.url), {
    execArgv: ['--import', new URL('./securityHostileModule.ts', import.meta.url).href],
    workerData: {
      ...{ incarnation: 1, endpoints: venue.endpoints, mode: 'live', env: 'sim', pairs: ['SOL/USDT'] },
      ...{ latch: createLatch(1), slab: new SharedArrayBuffer(8) },
      keys: { binance: demo, okx: { ...demo, password: 'test-pass' }, bybit: demo },
    },
  });
  stops.push(() => worker.terminate());
  const next = listen(worker);
  await next('ready');
  return { venue, worker, next };
}

it('H5: what a venue’s answer repeats of the keys does not leave the thread that holds them', async () => {
  const { venue, worker, next } = await startGatewayThread();
  venue.answer(({ method, path, headers }) =>
    method === 'POST' && path === '/api/v3/order'
      ? { status: 400, body: { code: -1100, msg: `key ${String(headers['x-mbx-apikey'])} with test-secret may not` } }
      : undefined,
  );
  worker.postMessage({ type: 'place', intent: anIntent('binance') });
  const placed = JSON.stringify(await next('placed'));
  expect(placed).toContain('key [secret] with [secret] may not');
  expect(placed).not.toMatch(/test-key|test-secret/);
});

describe('H9: a dependency that turns hostile', () => {
  it('H9: cannot send from the thread that holds the keys to any host but a venue, and somebody hears of it', async () => {
    const stranger = await startStranger();
    const { venue, worker, next } = await startGatewayThread();
    // Its venues it reaches: the account was asked for, signed, before it was ready.
    await next('ready');
    expect(venue.seen.some(({ path }) => path === '/api/v3/account')).toBe(true);

    worker.postMessage({ type: 'hostile', port: stranger.port });
    expect((await next('alarm')).message).toContain(`127.0.0.1:${stranger.port}`);
    expect((await next('hostileFailed')).message).toMatch(/no venue of this system/);
    expect(stranger.connections()).toBe(0);

    worker.postMessage({ type: 'packages' });
    expect([...((await next('packages')).names as string[])].sort()).toEqual(PACKAGE_BUDGET);
  });

  it('H9: finds every other way out shut as well: HTTP, TLS, fetch, a pipe, names, datagrams, processes, threads', async () => {
    const [stranger, venue] = [await startStranger(), await startStranger()];
    const worker = new Worker(new URL('./securityEgressWorker.ts', import.meta.url), {
      workerData: { allowed: `127.0.0.1:${venue.port}`, stranger: stranger.port, venue: venue.port },
    });
    stops.push(() => worker.terminate());
    const { tried, refused } = (await listen(worker)('tried')) as unknown as {
      readonly tried: Readonly<Record<string, string>>;
      readonly refused: number;
    };
    const { venue: allowed, afterUndo, ...shut } = tried;
    expect([allowed, afterUndo]).toEqual(['through', 'through']);
    expect(Object.entries(shut).filter(([, end]) => end !== 'refused')).toEqual([]);
    expect(Object.keys(shut)).toHaveLength(16);
    expect(refused).toBeGreaterThanOrEqual(16);
    expect(stranger.connections()).toBe(1);
  });
});
