import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { Clock } from '../domain/ports.ts';
import { realDisk } from './recordingDisk.ts';
import { readRecordingManifest, recordingFiles } from './recordingManifest.ts';
import type { RecordingDisk } from './recordingPart.ts';
import { readRecording } from './recordingReader.ts';
import { FRAME_BYTES, RecordingWriter } from './recordingWriter.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const SOL = { venue: 'binance', market: 'spot', symbol: 'SOLUSDT' };
const RAY = { venue: 'bybit', market: 'spot', symbol: 'RAYUSDT' };
const NOON = Date.UTC(2026, 0, 5, 12);

function startWriter(disk: Partial<RecordingDisk> = {}, rotateBytes = 1e9) {
  const folder = mkdtempSync(join(tmpdir(), 'nightjar-record-'));
  folders.push(folder);
  const time = { nowMs: NOON };
  const clock = { nowMs: () => time.nowMs } as Clock;
  const plan = { folder, nightjarVersion: '1', source: 'test', markets: [SOL, RAY], rotateBytes, minFreeBytes: 1e6 };
  const whole = { ...realDisk, freeBytes: () => 1e12, ...disk };
  const writer = new RecordingWriter(plan, whole, clock);
  /** One chunk of whole lines that zstd can hardly make smaller. */
  const append = (id: number, bytes: number, seed: number) => {
    const noise = createHash('shake256', { outputLength: bytes / 2 })
      .update(`${seed}`)
      .digest('hex');
    const text = `${NOON}000000 ${noise}\n`;
    writer.append(id, { bytes: Buffer.from(text), frames: 1, firstMs: time.nowMs, lastMs: time.nowMs });
    return text;
  };
  return { folder, writer, append, time };
}

const names = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.zst'));

async function linesOf(folder: string): Promise<string[]> {
  const lines: string[] = [];
  for (const { path } of recordingFiles(folder)) {
    const { damage } = await readRecording(path, (line) => lines.push(new TextDecoder().decode(line)));
    expect(damage).toBeNull();
  }
  return lines;
}

describe('RecordingWriter', () => {
  it('keeps each connection in a file of its own, with counts, times and the SHA-256 of what is stored', async () => {
    const { folder, writer, append } = startWriter();
    writer.open(1, SOL);
    writer.open(2, RAY);
    const text = append(1, 100, 1) + append(1, 100, 2);
    const other = append(2, 100, 3);
    writer.close(1);
    writer.open(3, SOL);
    const again = append(3, 100, 4);
    const manifest = writer.end('clean', 'told to', []);

    expect(names(folder)).toEqual([
      'binance-spot-SOLUSDT.c0001.p0001.zst',
      'binance-spot-SOLUSDT.c0002.p0001.zst',
      'bybit-spot-RAYUSDT.c0001.p0001.zst',
    ]);
    expect((await linesOf(folder)).join('\n')).toBe((text + again + other).trimEnd());
    expect(manifest).toMatchObject({ ended: 'clean', frames: 4, lostFrames: 0, venues: ['binance', 'bybit'] });
    expect(manifest.files.map(({ frames, bytes }) => [frames, bytes])).toEqual([
      [2, text.length],
      [1, again.length],
      [1, other.length],
    ]);
    for (const { file, sha256, storedBytes } of manifest.files) {
      const stored = readFileSync(join(folder, file));
      expect(sha256).toBe(createHash('sha256').update(stored).digest('hex'));
      expect(storedBytes).toBe(stored.length);
    }
    expect(readRecordingManifest(folder)).toEqual(manifest);
  });

  it('stores zstd frames that can be read alone, and goes on in the next file at the size asked for', () => {
    const { folder, writer, append } = startWriter({}, 3e6);
    writer.open(1, SOL);
    const texts = [1, 2, 3].map((seed) => append(1, FRAME_BYTES, seed));
    const { files } = writer.end('clean', '', []);

    expect(files.map(({ part, frames }) => [part, frames])).toEqual([
      [1, 2],
      [2, 1],
    ]);
    const first = readFileSync(join(folder, files[0]!.file));
    const second = first.indexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 4);
    expect(zstdDecompressSync(first.subarray(0, second)).toString()).toBe(texts[0]);
    expect(zstdDecompressSync(first.subarray(second)).toString()).toBe(texts[1]);
  });

  it('goes on in the next file at midnight UTC', () => {
    const { writer, append, time } = startWriter();
    writer.open(1, SOL);
    append(1, 100, 1);
    time.nowMs = Date.UTC(2026, 0, 6);
    writer.tick();
    append(1, 100, 2);
    expect(writer.end('clean', '', []).files.map(({ part }) => part)).toEqual([1, 2]);
  });

  it('brings the lines of a thin market to the disk within ten seconds, so that a crash loses no more', async () => {
    const { folder, writer, append, time } = startWriter();
    writer.open(1, SOL);
    append(1, 100, 1);
    time.nowMs += 9_000;
    writer.tick();
    expect(statSync(join(folder, names(folder)[0]!)).size).toBe(0);
    time.nowMs += 1_000;
    writer.tick();
    // Nobody ended it: the files tell what they are.
    expect(await linesOf(folder)).toHaveLength(1);
    expect(readRecordingManifest(folder)).toMatchObject({ ended: 'running', endedAtMs: null, frames: 1 });
  });

  it('on a full disk keeps what was stored readable, counts the rest as lost and says so in the manifest', async () => {
    const room = { bytes: 3e6 };
    const { folder, writer, append } = startWriter({
      write(file, bytes) {
        realDisk.write(file, bytes.subarray(0, Math.min(bytes.length, room.bytes)));
        room.bytes -= bytes.length;
        if (room.bytes < 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      },
    });
    writer.open(1, SOL);
    const kept = append(1, FRAME_BYTES, 1);
    append(1, FRAME_BYTES, 2);
    expect(writer.trouble).toMatchObject({ ended: 'disk_full' });
    append(1, 100, 3);
    const book = {
      ...SOL,
      trust: 'live',
      bookHash: 'of frames that are in no file',
      gaps: 0,
      resyncs: 0,
      reconnects: 0,
    };
    const manifest = writer.end('clean', '', [book]);

    expect(manifest.books).toEqual([{ ...book, bookHash: null }]);
    expect((await linesOf(folder)).join('\n')).toBe(kept.trimEnd());
    expect(manifest).toMatchObject({ ended: 'disk_full', frames: 1, lostFrames: 2 });
    expect(readRecordingManifest(folder)).toEqual(manifest);
  });

  it('ends while the disk still has the room that is to be left, with nothing lost', () => {
    const free = { bytes: 2e6 };
    const { writer, append } = startWriter({ freeBytes: () => free.bytes });
    writer.open(1, SOL);
    append(1, 100, 1);
    writer.tick();
    expect(writer.trouble).toBeNull();
    free.bytes = 0.9e6;
    writer.tick();
    expect(writer.trouble).toMatchObject({ ended: 'disk_full', reason: expect.stringContaining('MB are free') });
    expect(writer.end('clean', '', [])).toMatchObject({ ended: 'disk_full', frames: 1, lostFrames: 0 });
  });

  it('never writes over a file', () => {
    const { folder } = startWriter();
    realDisk.close(realDisk.create(join(folder, 'x.zst')));
    expect(() => realDisk.create(join(folder, 'x.zst'))).toThrow('EEXIST');
  });
});
