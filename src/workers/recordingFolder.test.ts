import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import type { RecordedMarket, RecordingManifest } from '../journal/recordingManifest.ts';
import { recordingFileName, writeRecordingManifest } from '../journal/recordingManifest.ts';
import { replayRecordingFolder } from './recordingFolder.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const SOL = { venue: 'binance', market: 'spot', symbol: 'SOLUSDT' };
const RAY = { venue: 'binance', market: 'spot', symbol: 'RAYUSDT' };

type Level = [string, string];
const depth = (s: string, u: number, b: Level[] = []) => ({
  stream: `${s.toLowerCase()}@depth@100ms`,
  data: { e: 'depthUpdate', E: 1, s, U: u, u, b, a: [] },
});
const snapshot = (lastUpdateId: number, bids: Level[]) => ({ lastUpdateId, bids, asks: [] });
const hashOf = (...lines: string[]) => createHash('sha256').update(lines.join('')).digest('hex');

function makeFolder(...connections: [RecordedMarket, number, object[]][]) {
  const folder = mkdtempSync(join(tmpdir(), 'nightjar-recording-'));
  folders.push(folder);
  let ns = 1_767_616_200_000_000_000n;
  const files = connections.map(([of, connection, frames]) => {
    const lines = frames.map((frame) => {
      ns += 1_000_000n;
      return `${ns} ${JSON.stringify(frame)}\n`;
    });
    const packed = zstdCompressSync(lines.join(''));
    const file = recordingFileName(of, connection, 1);
    writeFileSync(join(folder, file), packed);
    return { file, sha256: createHash('sha256').update(packed).digest('hex') };
  });
  const manifest = (books: object[]) =>
    writeRecordingManifest(folder, {
      ...{ kind: 'nightjar-recording', manifestVersion: 1, source: 'test', ended: 'clean', reason: '', lostFrames: 0 },
      ...{ markets: [SOL], books, files },
    } as unknown as RecordingManifest);
  return { folder, manifest };
}

it('takes a snapshot as the live feed took it, which had connected again without missing a change', async () => {
  const { folder, manifest } = makeFolder(
    [
      SOL,
      1,
      [
        depth('SOLUSDT', 99),
        snapshot(100, [
          ['150', '1'],
          ['90', '7'],
        ]),
        depth('SOLUSDT', 101, [['149', '2']]),
      ],
    ],
    // Nothing is missing between the connections, yet the new book knows nothing of the level at 90.
    [
      SOL,
      2,
      [
        depth('SOLUSDT', 102),
        depth('SOLUSDT', 103, [['148', '3']]),
        snapshot(102, [
          ['150', '1'],
          ['149', '2'],
        ]),
      ],
    ],
  );
  const live = hashOf('b 150 1\n', 'b 149 2\n', 'b 148 3\n');
  manifest([{ ...SOL, trust: 'live', bookHash: live }]);

  const report = await replayRecordingFolder(folder, {});

  expect(report.bookHash).toBe(live);
  expect(report).toMatchObject({ gaps: 0, resyncs: 1, depthUpdates: 4 });
  expect(report.recording).toMatchObject({ isOk: true, filesChecked: 2, books: [{ ...SOL, isEqual: true }] });
});

it('knows whose a nameless snapshot is by the file it stands in', async () => {
  const { folder } = makeFolder(
    [RAY, 1, [depth('RAYUSDT', 500), snapshot(501, [['2', '1']]), depth('RAYUSDT', 502)]],
    [SOL, 1, [snapshot(501, [['150', '1']]), depth('SOLUSDT', 502, [['151', '1']])]],
  );
  const report = await replayRecordingFolder(folder, {});
  expect(report.books.map(({ symbol, bestBid, snapshots }) => [symbol, bestBid, snapshots])).toEqual([
    ['RAYUSDT', '2', 1],
    ['SOLUSDT', '151', 1],
  ]);
  // Without a manifest the frames are read all the same.
  expect(report.recording).toBeNull();
});

it('says which file and which book is not as recorded', async () => {
  const { folder, manifest } = makeFolder([SOL, 1, [snapshot(100, [['150', '1']]), depth('SOLUSDT', 101)]]);
  manifest([{ ...SOL, trust: 'live', bookHash: hashOf('b 151 1\n') }]);
  const name = recordingFileName(SOL, 1, 1);
  writeFileSync(join(folder, name), zstdCompressSync(''), { flag: 'a' });

  const { recording } = await replayRecordingFolder(folder, {});

  expect(recording).toMatchObject({ isOk: false, filesDamaged: [name], books: [{ isEqual: false }] });
});
