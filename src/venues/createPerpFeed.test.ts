import { describe, expect, it } from 'vitest';
import { CONNECT_SPACING_MS, ConnectPacer } from './connectPacer.ts';
import { CONTRACT_SIZE, startPerpFeed } from './perpTestbed.ts';

type Level = [string, string];

const bids: Level[] = [
  ['150.00', '2'],
  ['149.99', '10'],
];
const asks: Level[] = [
  ['150.01', '3'],
  ['150.02', '20'],
];
const T0 = 1_790_000_000_000;

const usdm = (pu: number, U: number, u: number, b: Level[] = [], a: Level[] = []) => ({
  stream: 'solusdt@depth@100ms',
  data: { e: 'depthUpdate', E: T0 + u, T: T0 + u, s: 'SOLUSDT', U, u, pu, b, a, ps: 'SOLUSDT', st: 1 },
});
const event = (data: object) => ({ stream: 'solusdt@x', data });

async function startLiveUsdm() {
  const world = startPerpFeed('binance');
  const [book, events] = [world.on('/public/'), world.on('/market/')];
  book.socket.handlers.onOpen();
  events.socket.handlers.onOpen();
  // The first event spans the snapshot's id 100; ids of one event to the next jump.
  book.say(usdm(80, 81, 95), usdm(95, 97, 103, [['150.00', '5']]));
  await world.clock.step(1);
  const snapshot = world.network.requests.find(({ request }) => request.url.includes('/depth'))!;
  snapshot.answer(200, { lastUpdateId: 100, E: T0, T: T0, bids, asks });
  await world.clock.step(1);
  return { ...world, bookLink: book, events };
}

describe('the Binance USDⓈ-M feed', () => {
  it('asks for depth on /public and for trades, mark price and liquidations on /market', async () => {
    const { network } = await startLiveUsdm();

    expect(network.sockets.map(({ url }) => url)).toEqual([
      'ws://fstream/public/stream?streams=solusdt@depth@100ms/solusdt@bookTicker',
      'ws://fstream/market/stream?streams=solusdt@aggTrade/solusdt@markPrice@1s/solusdt@forceOrder',
    ]);
    expect(network.requests.map(({ request }) => request.url)).toContain(
      'http://fapi/fapi/v1/depth?symbol=SOLUSDT&limit=1000',
    );
  });

  it('goes live behind the snapshot with the event that spans it', async () => {
    const { feed, heard } = await startLiveUsdm();

    expect(heard.trusts).toEqual(['live']);
    expect(feed.book.bestBidQty()).toBe(5);
  });

  it.each([
    { what: 'a jump of U while pu fits is no gap', frame: usdm(103, 190, 200), trust: 'live', gaps: 0 },
    { what: 'a pu that is not the last u is a gap', frame: usdm(104, 104, 200), trust: 'gap', gaps: 1 },
    { what: 'U = last u + 1 does not help a wrong pu', frame: usdm(102, 104, 200), trust: 'gap', gaps: 1 },
    { what: 'the same event again is old', frame: usdm(95, 97, 103, [['150.00', '99']]), trust: 'live', gaps: 0 },
    {
      what: 'deleting what is not there is normal',
      frame: usdm(103, 104, 105, [['111', '0']]),
      trust: 'live',
      gaps: 0,
    },
  ])('$what', async ({ frame, trust, gaps }) => {
    const { feed, bookLink } = await startLiveUsdm();
    bookLink.say(frame);
    expect([feed.book.trust, feed.counters.gaps]).toEqual([trust, gaps]);
    if (trust === 'live') expect(feed.book.bestBidQty()).toBe(5);
    else expect(feed.book.bestBidPx()).toBeNaN();
  });

  it('hears trades once, and takes a SELL force order for a long that was closed', async () => {
    const { heard, events, feed } = await startLiveUsdm();
    const trade = { e: 'aggTrade', E: T0, s: 'SOLUSDT', a: 7, p: '150.5', q: '2', nq: '2', f: 1, l: 2, T: T0, m: true };
    const order = { s: 'SOLUSDT', S: 'SELL', o: 'LIMIT', f: 'IOC', q: '4', p: '149', ap: '149.5', X: 'FILLED', T: T0 };
    events.say(event(trade), event(trade), event({ e: 'forceOrder', E: T0, o: order }));
    events.say(event({ e: 'forceOrder', E: T0, o: { ...order, s: 'BTCUSDT' } }));

    expect(heard.trades).toEqual([{ px: 150.5, qty: 2, side: 'sell', timeMs: T0 }]);
    expect(feed.counters).toMatchObject({ trades: 1, repeatedTrades: 1, liquidations: 1 });
    expect(heard.liquidations).toEqual([{ px: 149.5, qty: 4, closed: 'long', venueTimeMs: T0 }]);
  });

  it('keeps mark, index, funding, quote, and open interest by REST', async () => {
    const { feed, events, bookLink, network, clock } = await startLiveUsdm();
    const mark = { e: 'markPriceUpdate', E: T0, s: 'SOLUSDT', p: '150.2', i: '150.1', r: '-0.0001', T: T0 + 5 };
    events.say(event(mark));
    const ticker = { e: 'bookTicker', E: T0, T: T0, s: 'SOLUSDT', b: '150.00', B: '7', a: '150.01', A: '8' };
    bookLink.say({ ...ticker, u: 300 }, { ...ticker, u: 299, b: '1' });
    const asked = network.requests.find(({ request }) => request.url.includes('openInterest'))!;
    asked.answer(200, { openInterest: '10659.5', symbol: 'SOLUSDT', time: T0 });
    await clock.step(1);

    expect(feed.figures).toMatchObject({ markPx: 150.2, indexPx: 150.1, fundingRate: -0.0001, openInterest: 10_659.5 });
    expect(feed.quote).toMatchObject({ bidPx: 150, bidQty: 7, askPx: 150.01, askQty: 8 });
  });

  it('asks for open interest each ten seconds, and leaves the venue alone for a minute after a 429', async () => {
    const { network, clock } = await startLiveUsdm();
    const asked = () => network.requests.filter(({ request }) => request.url.includes('openInterest'));
    asked()[0]!.answer(200, { openInterest: '1', symbol: 'SOLUSDT', time: T0 });
    await clock.step(10_001);
    expect(asked()).toHaveLength(2);
    asked()[1]!.answer(429, {});
    await clock.step(59_000);
    expect(asked()).toHaveLength(2);
    await clock.step(1_500);
    expect(asked()).toHaveLength(3);
  });
});

const okx = (action: string, prevSeqId: number, seqId: number, b: Level[] = [], a: Level[] = [], checksum = 0) => ({
  arg: { channel: 'books', instId: 'SOL-USDT-SWAP' },
  action,
  data: [
    {
      asks: a.map((l) => [...l, '0', '1']),
      bids: b.map((l) => [...l, '0', '1']),
      ts: `${T0}`,
      checksum,
      seqId,
      prevSeqId,
    },
  ],
});
const okxEvent = (channel: string, item: object) => ({ arg: { channel, instId: 'SOL-USDT-SWAP' }, data: [item] });

function startLiveOkx() {
  const world = startPerpFeed('okx');
  world.network.open();
  world.network.say(okx('snapshot', -1, 500, bids, asks));
  return world;
}

describe('the OKX swap feed', () => {
  it('counts sizes in contracts and prices in base', () => {
    const { feed } = startLiveOkx();
    expect(feed.book.bestBidQty()).toBeCloseTo(2 * CONTRACT_SIZE, 12);
    // 0.3 SOL at 150.01, then 150.02.
    const taken = 0.3 + (60 - 0.3 * 150.01) / 150.02;
    expect(feed.book.vwapPx('ask', 60)).toBeCloseTo(60 / taken, 9);
  });

  it.each([
    { what: 'the keep-alive', frames: [okx('update', 500, 500)], trust: 'live' },
    {
      what: 'the restart of the sequence behind maintenance',
      frames: [okx('update', 500, 3), okx('update', 3, 9)],
      trust: 'live',
    },
    { what: 'a step larger than one', frames: [okx('update', 500, 777)], trust: 'live' },
    { what: 'the same update again', frames: [okx('update', 400, 450)], trust: 'live' },
    { what: 'a wrong prevSeqId', frames: [okx('update', 501, 510)], trust: 'gap' },
    { what: 'a checksum of 0', frames: [okx('update', 500, 501, [['150.00', '4']], [], 0)], trust: 'live' },
    {
      what: 'a checksum that does not fit',
      frames: [okx('update', 500, 501, [['150.00', '4']], [], -77)],
      trust: 'gap',
    },
  ])('takes $what for what it is: $trust', ({ frames, trust }) => {
    const { feed, network } = startLiveOkx();
    network.say(...frames);
    expect(feed.book.trust).toBe(trust);
  });

  it('tells the closed side from posSide, and from side in net mode, of its own market only', () => {
    const { network, heard } = startLiveOkx();
    const detail = (side: string, posSide: string) => ({
      side,
      posSide,
      bkPx: '150',
      sz: '20',
      bkLoss: '0',
      ts: `${T0}`,
    });
    const told = (instId: string, ...details: object[]) => ({ instId, instFamily: 'x', instType: 'SWAP', details });
    network.say({
      arg: { channel: 'liquidation-orders', instType: 'SWAP' },
      data: [
        told('BTC-USDT-SWAP', detail('sell', 'long')),
        told('SOL-USDT-SWAP', detail('buy', 'short'), detail('sell', 'net')),
      ],
    });
    expect(heard.liquidations.map(({ closed }) => closed)).toEqual(['short', 'long']);
    expect(heard.liquidations[0]!.qty).toBeCloseTo(2, 12);
  });

  it('keeps mark, funding and open interest in base, and the quote of bbo-tbt', () => {
    const { network, feed } = startLiveOkx();
    network.say(
      okxEvent('mark-price', { instType: 'SWAP', markPx: '150.3', ts: `${T0}` }),
      okxEvent('funding-rate', {
        fundingRate: '-0.0002',
        fundingTime: `${T0 + 9}`,
        nextFundingTime: `${T0 + 99}`,
        ts: `${T0}`,
      }),
      okxEvent('open-interest', { oi: '5000', oiCcy: '500', oiUsd: '1', ts: `${T0}` }),
      okxEvent('bbo-tbt', {
        asks: [['150.01', '30', '0', '1']],
        bids: [['150', '20', '0', '1']],
        ts: `${T0}`,
        seqId: 501,
      }),
    );
    expect(feed.figures).toMatchObject({
      markPx: 150.3,
      fundingRate: -0.0002,
      nextFundingMs: T0 + 9,
      openInterest: 500,
    });
    expect([feed.quote.bidQty, feed.quote.askQty]).toEqual([2, 3]);
    expect(feed.book.trust).toBe('live');
  });
});

const bybit = (type: string, u: number, b: Level[] = [], a: Level[] = [], depth = 50) => ({
  topic: `orderbook.${depth}.SOLUSDT`,
  type,
  ts: T0 + u,
  data: { s: 'SOLUSDT', b, a, u, seq: u },
  cts: T0,
});

function startLiveBybit() {
  const world = startPerpFeed('bybit');
  world.network.open();
  world.network.say(bybit('snapshot', 40, bids, asks));
  return world;
}

describe('the Bybit linear feed', () => {
  it.each([
    { what: 'the next delta', frames: [bybit('delta', 41)], trust: 'live', bid: 150 },
    { what: 'a later snapshot', frames: [bybit('snapshot', 90, [['149', '1']], asks)], trust: 'live', bid: 149 },
    { what: 'u = 1 behind a restart', frames: [bybit('delta', 1, [['148', '1']], asks)], trust: 'live', bid: 148 },
    { what: 'a jump of u', frames: [bybit('delta', 43)], trust: 'gap', bid: Number.NaN },
    {
      what: 'the best level, whole',
      frames: [bybit('snapshot', 99, [['147', '1']], asks, 1)],
      trust: 'live',
      bid: 150,
    },
  ])('takes $what for what it is', ({ frames, trust, bid }) => {
    const { feed, network } = startLiveBybit();
    network.say(...frames);
    expect(feed.book.trust).toBe(trust);
    expect(feed.book.bestBidPx()).toEqual(bid);
  });

  it('takes Buy for a long that was closed, and deltas of tickers for changes', () => {
    const { network, heard, feed } = startLiveBybit();
    const row = { T: T0, s: 'SOLUSDT', S: 'Buy', v: '20', p: '149' };
    const ticker = (type: string, data: object) => ({
      topic: 'tickers.SOLUSDT',
      type,
      data: { symbol: 'SOLUSDT', ...data },
      ts: T0,
    });
    network.say(
      { topic: 'allLiquidation.SOLUSDT', type: 'snapshot', ts: T0, data: [row, { ...row, S: 'Sell' }] },
      ticker('snapshot', { markPrice: '150', indexPrice: '150.1', openInterest: '900', fundingRate: '0.0001' }),
      ticker('delta', { markPrice: '151' }),
      ticker('delta', { bid1Price: '1', bid1Size: '2' }),
    );
    expect(heard.liquidations.map(({ closed }) => closed)).toEqual(['long', 'short']);
    expect(feed.figures).toMatchObject({ markPx: 151, indexPx: 150.1, openInterest: 900, fundingRate: 0.0001 });
    expect(heard.figures).toBe(2);
  });
});

describe('ages and connections', () => {
  it('never takes a skewed clock for age: only what comes later than usual is late', async () => {
    const { feed, network, clock, venueClock } = startLiveBybit();
    const delta = (u: number, venueMs: number) => ({ ...bybit('delta', u), ts: venueMs });
    // The venue's clock is set back by an hour: a time that runs backwards in one stream is no age.
    for (let u = 41; u < 50; u += 1) {
      await clock.step(100);
      network.say(delta(u, clock.nowMs() - 3_600_000));
    }
    expect(feed.ageMs(clock.nowMs())).toBe(0);
    const { feed: other, network: link, clock: time } = startPerpFeed('bybit');
    link.open();
    link.say({ ...bybit('snapshot', 40, bids, asks), ts: time.nowMs() - 3_600_000 });
    await time.step(10);
    expect(other.ageMs(time.nowMs())).toBe(10);
    await time.step(800);
    link.say(delta(41, time.nowMs() - 3_600_000 - 700));
    expect(other.ageMs(time.nowMs())).toBe(700);
    expect(venueClock.offsetMs).toBeLessThan(3_600_001);
  });

  it('opens the next connection before the day is over and takes it up without a break', async () => {
    const { feed, network, clock, heard } = startLiveBybit();
    let u = 40;
    const tick = async (socket: number) => {
      u += 1;
      network.sockets[socket]!.handlers.onMessage(
        new TextEncoder().encode(JSON.stringify({ ...bybit('delta', u), ts: clock.nowMs() })),
        false,
      );
      await clock.step(4_000);
    };
    for (let i = 0; i < 21_149; i += 1) await tick(0);
    expect(network.sockets).toHaveLength(1);
    await tick(0);
    await tick(0);
    expect(network.sockets).toHaveLength(2);

    network.open();
    await tick(0);
    u += 1;
    network.say({ ...bybit('snapshot', u, [['150.00', '6']], asks), ts: clock.nowMs() });
    await tick(1);

    expect(network.sockets[0]!.closed).toBe(true);
    expect(feed.book.bestBidQty()).toBe(6);
    expect(heard.trusts).toEqual(['live']);
    expect(feed.counters).toMatchObject({ gaps: 0, reconnects: 0, stale: 0 });
  }, 60_000);

  it('spaces the connections of one venue', async () => {
    const pacer = new ConnectPacer(CONNECT_SPACING_MS.binance);
    const { network, clock } = startPerpFeed('binance', { pacer });
    expect(network.sockets).toHaveLength(1);
    await clock.step(1_099);
    expect(network.sockets).toHaveLength(1);
    await clock.step(2);
    expect(network.sockets).toHaveLength(2);
  });
});
