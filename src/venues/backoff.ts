import type { Random } from '../domain/ports.ts';

/** 250 ms doubling per attempt up to 30 s, of which a random half to whole is taken, so that many clients spread out. */
export function backoffMs(attempt: number, random: Random): number {
  const ceiling = Math.min(250 * 2 ** Math.min(attempt, 16), 30_000);
  return ceiling * (0.5 + 0.5 * random.next());
}
