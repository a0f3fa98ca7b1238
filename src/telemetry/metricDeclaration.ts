/** The threads that count. A lane is one of several; each other kind is one thread of that name. */
export const THREAD_KINDS = ['core', 'lane', 'gateway', 'journal', 'edge'] as const;
export type ThreadKind = (typeof THREAD_KINDS)[number];

/** Where a label takes its values from: a dimension of the running system, the thread itself, or a closed list. */
export type LabelSource =
  | 'venues'
  | 'cexVenues'
  | 'pairs'
  | 'bots'
  | 'arbSymbols'
  | 'children'
  | 'thread'
  | readonly string[];

export interface MetricDeclaration {
  /** Base units; counters end in `_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Every thread kind that writes it, each into its own slab. */
  readonly owners: readonly ThreadKind[];
  /** Closed sets only: their product is the fixed list of series, all exported as 0 from the start. */
  readonly labels: Readonly<Record<string, LabelSource>>;
  /** Upper bounds, ascending, without +Inf. Histograms only. */
  readonly buckets?: readonly number[];
  /** How the same series of several threads becomes one: counters and histograms always `sum`. */
  readonly merge: 'sum' | 'max';
  /** A gauge for which 0 would be a lie until somebody sets it (an age): NaN before. */
  readonly startsUnknown?: true;
  /** Lives in the edge's prom-client registry, since the edge computes it at the scrape; labels are then free. */
  readonly home?: 'registry';
}

/** @throws Error when a name is declared twice, or a declaration contradicts itself: the program is wrong, not its input */
export function checkedCatalogue(declarations: readonly MetricDeclaration[]): readonly MetricDeclaration[] {
  const names = new Set<string>();
  for (const { name, type, buckets, merge } of declarations) {
    if (!/^[a-z_][a-z0-9_]*$/.test(name)) throw new Error(`metric name "${name}": use lower-case words joined by _`);
    if (names.has(name)) throw new Error(`metric ${name} is declared twice`);
    names.add(name);
    if ((type === 'counter') !== name.endsWith('_total')) {
      throw new Error(`metric ${name}: a counter, and only a counter, ends in _total`);
    }
    if ((type === 'histogram') !== (buckets !== undefined)) {
      throw new Error(`metric ${name}: a histogram, and only a histogram, has buckets`);
    }
    if (buckets?.some((bound, i) => i > 0 && bound <= buckets[i - 1]!)) {
      throw new Error(`metric ${name}: buckets must ascend`);
    }
    if (type !== 'gauge' && merge !== 'sum') throw new Error(`metric ${name}: a ${type} merges by sum`);
  }
  return declarations;
}
