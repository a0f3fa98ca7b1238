import { describe, expect, it } from 'vitest';
import type { CexVenue } from '../domain/instruments.ts';
import { type Json, startTestbed, type Testbed } from './simTestbed.ts';

/** A client's book: absolute sizes by price text. */
type Side = Map<string, string>;

function apply(side: Side, levels: readonly string[][]): void {
  for (const [price, qty] of levels) {
    if (Number(qty) === 0) side.delete(price!);
    else side.set(price!, qty!);
  }
}

/** Best first, as `[price, qty]`. */
function listed(side: Side, descending: boolean): string[][] {
  return [...side].sort(([a], [b]) => (descending ? Number(b) - Number(a) : Number(a) - Number(b)));
}

/** The truth behind the wire, in the same form; valid right after a depth beat. */
function truth(bed: Testbed, venue: CexVenue, side: 'bid' | 'ask', depth: number): string[][] {
  const { book, instrument } = bed.world.inside.market(venue, 'SOL/USDT');
  const decimals = { okx: 6, binance: 2, bybit: 3 }[venue];
  return book
    .top(side, depth)
    .map(([tick, lots]) => [(tick * instrument.tickSize).toFixed(2), (lots * instrument.stepSize).toFixed(decimals)]);
}

/** Steps to the moment right after the next depth message. */
function untilNextDepth(bed: Testbed, frames: Json[], isDepth: (frame: Json) => boolean): void {
  const seen = frames.filter(isDepth).length;
  for (let i = 0; frames.filter(isDepth).length === seen; i += 1) {
    if (i > 1000) throw new Error('no depth message within a second');
    bed.clock.advance(1);
  }
}

describe('Binance streams', () => {
  it('follow the documented sync: snapshot inside the buffered ids, then no gap, and end at the true book', () => {
    const bed = startTestbed(11);
    const socket = bed.listen('binance', '/stream?streams=solusdt@depth@100ms/solusdt@trade/solusdt@bookTicker');
    bed.clock.advance(730);
    const snapshot = bed.get('binance', '/api/v3/depth?symbol=SOLUSDT&limit=1000').body;
    expect(Object.keys(snapshot)).toEqual(['lastUpdateId', 'bids', 'asks']);
    bed.clock.advance(20_000);
    const isDepth = (frame: Json) => frame.stream === 'solusdt@depth@100ms';
    untilNextDepth(bed, socket.frames, isDepth);

    const [bids, asks]: [Side, Side] = [new Map(), new Map()];
    apply(bids, snapshot.bids);
    apply(asks, snapshot.asks);
    let local = snapshot.lastUpdateId as number;
    const events = socket.frames.filter(isDepth).map((frame) => frame.data);
    expect(events[0].U).toBeLessThanOrEqual(local);
    for (const event of events.filter(({ u }) => u > snapshot.lastUpdateId)) {
      expect(event.U).toBeLessThanOrEqual(local + 1);
      apply(bids, event.b);
      apply(asks, event.a);
      local = event.u;
    }
    for (let i = 1; i < events.length; i += 1) expect(events[i].U).toBe(events[i - 1].u + 1);
    expect(listed(bids, true)).toEqual(truth(bed, 'binance', 'bid', 1000));
    expect(listed(asks, false)).toEqual(truth(bed, 'binance', 'ask', 1000));
    expect(socket.frames.some((frame) => frame.stream === 'solusdt@trade' && frame.data.e === 'trade')).toBe(true);
    const ticker = socket.frames.filter((frame) => frame.stream === 'solusdt@bookTicker').at(-1).data;
    expect(Number(ticker.a)).toBeGreaterThan(Number(ticker.b));
  });

  it('answer commands, cut a client that talks too much and one that answers no ping', () => {
    const bed = startTestbed(12);
    const socket = bed.listen('binance', '/ws');
    socket.send('{"method":"SUBSCRIBE","params":["solusdt@trade"],"id":5}');
    socket.send('{"method":"LIST_SUBSCRIPTIONS","id":6}');
    socket.send('{"method":"DANCE","id":7}');
    socket.send('nonsense');
    expect(socket.frames).toMatchObject([
      { result: null, id: 5 },
      { result: ['solusdt@trade'], id: 6 },
      { code: 2 },
      { code: 3 },
    ]);
    socket.send('{}');
    expect(socket.closed).toEqual([]);
    socket.send('{}');
    expect(socket.closed).toEqual([{ code: 1008, reason: 'Too many requests' }]);

    const silent = bed.listen('binance', '/ws/solusdt@trade');
    const alive = bed.listen('binance', '/ws/solusdt@trade');
    for (let i = 0; i < 5; i += 1) {
      bed.clock.advance(20_000);
      alive.pong();
    }
    expect(silent.pings).toBeGreaterThanOrEqual(3);
    expect(silent.closed[0]!.reason).toBe('Pong timeout');
    expect(alive.closed).toEqual([]);
  });
});

describe('OKX channels', () => {
  it('chain every update to the one before, from a snapshot on, and end at the true book', () => {
    const bed = startTestbed(13);
    const first = bed.listen('okx', '/ws/v5/public');
    const late = bed.listen('okx', '/ws/v5/public');
    const subscribe = '{"id":"1","op":"subscribe","args":[{"channel":"books","instId":"SOL-USDT"}]}';
    first.send(subscribe);
    bed.clock.advance(5030);
    late.send(subscribe);
    bed.clock.advance(10_000);
    const isBook = (frame: Json) => frame.action !== undefined;
    untilNextDepth(bed, late.frames, isBook);

    for (const { frames } of [first, late]) {
      expect(frames[0]).toMatchObject({ event: 'subscribe', arg: { channel: 'books', instId: 'SOL-USDT' } });
      const books = frames.filter(isBook);
      const [bids, asks]: [Side, Side] = [new Map(), new Map()];
      let seqId = -1;
      for (const [index, frame] of books.entries()) {
        expect(frame.action).toBe(index === 0 ? 'snapshot' : 'update');
        expect(frame.data[0].prevSeqId).toBe(seqId);
        expect(frame.data[0].checksum).toBe(0);
        seqId = frame.data[0].seqId;
        apply(bids, frame.data[0].bids);
        apply(asks, frame.data[0].asks);
      }
      expect(listed(bids, true)).toEqual(truth(bed, 'okx', 'bid', 400));
      expect(listed(asks, false)).toEqual(truth(bed, 'okx', 'ask', 400));
    }
  });

  it('answer ping with pong, refuse unknown channels, and cut a silent connection after 30 s', () => {
    const bed = startTestbed(14);
    const socket = bed.listen('okx', '/ws/v5/public');
    socket.send('ping');
    socket.send('{"op":"subscribe","args":[{"channel":"books","instId":"NO-SUCH"}]}');
    socket.send('[]');
    expect(socket.frames).toMatchObject(['pong', { event: 'error', code: '60018' }, { event: 'error', code: '60012' }]);
    bed.clock.advance(29_000);
    socket.send('ping');
    bed.clock.advance(29_000);
    expect(socket.closed).toEqual([]);
    bed.clock.advance(7000);
    expect(socket.closed).toEqual([{ code: 4004, reason: 'No data received in 30s' }]);
  });
});

describe('Bybit topics', () => {
  it('keep a late and an early listener at the true best 50 levels, deletes of pushed-out levels included', () => {
    const bed = startTestbed(15);
    const first = bed.listen('bybit', '/v5/public/spot');
    const late = bed.listen('bybit', '/v5/public/spot');
    const subscribe = '{"req_id":"1","op":"subscribe","args":["orderbook.50.SOLUSDT","publicTrade.SOLUSDT"]}';
    first.send(subscribe);
    bed.clock.advance(5030);
    late.send(subscribe);
    bed.clock.advance(10_000);
    const isBook = (frame: Json) => frame.topic === 'orderbook.50.SOLUSDT';
    untilNextDepth(bed, late.frames, isBook);

    for (const { frames } of [first, late]) {
      expect(frames[0]).toMatchObject({ success: true, op: 'subscribe', req_id: '1' });
      const books = frames.filter(isBook);
      expect(books.map(({ type }) => type)).toEqual(['snapshot', ...books.slice(1).map(() => 'delta')]);
      const [bids, asks]: [Side, Side] = [new Map(), new Map()];
      let u = books[0].data.u - 1;
      for (const { data } of books) {
        expect(data.u).toBe(u + 1);
        u = data.u;
        apply(bids, data.b);
        apply(asks, data.a);
      }
      expect(listed(bids, true)).toEqual(truth(bed, 'bybit', 'bid', 50));
      expect(listed(asks, false)).toEqual(truth(bed, 'bybit', 'ask', 50));
      expect(frames.some(({ topic }) => topic === 'publicTrade.SOLUSDT')).toBe(true);
    }
  });

  it('answer ping and refuse wrong topics', () => {
    const bed = startTestbed(16);
    const socket = bed.listen('bybit', '/v5/public/spot');
    socket.send('{"op":"ping","req_id":"9"}');
    socket.send('{"op":"subscribe","args":["orderbook.50.NOSUCH"]}');
    socket.send('not json');
    expect(socket.frames).toMatchObject([
      { success: true, ret_msg: 'pong', op: 'ping', req_id: '9' },
      { success: false, ret_msg: 'Invalid topic: orderbook.50.NOSUCH' },
      { success: false },
    ]);
  });
});
