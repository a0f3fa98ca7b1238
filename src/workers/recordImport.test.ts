import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../domain/ports.ts';
import { importRecording } from './recordImport.ts';
import { replayRecordingFolder } from './recordingFolder.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'nightjar-import-'));
});
afterAll(() => rmSync(root, { recursive: true }));

let made = 0;
async function importTexts(...texts: string[]) {
  made += 1;
  const folder = join(root, `out${made}`);
  mkdirSync(folder);
  const files = texts.map((text, i) => {
    const path = join(root, `in${made}.${i}.gz`);
    writeFileSync(path, gzipSync(text));
    return path;
  });
  const sizes = { rotateBytes: 1e9, minFreeBytes: 0 };
  const clock = { nowMs: () => 1_767_616_200_000 } as Clock;
  const plan = { files, format: null, folder, nightjarVersion: '1', clock, onProgress: () => {}, ...sizes };
  return { ...(await importRecording(plan)), replay: await replayRecordingFolder(folder, {}) };
}

const L2 = 'exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount';
const TRADES = 'exchange,symbol,timestamp,local_timestamp,id,side,price,amount';

/** Rows of seeded book changes, five or so a message, with a second snapshot in the middle; and the book they end in. */
function tardisBook(exchange: string, symbol: string) {
  const sides = { bid: new Map<number, string>(), ask: new Map<number, string>() };
  const rows: string[] = [];
  let time = 1_700_000_000_000_000;
  let seed = 7;
  const next = (bound: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % bound;
  };
  const row = (isSnapshot: boolean, side: 'bid' | 'ask', tenths: number, amount: string) => {
    rows.push(`${exchange},${symbol},${time - 3_000},${time},${isSnapshot},${side},${tenths / 10},${amount}`);
    if (Number(amount) === 0) sides[side].delete(tenths);
    else sides[side].set(tenths, amount);
  };
  for (let message = 0; message < 200; message += 1) {
    time += 100_000;
    const isSnapshot = message === 0 || message === 120;
    if (isSnapshot) for (const side of Object.values(sides)) side.clear();
    for (let level = 0; level < (isSnapshot ? 20 : 5); level += 1) {
      const amount = isSnapshot || next(3) > 0 ? String((next(500) + 1) / 100) : '0';
      row(isSnapshot, 'bid', 1000 - level - next(3) * 20, amount);
      row(isSnapshot, 'ask', 1001 + level + next(3) * 20, amount);
    }
  }
  const line = (letter: string) => (tenths: number, map: Map<number, string>) =>
    `${letter} ${tenths / 10} ${Number(map.get(tenths))}\n`;
  const bids = [...sides.bid.keys()].sort((a, b) => b - a).map((at) => line('b')(at, sides.bid));
  const asks = [...sides.ask.keys()].sort((a, b) => a - b).map((at) => line('a')(at, sides.ask));
  const hash = createHash('sha256')
    .update([...bids, ...asks].join(''))
    .digest('hex');
  return { text: `${[L2, ...rows].join('\n')}\n`, hash };
}

describe('tardis CSV', () => {
  it.each([
    ['binance', 'SOLUSDT', 'binance', 'spot'],
    ['binance-futures', 'SOLUSDT', 'binance', 'usdm'],
    ['okex', 'SOL-USDT', 'okx', 'spot'],
    ['okex-swap', 'SOL-USDT-SWAP', 'okx', 'swap'],
    ['bybit-spot', 'SOLUSDT', 'bybit', 'spot'],
    ['bybit', 'SOLUSDT', 'bybit', 'linear'],
  ])(
    'incremental_book_L2 of %s becomes the book that its rows make, and trades are told',
    async (name, symbol, venue, market) => {
      const { text, hash } = tardisBook(name, symbol);
      const rows = [
        `${name},${symbol},1700000000000000,1700000000003000,101,buy,100.1,2`,
        `${name},${symbol},1700000001000000,1700000001003000,102,sell,100,0.5`,
        `${name},${symbol},1700000001000000,1700000001003000,103,unknown,100,0.5`,
      ];
      const { replay, manifest, leftOut, format } = await importTexts(text, `${[TRADES, ...rows].join('\n')}\n`);

      expect(format).toBe('tardis');
      expect(manifest.markets).toEqual([{ venue, market, symbol }]);
      expect(replay).toMatchObject({ venue, market, symbol, gaps: 0, depthUpdates: 198, badLineCount: 0 });
      expect(replay.bookHash).toBe(hash);
      expect(replay.frames.trade ?? replay.frames.aggTrade).toBe(2);
      expect(leftOut).toEqual({ 'trades without a side': 1 });
      expect([replay.firstMs, replay.lastMs]).toEqual([1_700_000_000_003, 1_700_000_020_000]);
    },
  );

  it('leaves bad rows out, counts them and names the first', async () => {
    const good = 'binance,SOLUSDT,1700000000000000,1700000000000000,true,bid,100,1';
    const { leftOut, manifest } = await importTexts(`${[L2, good, 'binance,SOLUSDT,1,2', `${good}x`].join('\n')}\n`);
    expect(leftOut).toEqual({ [`bad rows, first in${made}.0.gz:3`]: 2 });
    expect(manifest.frames).toBe(1);
  });

  it('refuses an exchange whose words it does not speak, naming those that it does', async () => {
    const row = 'deribit,BTC-PERPETUAL,1700000000000000,1700000000000000,true,bid,100,1';
    await expect(importTexts(`${L2}\n${row}\n`)).rejects.toMatchObject({
      code: 'data.unreadable',
      message: expect.stringContaining('"deribit"'),
      details: { remedy: expect.stringContaining('binance-futures') },
    });
  });
});

describe('cryptofeed captures', () => {
  const WS = 'wss://fstream.binance.com/stream?streams=a@depth/b@depth';
  const delta = (s: string, u: number, pu: number, b: [string, string][]) =>
    JSON.stringify({ stream: 'x', data: { e: 'depthUpdate', E: 1, T: 1, s, U: u, u, pu, b, a: [] } });
  const snapshotLine = (s: string, at: string, id: number, bid: string) =>
    `https://fapi.binance.com/fapi/v1/depth?symbol=${s}&limit=1000 -> ${at}: {"lastUpdateId":${id},"bids":[["${bid}","1"]],"asks":[]}`;

  it('puts the REST snapshots of another file among the frames of their market, by time', async () => {
    const ws = [
      `${WS} <-> 1626992740.1`,
      `${WS} <- 1626992740.2: {"op":"subscribe"}`,
      `1626992741.06217: ${delta('AAAUSDT', 99, 98, [['5', '9']])}`,
      `1626992742.5: ${delta('BBBUSDT', 101, 98, [['7', '2']])}`,
      `1626992743.5: ${delta('AAAUSDT', 102, 100, [['4', '2']])}`,
      '1626992744.5: {"result":null,"id":1}',
    ];
    // The ids of the two lie closer to each other than to anything else: only the address tells whose is whose.
    const http = [snapshotLine('AAAUSDT', '1626992742.0', 100, '6'), snapshotLine('BBBUSDT', '1626992742.1', 100, '8')];
    const { replay, leftOut } = await importTexts(`${ws.join('\n')}\n\n`, `${http.join('\n')}\n`);

    expect(
      replay.books.map(({ market, symbol, gaps, bestBid, bidLevels }) => [market, symbol, gaps, bestBid, bidLevels]),
    ).toEqual([
      ['usdm', 'AAAUSDT', 0, '6', 2],
      ['usdm', 'BBBUSDT', 0, '8', 2],
    ]);
    expect(replay.firstMs).toBeCloseTo(1_626_992_741_062.17, 2);
    expect(leftOut).toMatchObject({ 'messages that were sent': 1 });
  });

  it('refuses a capture of a venue without a decoder, saying what it left out', async () => {
    const lines = ['wss://www.deribit.com/ws/api/v2 <-> 1626993723.4', '1626993723.8: {"jsonrpc":"2.0"}'];
    await expect(importTexts(`${lines.join('\n')}\n`)).rejects.toMatchObject({
      details: { remedy: expect.stringContaining('1 frames of www.deribit.com') },
    });
  });
});

it.each([
  ['time,bid,ask\n1,2,3\n', 'looked for a first line'],
  ['', 'it is empty'],
  ['1723161253937085768 {"stream":"x"}\n', 'needs no import'],
])('says what it looked for in a file of an unknown format: %j', async (text, said) => {
  const refusal = await importTexts(text).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'data.unreadable' });
  const { message, details } = refusal as { message: string; details: { remedy: string } };
  expect(`${message} ${details.remedy}`).toContain(said);
});
