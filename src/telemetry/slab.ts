import { CEX_VENUES } from '../domain/instruments.ts';
import { hash32 } from '../domain/random.ts';
import type { LabelSource, MetricDeclaration, ThreadKind } from './metricDeclaration.ts';
import type { Labels } from './metricSink.ts';
import { METRICS } from './metrics.ts';

/** What the series lists are made from: equal dimensions give equal layouts in every thread. */
export interface Dimensions {
  /** Bot ids without the tree's prefix: `arb:SOL`. */
  readonly bots: readonly string[];
  readonly pairs: readonly string[];
  /** Lane ids: `lane:0`. */
  readonly lanes: readonly string[];
  /** Ids of the supervision tree's nodes. */
  readonly children: readonly string[];
}

/** One thread's slab as it is handed to other threads. `thread` = its kind, for a lane its id. */
export interface SlabShare {
  readonly kind: ThreadKind;
  readonly thread: string;
  readonly buffer: SharedArrayBuffer;
}

/** One series. A histogram takes one word per bucket, one for the overflow, one for the sum. */
export interface SlabSeries {
  readonly metric: MetricDeclaration;
  readonly labels: Labels;
  /** `name{label="value",…}`, labels in declared order. */
  readonly key: string;
  /** First word. */
  readonly at: number;
}

export interface SlabLayout {
  readonly kind: ThreadKind;
  readonly thread: string;
  readonly series: readonly SlabSeries[];
  readonly words: number;
  readonly checksum: number;
}

/**
 * Float64 words; one thread writes, any may read. An aligned 8-byte store is one store on every platform that Node 26
 * runs on, so a reader sees the old value or the new one.
 *
 *     0 time of the last report, epoch ms (0 = never)   1 checksum of the layout   2… the series
 */
export const SLAB_REPORT_WORD = 0;
const CHECKSUM_WORD = 1;
const HEADER_WORDS = 2;

/** The fixed series list of one thread. */
export function slabLayout(kind: ThreadKind, thread: string, dimensions: Dimensions, catalogue = METRICS): SlabLayout {
  const series: SlabSeries[] = [];
  let at = HEADER_WORDS;
  for (const metric of catalogue) {
    if (metric.home === 'registry' || !metric.owners.includes(kind)) continue;
    for (const labels of labelSets(metric, thread, dimensions)) {
      series.push({ metric, labels, key: seriesKey(metric.name, labels), at });
      at += metric.buckets === undefined ? 1 : metric.buckets.length + 2;
    }
  }
  return { kind, thread, series, words: at, checksum: checksumOf(series) };
}

/** A new slab, zeros but for the gauges that start unknown. Made once per thread and run, by the core's main thread. */
export function createSlab(layout: SlabLayout): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(layout.words * Float64Array.BYTES_PER_ELEMENT);
  const words = new Float64Array(buffer);
  words[CHECKSUM_WORD] = layout.checksum;
  for (const { metric, at } of layout.series) if (metric.startsUnknown === true) words[at] = Number.NaN;
  return buffer;
}

/** One slab per thread of the system, in a fixed order. */
export function createSlabs(dimensions: Dimensions): SlabShare[] {
  return threadsOf(dimensions).map(({ kind, thread }) => ({
    kind,
    thread,
    buffer: createSlab(slabLayout(kind, thread, dimensions)),
  }));
}

export function threadsOf(dimensions: Dimensions): { readonly kind: ThreadKind; readonly thread: string }[] {
  return [
    { kind: 'core', thread: 'core' },
    ...dimensions.lanes.map((thread) => ({ kind: 'lane' as const, thread })),
    { kind: 'gateway', thread: 'gateway' },
    { kind: 'journal', thread: 'journal' },
    { kind: 'edge', thread: 'edge' },
  ];
}

/** The slab's words. @throws Error when it was made for another layout: its figures would land under wrong names */
export function slabWords(layout: SlabLayout, buffer: SharedArrayBuffer): Float64Array {
  const words = new Float64Array(buffer);
  if (words.length !== layout.words || words[CHECKSUM_WORD] !== layout.checksum) {
    throw new Error(
      `slab of ${layout.thread} was made for another series list: both threads need the same catalogue and dimensions`,
    );
  }
  return words;
}

/** `name{a="b"}`; without labels the bare name. */
export function seriesKey(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

/** Identity of a series whatever the order in which its labels are written. */
export function sortedKey(name: string, labels: Labels): string {
  return [
    name,
    ...Object.keys(labels)
      .sort()
      .map((label) => `${label}=${labels[label]}`),
  ].join('\n');
}

const escapeLabel = (value: string) => value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));

function* labelSets(metric: MetricDeclaration, thread: string, dimensions: Dimensions): Generator<Labels> {
  let sets: Labels[] = [{}];
  for (const [label, source] of Object.entries(metric.labels)) {
    const values = labelValues(source, thread, dimensions);
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [label]: value })));
  }
  yield* sets;
}

function labelValues(source: LabelSource, thread: string, dimensions: Dimensions): readonly string[] {
  if (typeof source !== 'string') return source;
  switch (source) {
    case 'venues':
      return [...CEX_VENUES, 'jupiter'];
    case 'cexVenues':
      return CEX_VENUES;
    case 'pairs':
      return dimensions.pairs;
    case 'bots':
      return dimensions.bots;
    case 'arbSymbols':
      return symbolsOf('arb', dimensions.bots);
    case 'children':
      return dimensions.children;
    case 'thread':
      return [thread];
  }
}

/** Symbols of the instances of one bot kind: `arb:SOL` → `SOL`. */
function symbolsOf(kind: string, bots: readonly string[]): string[] {
  return bots.filter((bot) => bot.startsWith(`${kind}:`)).map((bot) => bot.slice(kind.length + 1));
}

/** 32-bit FNV-1a over the keys and word positions: differs when any series moved. */
function checksumOf(series: readonly SlabSeries[]): number {
  return hash32(series.map(({ key, at }) => `${key}@${at}`).join('\n'));
}
