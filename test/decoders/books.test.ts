import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createBinanceDecoder } from '../../src/venues/binance/decode.ts';
import { createBybitDecoder } from '../../src/venues/bybit/decode.ts';
import { BybitSequence } from '../../src/venues/bybit/sequence.ts';
import { checksumFits } from '../../src/venues/checksum.ts';
import { FrameKind } from '../../src/venues/decodedFrame.ts';
import type { FrameDecoder } from '../../src/venues/frameDecoder.ts';
import { MarketBook } from '../../src/venues/marketBook.ts';
import { createOkxDecoder } from '../../src/venues/okx/decode.ts';
import { OkxSequence } from '../../src/venues/okx/sequence.ts';
import type { Sequence } from '../../src/venues/sequence.ts';
import { Verdict } from '../../src/venues/sequence.ts';
import type { FrameFile } from './realFrames.ts';
import { dataFolder, frameFiles, framesOf } from './realFrames.ts';

const files = frameFiles();
const fileOf = (part: string): FrameFile | undefined => files.find(({ path }) => path.includes(part));
if (files.length === 0) console.warn(`recorded books are skipped: none in ${dataFolder}`);

const utf8 = new TextEncoder();

/** Books of all symbols in a file, snapshots in the stream; counts what a feed would have to act on. */
function rebuild(frames: readonly string[], createDecoder: () => FrameDecoder, createSequence: () => Sequence) {
  const books = new Map<string, { book: MarketBook; sequence: Sequence }>();
  const probe = createDecoder();
  const tally = { applied: 0, gaps: 0, crossed: 0, checksums: 0, wrongChecksums: 0 };
  for (const frame of frames) {
    const bytes = utf8.encode(frame);
    const kind = probe.decodeRefining(bytes);
    if (kind !== FrameKind.depth && kind !== FrameKind.snapshot) continue;
    const { symbol } = probe.frame;
    const known = books.get(symbol) ?? { book: new MarketBook(createDecoder()), sequence: createSequence() };
    const { book, sequence } = known;
    book.decode(bytes);
    const now = book.decoder.frame;
    if (kind === FrameKind.snapshot) {
      books.set(symbol, known);
      book.replace();
      sequence.reset(now.lastId);
    } else {
      if (!books.has(symbol)) continue;
      const verdict = sequence.judge(now);
      if (verdict === Verdict.gap) tally.gaps += 1;
      if (verdict !== Verdict.apply) continue;
      book.apply();
      sequence.take(now);
    }
    tally.applied += 1;
    if (book.ladder.isCrossed()) tally.crossed += 1;
    if (!(now.checksum < 0 || now.checksum > 0)) continue;
    tally.checksums += 1;
    if (!checksumFits(now.checksum, book)) tally.wrongChecksums += 1;
  }
  return tally;
}

describe('recorded books', () => {
  const okx = fileOf('OKX_20220513_ws');
  it.skipIf(okx === undefined)('OKX of 2022: all 197 checksums recompute, nothing crosses', () => {
    expect(rebuild(framesOf(okx!), createOkxDecoder, () => new OkxSequence())).toEqual({
      applied: 197,
      gaps: 0,
      crossed: 0,
      checksums: 197,
      wrongChecksums: 0,
    });
  });

  it.skipIf(okx === undefined)('OKX of 2022: one lost update is seen by its checksum', () => {
    const frames = framesOf(okx!);
    const lost = frames.findIndex((frame) => frame.includes('"action":"update"') && frame.includes('"books"'));
    const tally = rebuild(frames.toSpliced(lost, 1), createOkxDecoder, () => new OkxSequence());
    expect(tally.wrongChecksums).toBeGreaterThan(0);
  });

  const bybit = fileOf('ob500');
  it.skipIf(bybit === undefined)('Bybit of 2024-12: 49 deltas behind a snapshot, no gap, nothing crosses', () => {
    const tally = rebuild(framesOf(bybit!), createBybitDecoder, () => new BybitSequence());
    expect(tally).toMatchObject({ applied: 50, gaps: 0, crossed: 0 });
  });

  const usdm = 'cryptofeed-raw-frames/BINANCE_FUTURES.ws.1.0.txt.gz';
  it.skipIf(!existsSync(dataFolder + usdm))(
    'Binance USDⓈ-M of 2021: every pu is the u before it, on four symbols',
    () => {
      const newest = new Map<string, number>();
      const decoder = createBinanceDecoder();
      let chained = 0;
      for (const frame of framesOf(fileOf('BINANCE_FUTURES.ws')!)) {
        if (decoder.decodeRefining(utf8.encode(frame)) !== FrameKind.depth) continue;
        const { symbol, lastId } = decoder.frame;
        const before = newest.get(symbol);
        newest.set(symbol, lastId);
        if (before === undefined) continue;
        expect(decoder.frame.prevId).toBe(before);
        chained += 1;
      }
      expect(newest.size).toBe(4);
      expect(chained).toBe(764 - 4);
    },
  );
});
