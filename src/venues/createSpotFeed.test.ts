import { describe, expect, it } from 'vitest';
import { startFeed } from './feedTestbed.ts';

type Level = [string, string];

const depth = (U: number, u: number, b: Level[] = [], a: Level[] = []) => ({
  stream: 'solusdt@depth@100ms',
  data: { e: 'depthUpdate', E: 1_790_000_000_100 + u, s: 'SOLUSDT', U, u, b, a },
});
const bids: Level[] = [
  ['150.00', '2.000'],
  ['149.99', '10.000'],
];
const asks: Level[] = [
  ['150.01', '3.000'],
  ['150.02', '20.000'],
];
const snapshot = (lastUpdateId: number) => ({ lastUpdateId, bids, asks });

async function startLiveBinance() {
  const world = startFeed('binance');
  world.network.open();
  world.network.say(depth(95, 100), depth(101, 103, [['150.00', '5.000']]));
  await world.clock.step(1);
  world.network.requests[0]!.answer(200, snapshot(100));
  await world.clock.step(1);
  return world;
}

describe('the Binance spot feed', () => {
  it('asks for depth and trades of the symbol in one stream, and for the snapshot by REST', async () => {
    const { network } = await startLiveBinance();

    expect(network.socket().url).toBe('ws://bn/stream?streams=solusdt@depth@100ms/solusdt@trade');
    expect(network.requests[0]!.request.url).toBe('http://bn/api/v3/depth?symbol=SOLUSDT&limit=1000');
  });

  it('goes live on a snapshot plus the buffered changes that follow it', async () => {
    const { feed, trusts } = await startLiveBinance();

    expect(trusts).toEqual(['live']);
    expect(feed.book.bestBidPx()).toBe(150);
    expect(feed.book.bestBidQty()).toBe(5);
    expect(feed.book.bestAskPx()).toBe(150.01);
    expect(feed.book.midPx()).toBeCloseTo(150.005, 9);
    expect(feed.book.vwapPx('bid', 900)).toBeCloseTo(900 / (5 + 150 / 149.99), 9);
    expect(feed.book.vwapPx('ask', 1e6)).toBeNaN();
    expect(feed.bookVenueMs()).toBe(1_790_000_000_203);
  });

  it('prices nothing from a snapshot alone, since a cached one may be old', async () => {
    const { feed, network, clock } = startFeed('binance');
    network.open();
    network.say(depth(90, 95));
    await clock.step(1);
    network.requests[0]!.answer(500, {});
    await clock.step(300);
    expect(feed.book.bestBidPx()).toBeNaN();

    network.requests[1]!.answer(200, snapshot(95));
    await clock.step(1);
    expect(feed.book.trust).toBe('live');
  });

  it('keeps the buffer while it asks again for a snapshot older than the stream', async () => {
    const { feed, network, clock, troubles } = startFeed('binance');
    network.open();
    network.say(depth(201, 203, [['150.00', '7.000']]));
    await clock.step(1);
    network.requests[0]!.answer(200, snapshot(150));
    await clock.step(600);
    network.say(depth(204, 210));
    network.requests[1]!.answer(200, snapshot(202));
    await clock.step(1);

    expect(troubles).toContain('venue.bad-response');
    expect(feed.book.trust).toBe('live');
    expect(feed.book.bestBidQty()).toBe(7);
  });

  it('waits as long as Retry-After says before it asks again', async () => {
    const { network, clock } = startFeed('binance');
    network.open();
    network.say(depth(1, 2));
    await clock.step(1);
    network.requests[0]!.answer(429, {}, '7');
    await clock.step(6_900);
    network.say(depth(3, 4));
    expect(network.requests).toHaveLength(1);
    await clock.step(200);
    expect(network.requests).toHaveLength(2);
  });

  it('stops pricing at a gap, then resyncs from a new snapshot and the changes since', async () => {
    const { feed, network, clock, trusts } = await startLiveBinance();

    network.say(depth(110, 112, [['149.00', '1.000']]));
    expect(feed.book.trust).toBe('gap');
    expect(feed.book.bestBidPx()).toBeNaN();
    network.say(depth(113, 115, [['150.00', '9.000']]));
    await clock.step(1);
    network.requests[1]!.answer(200, snapshot(112));
    await clock.step(1);

    expect(trusts).toEqual(['live', 'gap', 'live']);
    expect(feed.counters).toMatchObject({ gaps: 1, resyncs: 1 });
    expect(feed.book.bestBidQty()).toBe(9);
  });

  it('ignores a change that it has already', async () => {
    const { feed, network } = await startLiveBinance();

    network.say(depth(101, 103, [['150.00', '1.000']]));

    expect(feed.book.bestBidQty()).toBe(5);
    expect(feed.counters.gaps).toBe(0);
  });

  it('holds a crossed book for 250 ms and goes on when it uncrosses', async () => {
    const { feed, network, clock } = await startLiveBinance();

    network.say(depth(104, 104, [['150.01', '1.000']]));
    expect(feed.book.trust).toBe('crossed');
    expect(feed.book.bestAskPx()).toBeNaN();
    await clock.step(249);
    network.say(depth(105, 105, [], [['150.01', '0.000']]));
    await clock.step(10);

    expect(feed.book.trust).toBe('live');
    expect(feed.counters).toMatchObject({ crossed: 1, resyncs: 0 });
  });

  it('resyncs a book that stays crossed', async () => {
    const { feed, network, clock } = await startLiveBinance();

    network.say(depth(104, 104, [['150.01', '1.000']]));
    await clock.step(251);

    expect(feed.counters.resyncs).toBe(1);
    expect(network.requests).toHaveLength(2);
    network.requests[1]!.answer(200, snapshot(105));
    await clock.step(1);
    // Nothing shows yet that this snapshot is no older than the stream.
    expect(feed.book.trust).toBe('crossed');
    network.say(depth(105, 106));
    expect(feed.book.trust).toBe('live');
  });

  it('turns stale and reconnects when the connection goes silent, and counts the reconnect at the first later change', async () => {
    const { feed, network, clock, trusts } = await startLiveBinance();

    await clock.step(6_000);
    expect(feed.book.trust).toBe('stale');
    expect(network.socket().pings).toBeGreaterThan(0);
    await clock.step(5_000);
    expect(network.sockets).toHaveLength(2);
    expect(network.sockets[0]!.closed).toBe(true);

    network.open();
    network.say(depth(900, 905));
    await clock.step(1);
    network.requests[1]!.answer(200, snapshot(905));
    await clock.step(1);
    expect(feed.counters.reconnects).toBe(0);
    network.say(depth(906, 907));
    expect(feed.counters).toMatchObject({ reconnects: 1, stale: 1 });
    expect(trusts).toEqual(['live', 'stale', 'syncing', 'live']);
  });

  it('stays live through silence of the market while heartbeats answer, for as long as they may vouch', async () => {
    const { feed, network, clock } = await startLiveBinance();
    const beat = async (seconds: number) => {
      for (let i = 0; i < seconds; i += 1) {
        network.socket().handlers.onHeartbeat();
        await clock.step(1_000);
      }
    };

    await beat(10);
    expect(feed.book.trust).toBe('live');
    expect(feed.ageMs(clock.nowMs())).toBeLessThanOrEqual(1_000);
    await beat(7);
    expect(feed.book.trust).toBe('stale');
    expect(network.sockets).toHaveLength(1);
  });

  it('waits longer after each failed connection, and forgets that only after 30 s of good data', async () => {
    const { network, clock } = startFeed('binance');
    const waits: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      const closedAtMs = clock.nowMs();
      network.socket().handlers.onClose(1006, '');
      while (network.sockets.length === i + 1) await clock.step(5);
      waits.push(clock.nowMs() - closedAtMs);
    }

    for (const [attempt, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(125 * 2 ** attempt);
      expect(wait).toBeLessThanOrEqual(250 * 2 ** attempt + 5);
    }
  });

  it('waits short again once 30 s of good data proved the connection', async () => {
    const { network, clock } = startFeed('binance');
    for (let i = 0; i < 6; i += 1) {
      network.socket().handlers.onClose(1006, '');
      while (network.sockets.length === i + 1) await clock.step(50);
    }
    const beLive = async (seconds: number) => {
      network.open();
      network.say(depth(1, 2), depth(3, 4));
      await clock.step(1);
      network.requests.at(-1)!.answer(200, snapshot(3));
      for (let i = 0; i < seconds; i += 1) {
        network.say(depth(5 + i, 5 + i));
        await clock.step(1_000);
      }
      const before = network.sockets.length;
      network.socket().handlers.onClose(1006, '');
      await clock.step(260);
      const isQuick = network.sockets.length > before;
      while (network.sockets.length === before) await clock.step(500);
      return isQuick;
    };

    expect(await beLive(20)).toBe(false);
    expect(await beLive(33)).toBe(true);
  });

  it('counts and survives frames that are no JSON, cut off, or unknown', async () => {
    const { feed, network, troubles } = await startLiveBinance();

    network.say('not json', '{"stream":"solusdt@trade","data":{"e":"tra', { e: 'brandNew', s: 'SOLUSDT' }, '[]', '');

    expect(feed.counters.badFrames).toBe(5);
    expect(troubles.filter((code) => code === 'venue.bad-frame')).toHaveLength(4);
    expect(troubles).toContain('venue.unknown-message');
    expect(feed.book.trust).toBe('live');
  });

  it('tells trades with the side of the taker', async () => {
    const { network, trades } = await startLiveBinance();
    const trade = {
      e: 'trade',
      E: 2,
      s: 'SOLUSDT',
      t: 1,
      p: '150.01',
      q: '0.5',
      T: 1_790_000_000_000,
      m: false,
      M: true,
    };

    network.say({ stream: 'solusdt@trade', data: trade });

    expect(trades).toEqual([{ px: 150.01, qty: 0.5, side: 'buy', timeMs: 1_790_000_000_000 }]);
  });

  it('leaves no timer and no socket behind when stopped', async () => {
    const { feed, network, clock } = await startLiveBinance();

    feed.stop();

    expect(network.socket().closed).toBe(true);
    expect(clock.pending()).toBe(0);
  });
});

const okxBook = (action: string, prevSeqId: number, seqId: number, b: Level[] = [], a: Level[] = []) => ({
  arg: { channel: 'books', instId: 'SOL-USDT' },
  action,
  data: [
    {
      asks: a.map((level) => [...level, '0', '1']),
      bids: b.map((level) => [...level, '0', '2']),
      ts: '1790394877200',
      checksum: 0,
      seqId,
      prevSeqId,
    },
  ],
});

function startLiveOkx() {
  const world = startFeed('okx');
  const ack = (channel: string) => ({ event: 'subscribe', arg: { channel, instId: 'SOL-USDT' }, connId: 'a' });
  world.network.open();
  world.network.say(ack('books'), ack('trades'), okxBook('snapshot', -1, 500, bids, asks));
  return world;
}

describe('the OKX spot feed', () => {
  it('subscribes books and trades and is live with the first snapshot', () => {
    const { feed, network } = startLiveOkx();

    expect(network.socket().url).toBe('ws://okx/ws/v5/public');
    expect(JSON.parse(network.socket().sent[0]!)).toMatchObject({
      op: 'subscribe',
      args: [
        { channel: 'books', instId: 'SOL-USDT' },
        { channel: 'trades', instId: 'SOL-USDT' },
      ],
    });
    expect(feed.book.bestBidPx()).toBe(150);
  });

  it('takes the keep-alive and the sequence restart after maintenance for what they are', () => {
    const { feed, network } = startLiveOkx();

    network.say(
      okxBook('update', 500, 510, [['150.00', '4.000']]),
      okxBook('update', 510, 510),
      okxBook('update', 510, 3, [['150.00', '6.000']]),
      okxBook('update', 3, 8, [['150.00', '8.000']]),
    );

    expect(feed.counters.gaps).toBe(0);
    expect(feed.book.bestBidQty()).toBe(8);
  });

  it('subscribes the book again after a gap and ignores changes until the new snapshot', async () => {
    const { feed, network, clock } = startLiveOkx();

    network.say(okxBook('update', 505, 510));
    expect(feed.book.trust).toBe('gap');
    await clock.step(1);
    expect(
      network
        .socket()
        .sent.slice(1)
        .map((text) => JSON.parse(text).op),
    ).toEqual(['unsubscribe', 'subscribe']);
    network.say(okxBook('update', 510, 520), okxBook('snapshot', -1, 600, bids, asks));

    expect(feed.book.trust).toBe('live');
    expect(feed.counters).toMatchObject({ gaps: 1, resyncs: 1 });
  });

  it('probes a quiet connection with the text ping and takes pong for life', async () => {
    const { feed, network, clock } = startLiveOkx();

    for (let i = 0; i < 14; i += 1) {
      await clock.step(1_000);
      if (network.socket().sent.at(-1) === 'ping') network.say('pong');
    }

    expect(network.socket().sent).toContain('ping');
    expect(network.sockets).toHaveLength(1);
    expect(feed.counters.badFrames).toBe(0);
  });

  it.each([
    {
      what: 'a refused subscription',
      say: { event: 'error', code: '60018', msg: 'Wrong URL or channel', connId: 'a' },
    },
    { what: 'silence after the acknowledgement', say: { event: 'subscribe', arg: { channel: 'books' }, connId: 'a' } },
  ])('reconnects on $what', async ({ say }) => {
    const { network, clock, troubles } = startFeed('okx');
    network.open();
    for (let i = 0; i < 12; i += 1) {
      network.say(say);
      await clock.step(1_000);
      if (network.sockets.length > 1) break;
    }

    expect(network.sockets.length).toBeGreaterThan(1);
    expect(troubles).toContain('venue.subscription-refused');
  });

  it('moves to another connection without a break when the venue announces a restart', async () => {
    const { feed, network, clock, trusts } = startLiveOkx();

    network.say(okxBook('update', 500, 510));
    network.say({ event: 'notice', code: '64008', msg: 'The connection will soon be closed', connId: 'a' });
    await clock.step(300);
    expect(network.sockets).toHaveLength(2);
    network.open();
    const old = (...messages: unknown[]) =>
      messages.forEach((message) => {
        network.sockets[0]!.handlers.onMessage(new TextEncoder().encode(JSON.stringify(message)), false);
      });
    old(okxBook('update', 510, 520, [['150.00', '4.000']]));
    // Older than what the present connection has brought: it does not take up.
    network.say(okxBook('snapshot', -1, 515, bids, asks));
    expect(network.sockets[0]!.closed).toBe(false);
    network.say(okxBook('update', 520, 530, [['150.00', '9.000']]));

    expect(network.sockets[0]!.closed).toBe(true);
    expect(feed.book.bestBidQty()).toBe(9);
    expect(trusts).toEqual(['live']);
    expect(feed.counters).toMatchObject({ gaps: 0, resyncs: 0, reconnects: 0 });
  });

  it('gives both up when the next connection never takes up the stream', async () => {
    const { network, clock } = startLiveOkx();

    network.say({ event: 'notice', code: '64008', msg: 'The connection will soon be closed', connId: 'a' });
    for (let i = 0; i < 32; i += 1) {
      network.sockets[0]!.handlers.onHeartbeat();
      await clock.step(1_000);
    }

    expect(network.sockets[0]!.closed).toBe(true);
    expect(network.sockets.filter(({ closed }) => !closed)).toHaveLength(1);
  });

  it('refines its grid when a level is finer than the instrument says', () => {
    const { feed, network } = startLiveOkx();

    network.say(okxBook('update', 500, 501, [['150.005', '0.0001']]));

    expect(feed.book.bestBidPx()).toBe(150.005);
    expect(feed.book.bestBidQty()).toBe(0.0001);
    expect(feed.book.bestAskQty()).toBe(3);
  });

  it('refuses the frame of another market', () => {
    const { feed, network } = startLiveOkx();
    const foreign = okxBook('update', 500, 501, [['150.00', '99.000']]);
    foreign.arg.instId = 'RAY-USDT';

    network.say(foreign);

    expect(feed.counters.badFrames).toBe(1);
    expect(feed.book.bestBidQty()).toBe(2);
  });
});

const bybitBook = (type: string, u: number, b: Level[] = [], a: Level[] = []) => ({
  topic: 'orderbook.50.SOLUSDT',
  ts: 1_790_000_000_000 + u,
  type,
  data: { s: 'SOLUSDT', b, a, u, seq: 66_544_703_342 + u },
  cts: 1_790_000_000_000,
});

function startLiveBybit() {
  const world = startFeed('bybit');
  world.network.open();
  world.network.say(
    { success: true, ret_msg: '', conn_id: 'c', req_id: '1', op: 'subscribe' },
    bybitBook('snapshot', 40, bids, asks),
  );
  return world;
}

describe('the Bybit spot feed', () => {
  it('subscribes the 50-level book and trades and is live with the first snapshot', () => {
    const { feed, network } = startLiveBybit();

    expect(network.socket().url).toBe('ws://by/v5/public/spot');
    expect(JSON.parse(network.socket().sent[0]!).args).toEqual(['orderbook.50.SOLUSDT', 'publicTrade.SOLUSDT']);
    expect(feed.book.bestAskQty()).toBe(3);
  });

  it('takes a later snapshot, and a delta with u = 1, as the whole book', () => {
    const { feed, network } = startLiveBybit();

    network.say(bybitBook('snapshot', 70, [['140.00', '1.000']], [['140.01', '1.000']]));
    expect(feed.book.bestBidPx()).toBe(140);
    network.say(bybitBook('delta', 1, [['130.00', '1.000']], [['130.01', '1.000']]));

    expect(feed.book.bestBidPx()).toBe(130);
    expect(feed.counters.gaps).toBe(0);
    expect(feed.book.trust).toBe('live');
  });

  it('takes a jump in u for a gap and subscribes again', async () => {
    const { feed, network, clock } = startLiveBybit();

    network.say(bybitBook('delta', 41), bybitBook('delta', 41), bybitBook('delta', 43));
    await clock.step(1);

    expect(feed.counters).toMatchObject({ gaps: 1, resyncs: 1 });
    expect(JSON.parse(network.socket().sent.at(-1)!).op).toBe('subscribe');
  });

  it('pings every 20 s however busy the connection is', async () => {
    const { network, clock } = startLiveBybit();

    for (let u = 41; u < 41 + 45; u += 1) {
      network.say(bybitBook('delta', u));
      await clock.step(1_000);
    }

    expect(network.socket().sent.filter((text) => text === '{"op":"ping"}')).toHaveLength(2);
  });

  it('tells each trade of a message once', () => {
    const { network, trades, feed } = startLiveBybit();
    const trade = (S: string, p: string, i: string) => ({
      T: 5,
      s: 'SOLUSDT',
      S,
      v: '0.25',
      p,
      L: 'PlusTick',
      i,
      BT: false,
      seq: 1,
    });

    network.say({
      topic: 'publicTrade.SOLUSDT',
      ts: 6,
      type: 'snapshot',
      data: [trade('Sell', '150', '2'), trade('Buy', '150.01', '3'), trade('Buy', '150.01', '3')],
    });

    expect(trades.map((t) => t.side)).toEqual(['sell', 'buy']);
    expect(feed.counters.trades).toBe(2);
  });
});
