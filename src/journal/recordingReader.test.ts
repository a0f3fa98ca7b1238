import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecording } from './recordingReader.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nightjar-reader-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const lines = Array.from({ length: 30_000 }, (_, i) => `${i} {"x":"${'ab'.repeat(i % 40)}${(i * 7919) % 1009}"}`);
const half = (from: number, to: number) =>
  Buffer.from(
    lines
      .slice(from, to)
      .map((line) => `${line}\n`)
      .join(''),
  );
const packings = {
  plain: (data: Buffer) => data,
  gzip: (data: Buffer) => gzipSync(data),
  zstd: (data: Buffer) => zstdCompressSync(data),
};
type Packing = keyof typeof packings;

async function read(bytes: Uint8Array) {
  const path = join(folder, 'recording');
  writeFileSync(path, bytes);
  const seen: { text: string; line: number; offset: number }[] = [];
  const end = await readRecording(path, (line, number, offset) => {
    seen.push({ text: Buffer.from(line).toString(), line: number, offset });
  });
  return { seen, end };
}

describe('readRecording', () => {
  it.each(Object.keys(packings) as Packing[])(
    'reads every line of two %s parts in a row, with number and offset',
    async (name) => {
      const { seen, end } = await read(
        Buffer.concat([packings[name](half(0, 12_345)), packings[name](half(12_345, 30_000))]),
      );

      expect(seen.map(({ text }) => text)).toEqual(lines);
      const all = half(0, 30_000);
      expect(end).toEqual({ lines: 30_000, bytes: all.length, damage: null });
      for (const { text, line, offset } of [seen[0]!, seen[1]!, seen[20_000]!, seen[29_999]!]) {
        expect(text).toBe(lines[line - 1]);
        expect(all.subarray(offset, offset + text.length).toString()).toBe(text);
      }
    },
  );

  it.each(['gzip', 'zstd'] as const)('gives all that a cut %s file holds, then says where it ends', async (name) => {
    const packed = packings[name](half(0, 30_000));

    const { seen, end } = await read(packed.subarray(0, Math.floor(packed.length * 0.7)));

    expect(end.damage).toMatchObject({ code: 'recording.truncated', line: seen.length, offset: end.bytes });
    expect(seen.length).toBeGreaterThan(15_000);
    expect(seen.slice(0, -1).map(({ text }) => text)).toEqual(lines.slice(0, seen.length - 1));
    expect(lines[seen.length - 1]!.startsWith(seen.at(-1)!.text)).toBe(true);
  });

  it('reports a damaged file and keeps what came before', async () => {
    const packed = gzipSync(half(0, 30_000));
    packed.fill(0xff, packed.length - 2_000, packed.length - 1_000);

    const { seen, end } = await read(packed);

    expect(end.damage?.code).toBe('recording.truncated');
    expect(seen.length).toBe(end.lines);
  });

  it('reads the last line without its newline, and lines with carriage returns', async () => {
    const { seen } = await read(Buffer.from('1 a\r\n\n2 b'));

    expect(seen).toEqual([
      { text: '1 a', line: 1, offset: 0 },
      { text: '', line: 2, offset: 5 },
      { text: '2 b', line: 3, offset: 6 },
    ]);
  });

  it('says which file cannot be read', async () => {
    await expect(readRecording(join(folder, 'absent.gz'), () => {})).rejects.toMatchObject({
      code: 'data.unreadable',
      message: expect.stringContaining('absent.gz'),
    });
  });
});
