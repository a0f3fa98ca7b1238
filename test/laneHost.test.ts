import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { ExitReason } from '../src/domain/exitReason.ts';
import { type ArbEvaluation, EvaluationKind } from '../src/strategies/arb/arbEvaluation.ts';
import { createSlab, type Dimensions, slabLayout } from '../src/telemetry/slab.ts';
import { lastReportMs } from '../src/telemetry/slabSink.ts';
import { createLaneHost } from '../src/workers/laneHost.ts';
import type { FromLane, LaneBoot } from '../src/workers/laneMessages.ts';
import { createWallClock } from '../src/workers/wallClock.ts';
import { defaultKnobs } from './laneWorld.ts';
import { slowness } from './slowness.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Venues that answer nothing: the lane lives, its books never do. */
async function startHost() {
  const server = http.createServer((_request, response) => response.writeHead(503).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const venue = { rest: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}` };
  const bootOf = (incarnation: number): LaneBoot => ({
    lane: 'lane:0',
    incarnation,
    endpoints: { binance: venue, okx: venue, bybit: venue, jupiter: venue },
    instruments: (['okx', 'binance', 'bybit'] as const).map((name) => ({
      venue: name,
      pair: 'SOL/USDT',
      venueSymbol: name === 'okx' ? 'SOL-USDT' : 'SOLUSDT',
      base: 'SOL',
      quote: 'USDT',
      tickSize: 0.01,
      stepSize: 0.001,
      minQty: 0.001,
      minNotional: 5,
    })),
    bots: [{ id: 'arb:SOL', botSlot: 0, symbol: 'SOL', pair: 'SOL/USDT', knobs: defaultKnobs() }],
  });
  const dimensions: Dimensions = {
    bots: ['arb:SOL'],
    pairs: ['SOL/USDT', 'USDC/USDT'],
    lanes: ['lane:0'],
    children: [],
  };
  const buffer = createSlab(slabLayout('lane', 'lane:0', dimensions));
  const exits: { readonly reason: ExitReason; readonly incarnation: number }[] = [];
  const evaluations: ArbEvaluation[] = [];
  const messages: FromLane[] = [];
  const wakers: (() => void)[] = [];
  const wake = () => {
    for (const each of wakers.splice(0)) each();
  };
  const host = createLaneHost({
    clock: createWallClock(),
    slab: { kind: 'lane', thread: 'lane:0', buffer },
    dimensions,
    onEvaluation: (evaluation) => {
      evaluations.push(evaluation);
      wake();
    },
    onMessage: (message) => {
      messages.push(message);
      wake();
    },
    onExit: (reason, boot) => {
      exits.push({ reason, incarnation: boot.incarnation });
      wake();
    },
  });
  cleanups.unshift(() => host.close());
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise<void>((resolve) => wakers.push(resolve));
  };
  return { host, bootOf, exits, evaluations, messages, until, buffer };
}

it('answers over the ring, reports its feeds, lives in its slab and stops when asked', async () => {
  const { host, bootOf, exits, evaluations, messages, until, buffer } = await startHost();
  await host.start(bootOf(1));
  host.send({ type: 'prices', botSlot: 0, requestId: 77 });
  await until(() => evaluations.length > 0);
  await until(() => messages.some(({ type }) => type === 'feeds'));

  expect(evaluations[0]).toMatchObject({ kind: EvaluationKind.prices, requestId: 77, laneSeq: 1, bestBidPx: null });
  expect(lastReportMs(buffer)).toBeGreaterThan(0);
  const reports = messages.length;
  await host.stop(5000);
  expect(messages.slice(reports).at(-1)).toMatchObject({ type: 'feeds' });
  expect(exits).toEqual([{ reason: { kind: 'shutdown' }, incarnation: 1 }]);
});

it('reports a drill as the crash it is, and runs again with fresh links within a second', async () => {
  const { host, bootOf, exits, evaluations, until } = await startHost();
  const factor = slowness();
  await host.start(bootOf(1));
  host.crash();
  await until(() => exits.length > 0);
  const crashedAt = performance.now();
  expect(exits[0]).toMatchObject({ incarnation: 1, reason: { kind: 'crash', error: { code: 'actor.drill' } } });

  await host.start(bootOf(2));
  const restartMs = performance.now() - crashedAt;
  expect(restartMs).toBeLessThan(1000 * Math.max(factor, slowness()));
  host.send({ type: 'prices', botSlot: 0, requestId: 5 });
  await until(() => evaluations.length > 0);
  expect(evaluations[0]).toMatchObject({ requestId: 5, laneSeq: 1 });
  expect(exits).toHaveLength(1);
});

it('ends by force what is killed, and rejects the start of a lane that cannot boot', async () => {
  const { host, bootOf, exits } = await startHost();
  await host.start(bootOf(1));
  await host.kill();
  expect(exits).toEqual([{ reason: { kind: 'killed' }, incarnation: 1 }]);

  const unknownToken = { ...bootOf(2), bots: [{ ...bootOf(2).bots[0]!, symbol: 'NOPE' }] };
  await expect(host.start(unknownToken)).rejects.toMatchObject({ code: 'config.invalid' });
  expect(exits).toHaveLength(1);
  await host.start(bootOf(3));
});
