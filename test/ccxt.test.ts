import ccxt, { type Exchange } from 'ccxt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VenueEndpoints } from '../src/domain/ports.ts';
import { createRandom } from '../src/domain/random.ts';
import { defaultSimConfig } from '../src/sim/simConfig.ts';
import { simKeys } from '../src/sim/simKeys.ts';
import { type SimServers, startSimServers } from '../src/sim/simServers.ts';
import { createSimWorld, type SimWorld } from '../src/sim/simWorld.ts';
import { createWallClock } from '../src/workers/wallClock.ts';

type Cex = 'binance' | 'okx' | 'bybit';

let world: SimWorld;
let servers: SimServers;

beforeAll(async () => {
  world = createSimWorld({ clock: createWallClock(), random: createRandom('ccxt'), config: defaultSimConfig });
  servers = await startSimServers(world, { port: 0 });
});

afterAll(async () => {
  await servers.close();
  world.stop();
});

describe.each<Cex>(['binance', 'okx', 'bybit'])('an unmodified ccxt client of %s', (venue) => {
  it('loads the markets with the venue’s increments', async () => {
    const client = await connect(venue);
    const market = client.market('SOL/USDT');
    expect(market.active).toBe(true);
    expect(market.precision.price).toBe(0.01);
    expect(client.symbols).toEqual(expect.arrayContaining(['BTC/USDT', 'RAY/USDT', 'SOL/USDT', 'USDC/USDT']));
  });

  it('fetches a book that is sorted and not crossed', async () => {
    const client = await connect(venue);
    const book = await client.fetchOrderBook('SOL/USDT', 20);
    expect(book.bids).toHaveLength(20);
    expect(book.asks).toHaveLength(20);
    expect(Number(book.bids[0]![0])).toBeLessThan(Number(book.asks[0]![0]));
    for (let i = 1; i < 20; i += 1) expect(Number(book.bids[i]![0])).toBeLessThan(Number(book.bids[i - 1]![0]));
  });

  it('places an IOC order, finds it filled by its client id, and its trades and fees', async () => {
    const client = await connect(venue);
    const before = await client.fetchBalance();
    const clientOrderId = `njioc${venue}1`;
    const ask = await bestAsk(client);
    const placed = await client.createOrder('SOL/USDT', 'limit', 'buy', 0.2, ask * 1.005, {
      timeInForce: 'IOC',
      clientOrderId,
    });
    expect(placed.id).toBeTruthy();

    const found = await findByClientId(client, clientOrderId, (order) => order.status === 'closed');
    expect(found.filled).toBe(0.2);
    expect(found.average).toBeGreaterThan(ask * 0.99);
    const trades = await client.fetchMyTrades('SOL/USDT', undefined, 50);
    const mine = trades.filter((trade) => trade.order === found.id);
    expect(sum(mine.map((trade) => trade.amount ?? 0))).toBeCloseTo(0.2, 9);
    expect(mine[0]!.fee?.currency).toBe('SOL');
    const after = await client.fetchBalance();
    const gained = Number(after.SOL!.free) - Number(before.SOL!.free);
    // Ten basis points of what was bought are the taker fee.
    expect(gained).toBeCloseTo(0.2 * 0.999, 6);
  });

  it('places a post-only order, finds it open by its client id, and cancels it', async () => {
    const client = await connect(venue);
    const clientOrderId = `njpost${venue}1`;
    const price = (await bestAsk(client)) * 0.9;
    await client.createOrder('SOL/USDT', 'limit', 'buy', 0.3, price, { postOnly: true, clientOrderId });

    const found = await findByClientId(client, clientOrderId, (order) => order.status === 'open');
    expect(found.filled).toBe(0);
    const open = await client.fetchOpenOrders('SOL/USDT');
    expect(open.map((order) => order.clientOrderId)).toContain(clientOrderId);

    await client.cancelOrder(String(found.id), 'SOL/USDT');
    const cancelled = await findByClientId(client, clientOrderId, (order) => order.status === 'canceled');
    expect(cancelled.filled).toBe(0);
    expect(await client.fetchOpenOrders('SOL/USDT')).toEqual([]);
    const balance = await client.fetchBalance();
    expect(Number(balance.USDT!.used)).toBe(0);
  });

  it('sells at market', async () => {
    const client = await connect(venue);
    const clientOrderId = `njmarket${venue}1`;
    await client.createOrder('SOL/USDT', 'market', 'sell', 0.4, undefined, { clientOrderId });
    const found = await findByClientId(client, clientOrderId, (order) => order.status === 'closed');
    expect(found.filled).toBe(0.4);
  });

  it('hears in the venue’s words why an order is refused', async () => {
    const client = await connect(venue);
    const order = client.createOrder('SOL/USDT', 'limit', 'buy', 5000, await bestAsk(client), {
      clientOrderId: `njpoor${venue}1`,
    });
    await expect(order).rejects.toBeInstanceOf(ccxt.InsufficientFunds);
    const unknown = client.cancelOrder('1', 'SOL/USDT');
    await expect(unknown).rejects.toBeInstanceOf(ccxt.OrderNotFound);
  });

  it('is refused with a wrong secret', async () => {
    const client = await connect(venue, 'not the secret');
    await expect(client.fetchBalance()).rejects.toBeInstanceOf(ccxt.AuthenticationError);
  });
});

it('a post-only order that would take is refused by Binance and accepted, then cancelled, by OKX and Bybit', async () => {
  const place = async (venue: Cex) => {
    const client = await connect(venue);
    const price = (await bestAsk(client)) * 1.01;
    const clientOrderId = `njcross${venue}1`;
    const placing = client.createOrder('SOL/USDT', 'limit', 'buy', 0.3, price, { postOnly: true, clientOrderId });
    return { client, clientOrderId, placing };
  };
  await expect((await place('binance')).placing).rejects.toBeInstanceOf(ccxt.OrderImmediatelyFillable);
  for (const venue of ['okx', 'bybit'] as const) {
    const { client, clientOrderId, placing } = await place(venue);
    await placing;
    const order = await findByClientId(client, clientOrderId, ({ status }) => status !== 'open');
    expect([order.status, order.filled]).toEqual(['canceled', 0]);
  }
});

async function connect(venue: Cex, secret: string = simKeys.secret): Promise<Exchange> {
  const client: Exchange = new ccxt[venue]({
    apiKey: simKeys.apiKey,
    secret,
    password: simKeys.passphrase,
    enableRateLimit: false,
  });
  client.urls.api = redirect(venue, client.urls.api, servers.endpoints);
  client.options.fetchCurrencies = false;
  client.has.fetchCurrencies = false;
  client.options.fetchMargins = false;
  client.options.fetchMarkets = { types: ['spot'] };
  client.options.defaultType = 'spot';
  await client.loadMarkets();
  return client;
}

type Urls = Exchange['urls']['api'];

function redirect(venue: Cex, urls: Urls, endpoints: VenueEndpoints): Urls {
  const { rest } = endpoints[venue];
  if (venue === 'okx') return { rest };
  const point = (value: unknown): unknown =>
    typeof value === 'string'
      ? value.replace(/^https:\/\/[^/]+/, rest)
      : Object.fromEntries(Object.entries(value as object).map(([name, inner]) => [name, point(inner)]));
  return point(urls) as Urls;
}

type Order = Awaited<ReturnType<Exchange['fetchOrder']>>;

/** Asks until the order is as wanted: an acknowledged order may not have met the engine yet. */
async function findByClientId(
  client: Exchange,
  clientOrderId: string,
  wanted: (order: Order) => boolean,
): Promise<Order> {
  for (const deadlineMs = Date.now() + 10_000; ; ) {
    const order = await queryOrder(client, clientOrderId);
    if (order !== null && wanted(order)) return order;
    if (Date.now() > deadlineMs) throw new Error(`${clientOrderId}: last seen ${JSON.stringify(order?.info)}`);
  }
}

/** By client id alone; `undefined` as id would be sent as text, so each venue's own parameter carries it. */
async function queryOrder(client: Exchange, clientOrderId: string): Promise<Order | null> {
  try {
    const params = { clientOrderId, clOrdId: clientOrderId, orderLinkId: clientOrderId, acknowledged: true };
    if (client.id === 'binance') return await client.fetchOrder('', 'SOL/USDT', { origClientOrderId: clientOrderId });
    if (client.id === 'okx') return await client.fetchOrder('', 'SOL/USDT', { clOrdId: clientOrderId });
    return await client.fetchOrder('', 'SOL/USDT', params);
  } catch (error) {
    if (error instanceof ccxt.OrderNotFound) return null;
    throw error;
  }
}

async function bestAsk(client: Exchange): Promise<number> {
  const book = await client.fetchOrderBook('SOL/USDT', 5);
  return Number(book.asks[0]![0]);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
