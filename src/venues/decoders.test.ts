import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toNumber } from '../workers/kernels/decimalScale.ts';
import type { LevelBuffer } from '../workers/kernels/levelScanner.ts';
import { createBinanceDecoder } from './binance/decode.ts';
import { createBybitDecoder } from './bybit/decode.ts';
import type { DecodedFrame } from './decodedFrame.ts';
import { FrameKind, frameKindNames } from './decodedFrame.ts';
import { MarketBook } from './marketBook.ts';
import { createOkxDecoder } from './okx/decode.ts';

const decoders = { binance: createBinanceDecoder, okx: createOkxDecoder, bybit: createBybitDecoder };
type VenueName = keyof typeof decoders;
const venues = Object.keys(decoders) as VenueName[];

const framesOf = (venue: VenueName): { name: string; frame: string }[] =>
  readFileSync(new URL(`${venue}/testdata/frames.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const allFrames = venues.flatMap((venue) => framesOf(venue).map((row) => ({ venue, ...row })));

const RUNS = 4_000;

const startBook = (venue: VenueName) => new MarketBook(decoders[venue](), { windowTicks: 2048, maxFarLevels: 100 });

function decode(venue: VenueName, text: string) {
  const book = startBook(venue);
  book.decode(new TextEncoder().encode(text));
  return plain(book.decoder.frame);
}

/** What the frame says that counts for its kind: ids of books, prices of a ticker. */
function plain(frame: DecodedFrame) {
  const { symbol, market, firstId, lastId, prevId, venueTimeMs, bidPx, bidQty, askPx, askQty } = frame;
  const levels = ({ ticks, lots, count }: LevelBuffer) =>
    Array.from({ length: count }, (_, i) => [toNumber(ticks[i]!, frame.price), toNumber(lots[i]!, frame.size)]);
  const trades = Array.from({ length: frame.tradeCount }, (_, i) => [
    frame.tradePx[i],
    frame.tradeQty[i],
    frame.tradeTimeMs[i],
    frame.tradeTakerSold[i],
  ]);
  const isBook = frame.kind === FrameKind.depth || frame.kind === FrameKind.snapshot;
  return {
    kind: frameKindNames[frame.kind],
    ...{ symbol, market, venueTimeMs, trades },
    ...(isBook ? { firstId, lastId, prevId, bids: levels(frame.bids), asks: levels(frame.asks) } : {}),
    ...(frame.kind === FrameKind.bookTicker ? { ticker: [bidPx, bidQty, askPx, askQty] } : {}),
  };
}

describe('the decoders', () => {
  it.each(allFrames)('read $venue $name the same fast and slow', ({ venue, frame }) => {
    // A space in front of the last brace makes a frame that only the slow reader takes.
    expect(decode(venue, frame)).toEqual(decode(venue, `${frame.slice(0, -1)} }`));
  });

  it.each(allFrames)('read $venue $name without the slow reader', ({ venue, frame }) => {
    const book = startBook(venue);
    const bytes = new TextEncoder().encode(frame);
    book.decode(bytes);
    const parse = JSON.parse;
    JSON.parse = () => {
      throw new Error('the slow reader was asked');
    };
    try {
      expect(book.decode(bytes)).toBeGreaterThan(0);
    } finally {
      JSON.parse = parse;
    }
  });

  it.each(allFrames)('read $venue $name with its keys in any order', ({ venue, frame }) => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .map(([key, inner]) => [key, shuffled(inner)] as const)
          .reverse(),
      );
    };
    const turned = decode(venue, JSON.stringify(shuffled(JSON.parse(frame))));
    // Bybit's market is told by the order of its keys alone.
    expect({ ...turned, market: '' }).toEqual({ ...decode(venue, frame), market: '' });
  });

  it('refuse a frame cut anywhere, and never throw', () => {
    for (const { venue, frame } of allFrames) {
      for (let length = 0; length < frame.length; length += 1) {
        expect(decode(venue, frame.slice(0, length)).kind).toBe('badFrame');
      }
    }
  });

  it('never throw on frames with a changed byte, and agree with the slow reader on what they accept', () => {
    fc.assert(
      fc.property(fc.constantFrom(...allFrames), fc.nat(), fc.integer({ min: 32, max: 126 }), (row, at, byte) => {
        const place = at % row.frame.length;
        const changed = row.frame.slice(0, place) + String.fromCharCode(byte) + row.frame.slice(place + 1);
        const fast = decode(row.venue, changed);
        if (fast.kind !== 'badFrame') {
          expect(fast).toEqual(decode(row.venue, `${changed.slice(0, -1)} }`));
        }
        if (repacked(changed) === null) expect(fast.kind).toBe('badFrame');
      }),
      { numRuns: RUNS },
    );
  }, 60_000);
});

function repacked(text: string): string | null {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return null;
  }
}

describe('the Binance decoder', () => {
  it('reads ids, times and levels exactly', () => {
    const row = framesOf('binance').find(({ name }) => name === 'spot depthUpdate')!;

    expect(decode('binance', row.frame)).toMatchObject({
      kind: 'depth',
      symbol: 'BTCUSDT',
      market: 'spot',
      firstId: 50_093_239_203,
      lastId: 50_093_239_207,
      prevId: Number.NaN,
      venueTimeMs: 1_723_161_255_308,
      bids: [[55_653.87, 0]],
      asks: [
        [61_838.04, 0.32332],
        [61_844.3, 0.40163],
        [61_862.5, 0.05019],
        [61_862.51, 0],
      ],
    });
  });

  it.each([
    ['usdm depthUpdate', 'usdm'],
    ['coinm depthUpdate', 'coinm'],
  ])('tells the market of %s', (name, market) => {
    expect(decode('binance', framesOf('binance').find((row) => row.name === name)!.frame).market).toBe(market);
  });

  it.each([
    ['REST snapshot', '{"lastUpdateId":160,"bids":[["0.0024","10"]],"asks":[["0.0026","100"]]}', 'snapshot'],
    ['raw depth', '{"e":"depthUpdate","E":1,"s":"B","U":157,"u":160,"b":[["0.0024","10"]],"a":[]}', 'depth'],
    ['top levels', '{"stream":"b@depth5","data":{"lastUpdateId":1,"bids":[["1","1"]],"asks":[]}}', 'partialDepth'],
    ['aggTrade', '{"e":"aggTrade","E":1,"s":"B","a":5,"p":"1.5","q":"2","f":1,"l":2,"T":9,"m":true}', 'aggTrade'],
    ['a subscription answer', '{"result":null,"id":1}', 'ack'],
    ['a refusal', '{"code":2,"msg":"Invalid request"}', 'refused'],
    ['shutdown notice', '{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}', 'closing'],
    ['a kline', '{"e":"kline","E":1,"s":"B","k":{}}', 'other'],
    ['a new event', '{"e":"brandNew","E":1}', 'unknownMessage'],
    ['a negative price', '{"e":"depthUpdate","E":1,"s":"B","U":1,"u":2,"b":[["-1","1"]],"a":[]}', 'badFrame'],
    ['an exponent', '{"e":"depthUpdate","E":1,"s":"B","U":1,"u":2,"b":[["1e-7","1"]],"a":[]}', 'depth'],
    ['an id beyond 2^53', '{"e":"depthUpdate","E":1,"s":"B","U":1,"u":98765432109876543,"b":[],"a":[]}', 'badFrame'],
    ['a missing side', '{"e":"depthUpdate","E":1,"s":"B","U":1,"u":2,"b":[]}', 'badFrame'],
  ])('knows %s', (_, text, kind) => {
    expect(decode('binance', text).kind).toBe(kind);
  });

  it('reads values of any size and fineness that fit 14 decimals', () => {
    const text =
      '{"e":"depthUpdate","E":1,"s":"B","U":1,"u":2,"b":[["0.00000000123","12345678901.5"],["7e-10","1"]],"a":[]}';
    expect(decode('binance', text).bids).toEqual([
      [0.00000000123, 12_345_678_901.5],
      [7e-10, 1],
    ]);
  });

  it('grows for a snapshot of 5000 levels', () => {
    const bids = Array.from({ length: 5_000 }, (_, i) => [`${10_000 - i}.5`, '1']);
    expect(decode('binance', JSON.stringify({ lastUpdateId: 1, bids, asks: [] })).bids).toHaveLength(5_000);
  });
});

describe('the OKX and Bybit decoders', () => {
  it.each([
    ['okx', 'a pong', 'pong', 'pong'],
    ['okx', 'an acknowledgement', '{"event":"subscribe","arg":{"channel":"books","instId":"A-B"},"connId":"d"}', 'ack'],
    ['okx', 'a refusal', '{"event":"error","code":"60012","msg":"Invalid request","connId":"d"}', 'refused'],
    ['okx', 'a restart notice', '{"event":"notice","code":"64008","msg":"soon","connId":"d"}', 'closing'],
    [
      'okx',
      'five whole levels',
      '{"arg":{"channel":"books5","instId":"A-B"},"data":[{"asks":[],"bids":[],"ts":"1"}]}',
      'partialDepth',
    ],
    ['okx', 'a ticker', '{"arg":{"channel":"tickers","instId":"A-B"},"data":[{"last":"1","ts":"5"}]}', 'ticker'],
    ['okx', 'a candle', '{"arg":{"channel":"candle1m","instId":"A-B"},"data":[{}]}', 'other'],
    ['okx', 'an order', '{"arg":{"channel":"orders","instType":"ANY"},"data":[{}]}', 'account'],
    ['okx', 'a login', '{"event":"login","msg":"","code":"0","connId":"d"}', 'ack'],
    ['okx', 'a REST answer', '{"code":"0","msg":"","data":[]}', 'reply'],
    ['okx', 'a REST refusal', '{"code":"51008","msg":"Insufficient balance","data":[]}', 'refused'],
    ['okx', 'an unknown channel', '{"arg":{"channel":"dreams","instId":"A-B"},"data":[]}', 'unknownMessage'],
    [
      'okx',
      'a wrong action',
      '{"arg":{"channel":"books","instId":"A-B"},"action":"x","data":[{"asks":[],"bids":[]}]}',
      'badFrame',
    ],
    ['bybit', 'a pong', '{"success":true,"ret_msg":"pong","conn_id":"c","op":"ping"}', 'pong'],
    ['bybit', 'an acknowledgement', '{"success":true,"ret_msg":"","conn_id":"c","op":"subscribe"}', 'ack'],
    ['bybit', 'a refusal', '{"success":false,"ret_msg":"handler not found","conn_id":"c","op":"subscribe"}', 'refused'],
    ['bybit', 'a ticker', '{"topic":"tickers.A","type":"delta","data":{"symbol":"A"},"ts":1}', 'ticker'],
    ['bybit', 'a candle', '{"topic":"kline.5.A","type":"delta","data":{},"ts":1}', 'other'],
    ['bybit', 'an order', '{"topic":"order","id":"1","creationTime":1,"data":[]}', 'account'],
    ['bybit', 'a REST answer', '{"retCode":0,"retMsg":"OK","result":{}}', 'reply'],
    ['bybit', 'a REST refusal', '{"retCode":10006,"retMsg":"Too many visits","result":{}}', 'refused'],
    [
      'bybit',
      'the best level, whole each time',
      '{"topic":"orderbook.1.A","type":"snapshot","ts":1,"data":{"s":"A","b":[["1","2"]],"a":[["3","4"]],"u":9,"seq":2}}',
      'partialDepth',
    ],
    ['bybit', 'an unknown topic', '{"topic":"dreams.A","type":"delta","data":{},"ts":1}', 'unknownMessage'],
    [
      'bybit',
      'a delta with u = 1',
      '{"topic":"orderbook.50.A","type":"delta","ts":1,"data":{"s":"A","b":[],"a":[],"u":1,"seq":2}}',
      'snapshot',
    ],
  ] as const)('%s: knows %s', (venue, _, text, kind) => {
    expect(decode(venue, text).kind).toBe(kind);
  });

  it('tells the market from the frame', () => {
    const market = (venue: VenueName, part: string) =>
      decode(venue, framesOf(venue).find(({ name }) => name.startsWith(part))!.frame).market;

    expect(market('okx', 'books update')).toBe('spot');
    expect(market('bybit', 'spot snapshot')).toBe('spot');
    expect(market('bybit', 'linear delta')).toBe('linear');
  });
});

describe('a market book', () => {
  it('keeps prices when a finer value makes its grid finer', () => {
    const book = startBook('binance');
    const say = (text: string) => book.decode(new TextEncoder().encode(text));
    say('{"lastUpdateId":1,"bids":[["100.5","2"]],"asks":[["101","4"]]}');
    book.replace();
    book.trust = 'live';

    expect(say('{"e":"depthUpdate","E":1,"s":"B","U":2,"u":2,"b":[["100.7","0.25"]],"a":[]}')).toBe(FrameKind.depth);
    book.apply();

    expect([book.bestBidPx(), book.bestBidQty()]).toEqual([100.7, 0.25]);
    expect([book.bestAskPx(), book.bestAskQty()]).toEqual([101, 4]);
    expect(book.ladder.bids.count).toBe(2);
  });

  it('refuses a frame with a value finer than any grid, and keeps its book', () => {
    const book = startBook('binance');
    const say = (text: string) => book.decode(new TextEncoder().encode(text));
    say('{"lastUpdateId":1,"bids":[["100.5","2"]],"asks":[["101","4"]]}');
    book.replace();
    book.trust = 'live';

    expect(say('{"e":"depthUpdate","E":1,"s":"B","U":2,"u":2,"b":[["0.0000000000000001","1"]],"a":[]}')).toBe(-1);
    expect(book.bestBidPx()).toBe(100.5);
  });
});
