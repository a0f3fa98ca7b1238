import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/domain/random.ts';
import { mutated } from './mutate.ts';
import type { VenueName } from './outcome.ts';
import { createSubject, differenceOf, VENUES } from './outcome.ts';
import { committedFrames, dataFolder, frameFiles, framesOf, seedFrames } from './realFrames.ts';
import { references } from './references.ts';

const utf8 = new TextEncoder();
const files = frameFiles();
if (files.length === 0) console.warn(`recorded frames are skipped: none in ${dataFolder}`);

/** Of the big recordings every ninth frame in the gate; `NIGHTJAR_ALL_FRAMES=1` takes them all. */
const STRIDE = process.env.NIGHTJAR_ALL_FRAMES === undefined ? 9 : 1;
const BIG = 5_000;

function checkFrames(venue: VenueName, frames: readonly string[]): Record<string, number> {
  const subject = createSubject(venue);
  const kinds: Record<string, number> = {};
  for (const frame of frames) {
    const bytes = utf8.encode(frame);
    const ours = subject(bytes);
    const difference = differenceOf(ours, references[venue](bytes));
    if (difference !== null) throw new Error(`${venue}: ${frame.slice(0, 300)}\n${difference}`);
    kinds[ours.kind] = (kinds[ours.kind] ?? 0) + 1;
  }
  return kinds;
}

describe('the decoders beside a plain JSON.parse reference', () => {
  it.each(VENUES)('%s: read the committed frames as it does', (venue) => {
    const kinds = checkFrames(venue, committedFrames(venue));
    expect(kinds.badFrame ?? 0).toBe(0);
    expect(kinds.depth).toBeGreaterThan(0);
  });

  it.skipIf(files.length === 0)(
    'read every real frame as it does, none of the recorded ones refused',
    () => {
      for (const file of files) {
        const frames = framesOf(file);
        const taken = frames.length > BIG ? frames.filter((_, i) => i % STRIDE === 0) : frames;
        const kinds = checkFrames(file.venue, taken);
        const isRecorded = !/wire-|venue-errors/.test(file.path);
        if (isRecorded) expect([file.path, kinds.badFrame ?? 0, kinds.unknownMessage ?? 0]).toEqual([file.path, 0, 0]);
      }
    },
    120_000,
  );

  it.each(VENUES)(
    '%s: answer seeded damage with the same result or the same refusal',
    (venue) => {
      const seeds = seedFrames(venue, 8);
      const subject = createSubject(venue);
      const random = createRandom(`decoders/${venue}`);
      const tally = { read: 0, refused: 0 };
      for (let i = 0; i < 6_000; i += 1) {
        const bytes = mutated(seeds[random.int(seeds.length)]!, seeds, random);
        const ours = subject(bytes);
        const difference = differenceOf(ours, references[venue](bytes));
        if (difference !== null)
          throw new Error(`input ${i}: ${new TextDecoder().decode(bytes).slice(0, 2_000)}\n${difference}`);
        tally[ours.kind === 'badFrame' || ours.kind === 'unknownMessage' ? 'refused' : 'read'] += 1;
      }
      // Damage that always or never matters would prove nothing.
      expect(Math.min(tally.read, tally.refused)).toBeGreaterThan(500);
    },
    120_000,
  );

  it.each(VENUES)('%s: answer any bytes at all', (venue) => {
    const subject = createSubject(venue);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 80 }),
          fc.json().map((text) => utf8.encode(text)),
        ),
        (bytes) => {
          expect(differenceOf(subject(bytes), references[venue](bytes))).toBeNull();
        },
      ),
      { numRuns: 1_500, seed: 22 },
    );
  });
});

const regressions = new URL('./regressions.jsonl', import.meta.url);

describe('inputs on which a decoder once differed', () => {
  const rows = readFileSync(regressions, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { venue: VenueName; why: string; base64: string });

  it.each(rows)('$venue: $why', ({ venue, base64 }) => {
    const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
    expect(differenceOf(createSubject(venue)(bytes), references[venue](bytes))).toBeNull();
  });
});
