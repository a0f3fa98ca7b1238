import { afterEach, describe, expect, it } from 'vitest';
import { createVirtualClock } from '../src/core/virtualClock.ts';
import { makeClientOrderId } from '../src/domain/clientOrderId.ts';
import { CEX_VENUES, type Venue } from '../src/domain/instruments.ts';
import type { OrderIntent, OrderReport } from '../src/domain/orders.ts';
import type { Clock } from '../src/domain/ports.ts';
import { createRandom } from '../src/domain/random.ts';
import { TOKENS } from '../src/domain/tokens.ts';
import { createInMemoryTransport } from '../src/sim/inMemoryTransport.ts';
import { defaultSimConfig } from '../src/sim/simConfig.ts';
import { SIM_INSTRUMENTS } from '../src/sim/simInstruments.ts';
import { SIM_API_KEY, SIM_PASSPHRASE, SIM_SECRET } from '../src/sim/simKeys.ts';
import { startSimServers } from '../src/sim/simServers.ts';
import { createSimWorld, type SimWorld } from '../src/sim/simWorld.ts';
import { silentMetrics } from '../src/telemetry/metricSink.ts';
import { createGateway } from '../src/workers/gateway.ts';
import type { FromGateway } from '../src/workers/gatewayMessages.ts';
import { createSimPorts, createWallPorts } from '../src/workers/gatewayPorts.ts';
import { createLatch, setLatchWord } from '../src/workers/latchWords.ts';
import { createWallClock } from '../src/workers/wallClock.ts';
import { createWallTransport } from '../src/workers/wallTransport.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

// Every swap lands, so that a run never waits for a blockhash to expire.
const config = { ...defaultSimConfig, market: { ...defaultSimConfig.market, swapDropShare: 0 } };
const pairs = ['SOL/USDT', 'RAY/USDT'];
const demo = { apiKey: SIM_API_KEY, secret: SIM_SECRET };
const keys = { binance: demo, okx: { ...demo, password: SIM_PASSPHRASE }, bybit: demo };

/** Waits for the gateway's messages by moving the world on: by time on the wall, by running the virtual clock. */
async function startGateway(kind: 'wall' | 'virtual') {
  const wall = createWallClock();
  const virtual = createVirtualClock();
  const clock: Clock = kind === 'wall' ? wall : virtual;
  const world = createSimWorld({ clock, random: createRandom(7), config });
  stops.push(() => world.stop());
  const latch = createLatch(2);
  const received: FromGateway[] = [];
  const deps = { clock, metrics: silentMetrics };
  const step = () =>
    kind === 'wall' ? new Promise((resolve) => wall.after(10, () => resolve(null))) : virtual.run(virtual.nowMs() + 10);
  let ports: Awaited<ReturnType<typeof createWallPorts>>;
  if (kind === 'wall') {
    const servers = await startSimServers(world, { port: 0 });
    stops.push(() => servers.close());
    const transport = createWallTransport();
    stops.push(() => transport.close());
    ports = await createWallPorts(
      { mode: 'live', env: 'sim', endpoints: servers.endpoints, pairs, keys },
      { ...deps, transport },
    );
  } else {
    const { transport, endpoints } = createInMemoryTransport(world, { clock, random: createRandom(8) });
    ports = createSimPorts({ endpoints }, { ...deps, transport });
  }
  const gateway = createGateway({
    ports,
    clock,
    latch,
    metrics: silentMetrics,
    send: (message) => received.push(message),
  });
  let opened = false;
  const opening = gateway.open().then(() => {
    opened = true;
  });
  while (!opened) await Promise.race([step(), opening]);

  const until = async <T>(wanted: () => T | null | undefined): Promise<T> => {
    for (let steps = 0; steps < 1_000; steps += 1) {
      const found = wanted();
      if (found !== null && found !== undefined) return found;
      await step();
    }
    throw new Error(`it did not come: ${JSON.stringify(received)}`);
  };
  const next = <T extends FromGateway['type']>(type: T) =>
    until(() => received.find((message): message is Extract<FromGateway, { type: T }> => message.type === type));
  const end = ({ clientOrderId }: OrderIntent) => until(() => endOf(clientOrderId, received));
  return { world, gateway, latch, next, end };
}

let sequence = 0;
function anOrder(venue: Venue, changes: Partial<OrderIntent>): OrderIntent {
  sequence += 1;
  return {
    clientOrderId: makeClientOrderId({
      runTag: 'testtest',
      botSlot: 0,
      coreIncarnation: 1,
      botIncarnation: 1,
      sequence,
    }),
    bot: 'arb:SOL',
    botSlot: 0,
    epoch: 1,
    attempt: 1,
    leg: 'cex',
    venue,
    account: 'main',
    pair: 'SOL/USDT',
    side: 'sell',
    type: 'ioc',
    effect: 'opening',
    qty: '0.50',
    decidedAtMs: 0,
    ...changes,
  };
}

const price = (world: SimWorld, factor: number) => (world.inside.fair.priceOf('SOL/USDT') * factor).toFixed(1);

/** The end of an order: in the answer to its create where that was final, else as resolved. */
function endOf(id: string, received: readonly FromGateway[]): OrderReport | null {
  for (const message of received) {
    if (message.type === 'placed' && message.clientOrderId === id && message.answer.outcome === 'confirmed') {
      if (message.answer.report.status !== 'open') return message.answer.report;
    }
    if (message.type === 'resolved' && message.clientOrderId === id && message.answer.found === 'yes') {
      if (message.answer.report.status !== 'open') return message.answer.report;
    }
  }
  return null;
}

describe.each(['wall', 'virtual'] as const)('the gateway on the embedded venues, %s clock', (kind) => {
  it.each(CEX_VENUES)('fills an IOC at %s and reports fills that add up', async (venue) => {
    const { world, gateway, end } = await startGateway(kind);
    const order = anOrder(venue, { price: price(world, 0.98) });
    gateway.handle({ type: 'place', intent: order });

    const report = await end(order);
    expect(report).toMatchObject({ status: 'filled', filledQty: 0.5 });
    expect(report.fills.reduce((sum, fill) => sum + fill.qty, 0)).toBeCloseTo(0.5, 9);
    for (const fill of report.fills) {
      expect(fill).toMatchObject({
        clientOrderId: order.clientOrderId,
        venue,
        pair: 'SOL/USDT',
        side: 'sell',
        feeCurrency: 'USDT',
      });
      expect(fill.fee).toBeGreaterThan(0);
    }
    // Nothing else reached the venue.
    expect(world.inside.log.list(venue)).toHaveLength(1);
  });

  it.each(CEX_VENUES)('ends an IOC that finds nothing at %s without a fill', async (venue) => {
    const { world, gateway, end } = await startGateway(kind);
    const order = anOrder(venue, { price: price(world, 1.05) });
    gateway.handle({ type: 'place', intent: order });
    expect(await end(order)).toMatchObject({
      status: venue === 'binance' ? 'expired' : 'cancelled',
      filledQty: 0,
      fills: [],
    });
  });

  it('reads the rules of the markets as those that size our orders', async () => {
    const { gateway, next } = await startGateway(kind);
    gateway.handle({ type: 'markets' });
    const { markets, failures } = await next('markets');
    expect(failures).toEqual([]);
    for (const { venue, pair, tickSize, stepSize, minQty, minNotional } of SIM_INSTRUMENTS) {
      if (pairs.includes(pair))
        expect(markets).toContainEqual({ venue, pair, tickSize, stepSize, minQty, minNotional });
    }
  });

  it.each(CEX_VENUES)('rests a post-only at %s, finds it among ours, cancels it and proves that', async (venue) => {
    const { world, gateway, next, end } = await startGateway(kind);
    const order = anOrder(venue, { type: 'postOnly', price: price(world, 1.05) });
    gateway.handle({ type: 'place', intent: order });
    const resting = await next('resolved');
    expect(resting).toMatchObject({ answer: { found: 'yes', report: { status: 'open' } } });

    gateway.handle({ type: 'reconcile' });
    const truth = await next('reconciled');
    expect(truth.failures).toEqual([]);
    expect(truth.openOrders.map(({ clientOrderId }) => clientOrderId)).toEqual([order.clientOrderId]);
    expect(truth.balances).toContainEqual({ venue, asset: 'SOL', free: 499.5, locked: 0.5 });
    expect(truth.balances).toContainEqual({ venue: 'jupiter', asset: 'USDC', free: 50_000, locked: 0 });

    gateway.handle({ type: 'cancel', ref: order });
    expect(await end(order)).toMatchObject({ status: 'cancelled' });
  });

  it.each(CEX_VENUES)(
    'reports a post-only that would take at %s as refused or cancelled, never as filled',
    async (venue) => {
      const { world, gateway, next, end } = await startGateway(kind);
      const order = anOrder(venue, { type: 'postOnly', price: price(world, 0.98) });
      gateway.handle({ type: 'place', intent: order });
      if (venue === 'binance') {
        const placed = await next('placed');
        expect(placed).toMatchObject({ answer: { outcome: 'rejected', code: '-2010' } });
      } else {
        expect(await end(order)).toMatchObject({ status: 'cancelled', filledQty: 0 });
      }
    },
  );

  it('names the reason when a venue refuses for lack of money', async () => {
    const { world, gateway, next } = await startGateway(kind);
    gateway.handle({ type: 'place', intent: anOrder('okx', { qty: '600.00', price: price(world, 0.98) }) });
    expect(await next('placed')).toMatchObject({
      answer: { outcome: 'rejected', code: '51008', reason: expect.stringMatching(/balance/) },
    });
  });

  it('lands a swap and prices it', async () => {
    const { world, gateway, end } = await startGateway(kind);
    const quote = world.inside.dex.quote(TOKENS.USDC!.mint, TOKENS.SOL!.mint, 10_000_000, false)!;
    const order = anOrder('jupiter', {
      type: 'swap',
      side: 'buy',
      leg: 'dex',
      swap: {
        inputMint: TOKENS.USDC!.mint,
        outputMint: TOKENS.SOL!.mint,
        inAmountRaw: 10_000_000,
        minOutAmountRaw: Math.floor(quote.outAmountRaw * 0.9),
        slippageBps: 1_000,
        contextSlot: world.inside.dex.slot(),
      },
    });
    gateway.handle({ type: 'place', intent: order });

    const report = await end(order);
    expect(report.status).toBe('filled');
    expect(report.fills).toMatchObject([
      { side: 'buy', feeCurrency: 'SOL', fee: 0.000013, tradeId: report.venueOrderId },
    ]);
    expect(report.filledQty * report.avgPrice!).toBeCloseTo(10, 6);
  });

  it('lets nothing that opens risk reach any venue once the permit is closed', async () => {
    const { world, gateway, latch, next } = await startGateway(kind);
    setLatchWord(latch, 'all', 'permit');
    for (const venue of CEX_VENUES)
      gateway.handle({ type: 'place', intent: anOrder(venue, { price: price(world, 0.98) }) });
    await next('refused');
    gateway.handle({ type: 'stop' });
    await next('stopped');
    for (const venue of CEX_VENUES) expect(world.inside.log.list(venue)).toEqual([]);
  });
});

it.each(CEX_VENUES)('keeps an order for %s back whose connection is made when the latch closes', async (venue) => {
  const { world, gateway, latch, next } = await startGateway('wall');
  const order = anOrder(venue, { price: price(world, 0.98) });
  gateway.handle({ type: 'place', intent: order });
  setLatchWord(latch, 0, 'kill');
  expect(await next('refused')).toEqual({ type: 'refused', clientOrderId: order.clientOrderId, reason: 'killed' });
  gateway.handle({ type: 'reconcile' });
  expect(await next('reconciled')).toMatchObject({ openOrders: [], failures: [] });
});
