import type { Random } from './ports.ts';

/** 32-bit FNV-1a of `text`, to turn labels into seeds. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/**
 * Seeded generator (sfc32 by Chris Doty-Humphrey, PractRand; 128 bits of state).
 * The same seed gives the same sequence on every machine, since only 32-bit integer operations are used.
 */
export function createRandom(seed: number | string): Random {
  const text = String(seed);
  let a = hash32(`${text}/a`);
  let b = hash32(`${text}/b`);
  let c = hash32(`${text}/c`);
  let counter = 1;

  const nextUint32 = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 15; i += 1) nextUint32();

  const next = () => nextUint32() / 0x1_0000_0000;
  return {
    next,
    int: (bound) => Math.floor(next() * bound),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    exponential: (mean) => -mean * Math.log(1 - next()),
    fork: (label) => createRandom(`${text}/${label}`),
  };
}
