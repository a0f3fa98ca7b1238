import assert from 'node:assert/strict';
import { getHeapStatistics } from 'node:v8';
import { FrameKind } from '../../src/venues/decodedFrame.ts';
import type { FrameDecoder } from '../../src/venues/frameDecoder.ts';
import { type BenchRow, type BenchSection, compare, interleave, median } from '../section.ts';
import { type BookSet, readBookSets } from './bookSets.ts';

/** What a frame may leave on the heap once everything has grown to its size, bytes. */
const LIMIT_BYTES = 64;
/** Frames of one round: short sets are gone through several times. */
const FRAMES_A_ROUND = 12_000;

/**
 * Bytes of book frames → whole ticks and lots, checks and the way back to `JSON.parse` for what is not plain included.
 * The peer makes the same numbers with `JSON.parse` and `Number`. Both get the same Buffers, in turn.
 */
export const decodeSection: BenchSection = {
  title: 'Decoders: recorded book frames → levels, against JSON.parse + Number',
  async run({ quick }) {
    const rows: BenchRow[] = [];
    const notes: string[] = [];
    for (const set of await readBookSets()) {
      const result = measure(set, quick);
      rows.push(...result.rows);
      notes.push(result.note);
    }
    if (rows.length === 0) notes.push('skipped: the recordings are absent');
    return { rows, notes };
  },
};

function measure(set: BookSet, quick: boolean): { rows: BenchRow[]; note: string } {
  const { name, frames } = set;
  const decoder = set.createDecoder();
  const levels = checkLevels(set, decoder);
  const times = quick ? 1 : Math.max(1, Math.ceil(FRAMES_A_ROUND / frames.length));
  const decoded = times * frames.length;
  const ms = interleave(
    {
      ours: () => {
        for (let i = 0; i < times; i += 1) decodeAll(decoder, frames);
      },
      peer: () => {
        for (let i = 0; i < times; i += 1) for (const frame of frames) sink[0] = set.parse(frame);
      },
    },
    { rounds: quick ? 1 : 9, warmUps: quick ? 1 : 3 },
  );
  const heap = allocatedPerFrame(decoder, frames, quick ? 1 : times);
  const perFrame = (took: readonly number[]) => ((median(took) * 1000) / decoded).toFixed(2);
  const perSecond = (count: number) => ((count * times) / median(ms.ours) / 1000).toFixed(2);
  return {
    rows: [
      {
        name: `${name}: JSON.parse + Number`,
        ...compare(ms.ours, ms.peer),
        floor: 5,
        aim: 10,
        absolutes: `${perFrame(ms.ours)} µs/frame against ${perFrame(ms.peer)}`,
      },
      {
        name: `${name}: ${LIMIT_BYTES} bytes of heap a frame`,
        ratio: LIMIT_BYTES / Math.max(heap, 1),
        spread: [LIMIT_BYTES / Math.max(heap, 1), LIMIT_BYTES / Math.max(heap, 1)],
        // With a single round what the compiler allocates for itself counts.
        ...(quick ? {} : { floor: 1 }),
        absolutes: `${heap.toFixed(1)} bytes allocated a frame`,
      },
    ],
    note: `${name}: ${frames.length} frames of ${set.origin}, ${perSecond(frames.length)} M frames/s, ${perSecond(levels)} M levels/s; all ${levels} levels equal`,
  };
}

/** Keeps results alive, so that nothing measured can be optimised away. */
const sink = new Float64Array(1);

function decodeAll(decoder: FrameDecoder, frames: readonly Uint8Array[]): void {
  for (const bytes of frames) {
    decoder.decode(bytes);
    sink[0] = decoder.frame.bids.count;
  }
}

/** Every level equal to the peer's, the grid refined to these frames on the way. @returns how many there are */
function checkLevels(set: BookSet, decoder: FrameDecoder): number {
  let count = 0;
  for (const bytes of set.frames) {
    const kind = decoder.decodeRefining(bytes);
    assert(kind === FrameKind.depth || kind === FrameKind.snapshot, `${set.name}: ${decoder.frame.message}`);
    const { frame } = decoder;
    for (const [side, buffer] of [
      ['bids', frame.bids],
      ['asks', frame.asks],
    ] as const) {
      const expected = set.levelsOf(bytes, side);
      assert.equal(buffer.count, expected.length, `${set.name}: levels of ${side}`);
      for (let i = 0; i < expected.length; i += 1) {
        const [px, qty] = expected[i]!;
        const { price, size } = frame;
        assert.equal((buffer.ticks[i]! * price.step) / price.unitsPerOne, px);
        assert.equal((buffer.lots[i]! * size.step) / size.unitsPerOne, qty);
        count += 1;
      }
    }
  }
  return count;
}

/** By V8's own count of all that was ever allocated, so a collection in between takes nothing away. */
function allocatedPerFrame(decoder: FrameDecoder, frames: readonly Uint8Array[], times: number): number {
  const before = allocatedBytes();
  for (let i = 0; i < times; i += 1) decodeAll(decoder, frames);
  return (allocatedBytes() - before) / (times * frames.length);
}

/** Node's types lag behind: there since Node 25. */
function allocatedBytes(): number {
  const { total_allocated_bytes: bytes } = getHeapStatistics() as unknown as { total_allocated_bytes: number };
  assert(bytes > 0, 'this Node does not count allocated bytes');
  return bytes;
}
