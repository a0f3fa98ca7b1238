import type { Random } from '../../src/domain/ports.ts';
import { mutated } from './mutate.ts';
import type { VenueName } from './outcome.ts';
import { createSubject, differenceOf } from './outcome.ts';
import { references } from './references.ts';

export interface FuzzFailure {
  /** Which input of the seed, counted from 1. */
  readonly input: number;
  /** As small as it still fails. */
  readonly bytes: Uint8Array;
  readonly what: string;
}

/** Damages frames one by one and compares the decoder with its reference. */
export function createFuzzer(venue: VenueName, seeds: readonly string[], random: Random) {
  const tally = { inputs: 0, read: 0, refused: 0 };
  let subject = createSubject(venue);

  const judge = (bytes: Uint8Array): { kind: string; what: string | null } => {
    try {
      const ours = subject(bytes);
      return { kind: ours.kind, what: differenceOf(ours, references[venue](bytes)) };
    } catch (error) {
      // A decoder that threw may be left in any state.
      subject = createSubject(venue);
      return { kind: 'crash', what: `crash: ${(error as Error).stack?.slice(0, 400) ?? String(error)}` };
    }
  };

  const tryOne = (): FuzzFailure | null => {
    const bytes = mutated(seeds[random.int(seeds.length)]!, seeds, random);
    tally.inputs += 1;
    const { kind, what } = judge(bytes);
    if (what === null) {
      tally[kind === 'badFrame' || kind === 'unknownMessage' ? 'refused' : 'read'] += 1;
      return null;
    }
    const small = minimised(bytes, (candidate) => judge(candidate).what !== null);
    return { input: tally.inputs, bytes: small, what: judge(small).what ?? what };
  };

  return { tally, tryOne };
}

/** Enough for an ordinary frame; a huge one stays larger than it might. */
const MAX_TRIES = 5_000;

/** Takes out ever smaller pieces as long as the rest still fails. */
function minimised(bytes: Uint8Array, fails: (bytes: Uint8Array) => boolean): Uint8Array {
  let small = bytes;
  let tries = 0;
  for (let piece = bytes.length >> 1; piece >= 1; piece >>= 1) {
    for (let at = 0; at + piece <= small.length && tries < MAX_TRIES; tries += 1) {
      const without = new Uint8Array(small.length - piece);
      without.set(small.subarray(0, at));
      without.set(small.subarray(at + piece), at);
      if (fails(without)) small = without;
      else at += piece;
    }
  }
  return small;
}
