/** One comparison of a benchmark: ours against a peer on the same work, in the same run. */
export interface BenchRow {
  readonly name: string;
  /** How many times as fast as the peer (or as the limit); above 1 is faster. Median of the rounds. */
  readonly ratio: number;
  /** Lowest and highest ratio of a round. */
  readonly spread: readonly [number, number];
  /** The run fails below this; absent where the row is printed for context only. */
  readonly floor?: number;
  /** Where it ought to be. */
  readonly aim?: number;
  /** Its floor holds on a busy machine too, so `--quick` checks it as well. */
  readonly isSteady?: boolean;
  /** Absolutes for context, with units: `1.62 µs/frame against 50.1`. */
  readonly absolutes: string;
}

export interface BenchOptions {
  /** Few and small rounds: shows that everything runs and that what it measured is right, not how fast it is. */
  readonly quick: boolean;
}

/** A benchmark file exports one of these and `sections.ts` lists it. */
export interface BenchSection {
  readonly title: string;
  /**
   * Notes say where the input came from, what was checked, and what was skipped; they are printed under the title.
   * @throws Error when what it measured does not do what it should
   */
  run(options: BenchOptions): Promise<{ readonly rows: readonly BenchRow[]; readonly notes: readonly string[] }>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that this share of all is not above. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/**
 * Runs the contenders in turn, `rounds` times after `warmUps`, so that a slow moment of the machine hits all of them.
 * @returns milliseconds per round, by contender
 */
export function interleave<Name extends string>(
  contenders: Readonly<Record<Name, () => void>>,
  { rounds = 7, warmUps = 2 } = {},
): Record<Name, number[]> {
  const names = Object.keys(contenders) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -warmUps; round < rounds; round += 1) {
    for (const name of names) {
      const startMs = performance.now();
      contenders[name]();
      const tookMs = performance.now() - startMs;
      if (round >= 0) times[name].push(tookMs);
    }
  }
  return times;
}

/** Ratio of the medians, with the spread of the rounds' own ratios. */
export function compare(oursMs: readonly number[], peerMs: readonly number[]) {
  const perRound = oursMs.map((ms, i) => peerMs[i]! / ms);
  return {
    ratio: median(peerMs) / median(oursMs),
    spread: [Math.min(...perRound), Math.max(...perRound)] as const,
  };
}
