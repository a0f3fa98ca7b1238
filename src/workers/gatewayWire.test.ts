import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { OrderIntent, TradePort } from '../domain/orders.ts';
import type { HttpRequest } from '../domain/ports.ts';
import { silentMetrics } from '../telemetry/metricSink.ts';
import { createJupiterSwap } from '../venues/jupiter/trade.ts';
import { createGateway } from './gateway.ts';
import type { FromGateway } from './gatewayMessages.ts';
import { createLatch, setLatchWord } from './latchWords.ts';
import { createWallClock } from './wallClock.ts';
import { createWallTransport } from './wallTransport.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** As many sockets as the transport opens to one host. */
const SOCKETS = 32;

/** Real gateway, transport and sockets; the venue answers swaps, and keeps `/slow` waiting until `release`. */
async function startWire() {
  const swaps: string[] = [];
  const held: http.ServerResponse[] = [];
  const server = http.createServer((request, response) => {
    if (request.url === '/slow') return void held.push(response);
    if (request.method === 'POST') swaps.push(request.url!);
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transport = createWallTransport();
  cleanups.push(
    () => transport.close(),
    () => server.closeAllConnections(),
    () => new Promise((resolve) => server.close(resolve)),
  );
  const rest = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = createWallClock();
  const port: TradePort = createJupiterSwap({ transport, clock, rest, account: 'main', metrics: silentMetrics });
  const latch = createLatch(1);
  const sent: FromGateway[] = [];
  let heard = () => {};
  const gateway = createGateway({
    ports: [port],
    clock,
    latch,
    metrics: silentMetrics,
    send(message) {
      sent.push(message);
      heard();
    },
  });
  return {
    latch,
    swaps,
    sent,
    place: () => gateway.handle({ type: 'place', intent: swap }),
    said: () =>
      new Promise<void>((resolve) => {
        heard = resolve;
        if (sent.length > 0) resolve();
      }),
    async stall(request: Pick<HttpRequest, 'method' | 'isOrder'>) {
      const answers = Array.from({ length: SOCKETS }, () =>
        transport.request({ ...request, url: `${rest}/slow`, timeoutMs: 60_000 }).catch(() => {}),
      );
      await expect.poll(() => held.length, { timeout: 20_000 }).toBe(SOCKETS);
      return async () => {
        for (const response of held) response.end('{}');
        await Promise.all(answers);
      };
    },
    /** Everything that was to be written before it has been. */
    settle: () => transport.request({ method: 'GET', url: `${rest}/now`, timeoutMs: 20_000 }),
  };
}

const swap: OrderIntent = {
  ...{ clientOrderId: 'nja', bot: 'arb:SOL', botSlot: 0, epoch: 1, attempt: 1, leg: 'dex', venue: 'jupiter' },
  ...{ account: 'main', pair: 'SOL/USDC', side: 'buy', type: 'swap', effect: 'opening', qty: '1', decidedAtMs: 0 },
  swap: { inputMint: 'in', outputMint: 'out', inAmountRaw: 1, minOutAmountRaw: 1 },
} as unknown as OrderIntent;

describe('an order on real sockets', () => {
  it('G4: does not leave when the latch closes while its connection is made, and counts as refused', async () => {
    const wire = await startWire();
    wire.place();
    // By now the request has its socket, and the socket no peer.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    setLatchWord(wire.latch, 0, 'kill');
    await wire.said();
    await wire.settle();
    expect(wire.sent).toEqual([{ type: 'refused', clientOrderId: 'nja', reason: 'killed' }]);
    expect(wire.swaps).toEqual([]);
  });

  it('does not leave when the latch closes while it waits for a connection', async () => {
    const wire = await startWire();
    const release = await wire.stall({ method: 'POST', isOrder: true });
    wire.place();
    setLatchWord(wire.latch, 0, 'kill');
    await release();
    await wire.said();
    await wire.settle();
    expect(wire.sent).toEqual([{ type: 'refused', clientOrderId: 'nja', reason: 'killed' }]);
    expect(wire.swaps).toEqual([]);
  });

  it('leaves while every connection for lookups is taken', async () => {
    const wire = await startWire();
    const release = await wire.stall({ method: 'GET' });
    wire.place();
    await wire.said();
    expect(wire.swaps).toEqual(['/sim/swap']);
    await release();
  });
});
