import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replayRecordings } from './recordingReplay.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nightjar-replay-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Level = [string, string];
const T0 = 1_723_161_253_937_085_768n;

async function replay(...files: unknown[][]) {
  let count = 0n;
  const paths = files.map((frames, i) => {
    const path = join(folder, `part${i}.zst`);
    const text = frames.map((frame) => {
      count += 1n;
      return `${T0 + count * 1_000_000n} ${typeof frame === 'string' ? frame : JSON.stringify(frame)}\n`;
    });
    writeFileSync(path, zstdCompressSync(text.join('')));
    return path;
  });
  const report = await replayRecordings(paths);
  const counted = Object.values(report.frames).reduce((sum, n) => sum + n, 0);
  expect(counted).toBe(report.lines);
  return report;
}

const spot = (U: number, u: number, b: Level[] = [], a: Level[] = [], s = 'SOLUSDT') => ({
  stream: `${s.toLowerCase()}@depth@100ms`,
  data: { e: 'depthUpdate', E: 1, s, U, u, b, a },
});
const usdm = (U: number, u: number, pu: number, b: Level[] = [], a: Level[] = []) => ({
  stream: 'solusdt@depth@0ms',
  data: { e: 'depthUpdate', E: 1, T: 1, s: 'SOLUSDT', U, u, pu, b, a },
});
const snapshot = (lastUpdateId: number, b: Level[] = [['150.00', '2.00']], a: Level[] = [['150.50', '3.00']]) => ({
  lastUpdateId,
  bids: b,
  asks: a,
});
const hashOf = (...lines: string[]) =>
  createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest('hex');

describe('replayRecordings', () => {
  it('applies what came before the snapshot and still follows it, over several files as one run', async () => {
    const report = await replay(
      [spot(90, 95), spot(96, 103, [['149.50', '1.00']]), snapshot(100)],
      [spot(104, 105, [['150.00', '0.00']], [['150.25', '0.50']])],
    );

    expect(report).toMatchObject({
      ...{
        venue: 'binance',
        market: 'spot',
        symbol: 'SOLUSDT',
        lines: 4,
        depthUpdates: 3,
        gaps: 0,
        crossed: 0,
        old: 1,
      },
      frames: { depth: 3, snapshot: 1 },
      firstMs: Number(T0 / 1_000_000n) + 1.085_768,
    });
    expect(report.bookHash).toBe(hashOf('b 149.5 1', 'a 150.25 0.5', 'a 150.5 3'));
  });

  it('starts from the divisors of the snapshot and refines them', async () => {
    const coarse = await replay([snapshot(1), spot(2, 2)]);
    expect(coarse.books[0]).toMatchObject({ tickSize: '0.5', lotSize: '1' });

    const fine = await replay([snapshot(1), spot(2, 2, [['149.9', '0.125']])]);
    expect(fine.books[0]).toMatchObject({ tickSize: '0.1', lotSize: '0.125', bestBid: '150' });
    expect(fine.bookHash).toBe(hashOf('b 150 2', 'b 149.9 0.125', 'a 150.5 3'));
  });

  it('counts a gap and goes on', async () => {
    const report = await replay([snapshot(100), spot(101, 101), spot(105, 105, [['149.00', '1.00']]), spot(106, 107)]);

    expect(report).toMatchObject({ gaps: 1, resyncs: 0, depthUpdates: 3 });
    expect(report.bookHash).toBe(hashOf('b 150 2', 'b 149 1', 'a 150.5 3'));
  });

  it('resyncs when a snapshot follows a gap, with the changes kept since', async () => {
    const report = await replay([
      snapshot(100),
      spot(105, 105, [['140.00', '1.00']]),
      spot(106, 106, [['149.00', '1.00']]),
      snapshot(105, [['150.00', '9.00']]),
      spot(107, 107),
    ]);

    expect(report).toMatchObject({ gaps: 1, resyncs: 1 });
    expect(report.bookHash).toBe(hashOf('b 150 9', 'b 149 1', 'a 150.5 3'));
  });

  it('follows the futures rule, in which pu counts and U does not', async () => {
    const report = await replay([
      usdm(90, 99, 80),
      snapshot(100),
      usdm(98, 110, 97),
      usdm(150, 160, 110),
      usdm(150, 160, 110),
      usdm(170, 180, 165),
    ]);

    expect(report).toMatchObject({ market: 'usdm', depthUpdates: 5, gaps: 1, old: 2 });
  });

  it('makes a book from changes alone when there is no snapshot', async () => {
    const report = await replay([spot(5, 6, [['150.00', '1.00']]), spot(7, 7, [], [['151.00', '2.00']])]);

    expect(report.books[0]).toMatchObject({ snapshots: 0, gaps: 0 });
    expect(report.bookHash).toBe(hashOf('b 150 1', 'a 151 2'));
  });

  it('counts a book that becomes crossed', async () => {
    const report = await replay([
      snapshot(1),
      spot(2, 2, [['150.50', '1.00']]),
      spot(3, 3),
      spot(4, 4, [['150.50', '0']]),
    ]);

    expect(report.crossed).toBe(1);
  });

  it('accounts for every line and names the bad ones with line and offset', async () => {
    const report = await replay([
      snapshot(1),
      'not json',
      { e: 'brandNew' },
      '{"stream":"solusdt@depth@100ms","data":{"e":"dep',
      spot(2, 2),
      '',
    ]);

    expect(report).toMatchObject({ lines: 6, badLineCount: 4, depthUpdates: 1, gaps: 0 });
    expect(report.frames).toEqual({ snapshot: 1, badFrame: 3, unknownMessage: 1, depth: 1 });
    expect(report.badLines.map(({ file, line, code }) => [file, line, code])).toEqual([
      ['part0.zst', 2, 'venue.bad-frame'],
      ['part0.zst', 3, 'venue.unknown-message'],
      ['part0.zst', 4, 'venue.bad-frame'],
      ['part0.zst', 6, 'venue.bad-frame'],
    ]);
    expect(report.badLines[1]!.offset).toBe(report.badLines[0]!.offset + 19 + 1 + 'not json'.length + 1);
  });

  it('lists at most so many bad lines and counts them all', async () => {
    const path = join(folder, 'plain.txt');
    writeFileSync(path, 'no time\n'.repeat(50));

    const report = await replayRecordings([path], { maxBadLines: 3 });

    expect(report).toMatchObject({ lines: 50, badLineCount: 50, frames: { badLine: 50 }, firstMs: null });
    expect(report.badLines).toHaveLength(3);
  });

  it('reports a file that was cut and goes on with the next', async () => {
    const [whole, cut] = [join(folder, 'whole.zst'), join(folder, 'cut.zst')];
    const line = (frame: object) => `${T0} ${JSON.stringify(frame)}\n`;
    const bytes = zstdCompressSync(line(snapshot(1)) + line(spot(2, 2)));
    writeFileSync(cut, bytes.subarray(0, bytes.length - 3));
    writeFileSync(whole, line(snapshot(1)) + line(spot(2, 2)));

    const report = await replayRecordings([cut, whole]);

    expect(report.truncatedFiles).toBe(1);
    expect(report.badLines.some(({ code, file }) => code === 'recording.truncated' && file === 'cut.zst')).toBe(true);
    expect(report.depthUpdates).toBeGreaterThanOrEqual(1);
  });

  it('keeps several markets of several venues apart', async () => {
    const okx = (action: string, prevSeqId: number, seqId: number) => ({
      arg: { channel: 'books', instId: 'SOL-USDT' },
      action,
      data: [
        { asks: [['151', '1', '0', '1']], bids: [['150', '1', '0', '1']], ts: '5', checksum: 0, seqId, prevSeqId },
      ],
    });
    const bybit = (type: string, u: number) => ({
      topic: 'orderbook.50.SOLUSDT',
      ts: 5,
      type,
      data: { s: 'SOLUSDT', b: [['150', '1']], a: [['151', '1']], u, seq: 5 },
    });
    const report = await replay([
      snapshot(1),
      spot(2, 2),
      spot(900, 901, [['3.001', '1']], [['3.002', '1']], 'RAYUSDT'),
      snapshot(900, [['3.000', '1']], [['3.003', '1']]),
      spot(3, 3),
      okx('snapshot', -1, 40),
      bybit('snapshot', 7),
      okx('update', 40, 44),
      bybit('delta', 8),
      spot(902, 902, [], [], 'RAYUSDT'),
      bybit('delta', 10),
      usdm(5, 6, 4, [['150', '1']]),
    ]);

    expect(
      report.books.map(({ venue, market, symbol, depthUpdates, gaps }) => [venue, market, symbol, depthUpdates, gaps]),
    ).toEqual([
      ['binance', 'spot', 'SOLUSDT', 2, 0],
      ['binance', 'spot', 'RAYUSDT', 2, 0],
      ['okx', 'spot', 'SOL-USDT', 1, 0],
      ['bybit', 'spot', 'SOLUSDT', 2, 1],
      ['binance', 'usdm', 'SOLUSDT', 1, 0],
    ]);
    expect(report.books[1]!.bestBid).toBe('3.001');
    expect(report).toMatchObject({ venue: 'binance,okx,bybit', depthUpdates: 8, badLineCount: 0 });
  });
});
