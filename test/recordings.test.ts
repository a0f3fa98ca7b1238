import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { replayRecordings } from '../src/workers/recordingReplay.ts';

const dataFolder = fileURLToPath(new URL('../../shared/data/', import.meta.url));
const hasData = existsSync(join(dataFolder, 'binance-btc-20240808'));
if (!hasData) console.warn(`recordings.test.ts is skipped: no recordings in ${dataFolder}`);

const sets = [
  {
    name: 'spot',
    files: ['binance-btc-20240808/spot_btcusdt_20240808.gz', 'binance-btc-20240808/spot_btcusdt_20240809.gz'],
    expected: { market: 'spot', symbol: 'BTCUSDT', lines: 99_574, depthUpdates: 6_495 },
  },
  {
    name: 'USDⓈ-M',
    files: ['binance-btc-20240808/usdm_btcusdt_20240808.gz'],
    expected: { market: 'usdm', symbol: 'BTCUSDT', lines: 93_954, depthUpdates: 6_551 },
  },
  {
    name: 'COIN-M',
    files: ['binance-btc-20240808/coinm_btcusd_perp_20240808.gz', 'binance-btc-20240808/coinm_btcusd_perp_20240809.gz'],
    expected: { market: 'coinm', symbol: 'BTCUSD_PERP', lines: 98_386, depthUpdates: 44_795 },
  },
  {
    name: 'USDⓈ-M of July',
    files: ['binance-usdm-btc-20240718/usdm_btcusdt_20240718.gz', 'binance-usdm-btc-20240718/usdm_btcusdt_20240719.gz'],
    expected: { market: 'usdm', symbol: 'BTCUSDT', lines: 71_984, depthUpdates: 9_022 },
  },
].map((set) => ({ ...set, files: set.files.map((file) => join(dataFolder, file)) }));

type Level = [string, string];

/** The book by the plainest means: `JSON.parse`, a Map of strings per side, the snapshot first, then whatever follows it. */
function referenceHash(files: readonly string[]): string {
  const frames = files.flatMap((file) =>
    gunzipSync(readFileSync(file))
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line.slice(line.indexOf(' ') + 1))),
  );
  const snapshot = frames.find((frame) => frame.lastUpdateId !== undefined);
  const sides = { b: new Map<number, string>(), a: new Map<number, string>() };
  const set = (side: Map<number, string>, levels: Level[]) => {
    for (const [price, size] of levels) {
      if (Number(size) === 0) side.delete(Number(price));
      else side.set(Number(price), size);
    }
  };
  set(sides.b, snapshot.bids);
  set(sides.a, snapshot.asks);
  for (const { data } of frames) {
    if (data?.e !== 'depthUpdate' || data.u < snapshot.lastUpdateId) continue;
    set(sides.b, data.b);
    set(sides.a, data.a);
  }
  const hash = createHash('sha256');
  for (const [price, size] of [...sides.b].sort((x, y) => y[0] - x[0])) hash.update(`b ${price} ${Number(size)}\n`);
  for (const [price, size] of [...sides.a].sort((x, y) => x[0] - y[0])) hash.update(`a ${price} ${Number(size)}\n`);
  return hash.digest('hex');
}

describe.skipIf(!hasData)('the recordings of Binance', () => {
  it.each(sets)('$name: replays without a gap, every line accounted for, into the reference book', async (set) => {
    const report = await replayRecordings(set.files);

    expect(report).toMatchObject({
      ...set.expected,
      venue: 'binance',
      gaps: 0,
      crossed: 0,
      resyncs: 0,
      badLineCount: 0,
    });
    expect(Object.values(report.frames).reduce((sum, count) => sum + count, 0)).toBe(report.lines);
    expect(report.bookHash).toBe(referenceHash(set.files));
  });

  it.each(sets)('$name: shows the gap that one removed depth line leaves', async (set) => {
    const folder = mkdtempSync(join(tmpdir(), 'nightjar-gap-'));
    try {
      const lines = gunzipSync(readFileSync(set.files[0]!)).toString().split('\n');
      const depthLines = lines.flatMap((line, i) => (line.includes('"depthUpdate"') ? [i] : []));
      lines.splice(depthLines[depthLines.length >> 1]!, 1);
      const path = join(folder, 'without-one-line.txt');
      writeFileSync(path, lines.join('\n'));

      const report = await replayRecordings([path, ...set.files.slice(1)]);

      expect(report.gaps).toBeGreaterThanOrEqual(1);
      expect(report.depthUpdates).toBe(set.expected.depthUpdates - 1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
