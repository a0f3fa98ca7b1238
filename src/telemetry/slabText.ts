import type { MetricDeclaration } from './metricDeclaration.ts';
import {
  type Dimensions,
  type SlabLayout,
  type SlabShare,
  seriesKey,
  slabLayout,
  slabWords,
  sortedKey,
} from './slab.ts';

/** Renders slabs as Prometheus text; asks no thread anything. */
export interface SlabReader {
  text(): string;
  /** One counter's or gauge's value over all slabs; NaN when there is no such series. */
  value(name: string, labels?: Readonly<Record<string, string>>): number;
  /** Sum of a counter over all its series. */
  total(name: string): number;
}

/** Where one rendered series lives: the same series of several threads is merged. */
interface MergedSeries {
  readonly metric: MetricDeclaration;
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly places: { readonly words: Float64Array; readonly at: number }[];
}

/** Names and labels are put into text once, here; a scrape only adds the figures. */
export function createSlabReader(slabs: readonly SlabShare[], dimensions: Dimensions): SlabReader {
  const layouts = slabs.map(({ kind, thread }) => slabLayout(kind, thread, dimensions));
  return readerOf(
    layouts,
    slabs.map(({ buffer }) => buffer),
  );
}

/** One scrape without keeping a reader. */
export function renderSlabs(layouts: readonly SlabLayout[], buffers: readonly SharedArrayBuffer[]): string {
  return readerOf(layouts, buffers).text();
}

function readerOf(layouts: readonly SlabLayout[], buffers: readonly SharedArrayBuffer[]): SlabReader {
  const merged = mergeSeries(layouts, buffers);
  const byMetric = Map.groupBy(merged.values(), ({ metric }) => metric);
  const blocks = [...byMetric].map(([metric, series]) => ({
    head: `# HELP ${metric.name} ${metric.help}\n# TYPE ${metric.name} ${metric.type}\n`,
    writers: series.map((one) => (metric.type === 'histogram' ? histogramWriter(one) : valueWriter(one))),
  }));

  return {
    text() {
      let text = '';
      for (const { head, writers } of blocks) {
        text += head;
        for (const write of writers) text += write();
      }
      return text;
    },
    value(name, labels = {}) {
      const series = merged.get(sortedKey(name, labels));
      return series === undefined || series.metric.type === 'histogram' ? Number.NaN : mergedValue(series, 0);
    },
    total(name) {
      let sum = 0;
      for (const series of merged.values()) if (series.metric.name === name) sum += mergedValue(series, 0);
      return sum;
    },
  };
}

function mergeSeries(layouts: readonly SlabLayout[], buffers: readonly SharedArrayBuffer[]): Map<string, MergedSeries> {
  const merged = new Map<string, MergedSeries>();
  for (const [i, layout] of layouts.entries()) {
    const words = slabWords(layout, buffers[i]!);
    for (const { metric, key, labels, at } of layout.series) {
      const identity = sortedKey(metric.name, labels);
      const series = merged.get(identity) ?? { metric, key, labels, places: [] };
      merged.set(identity, series);
      series.places.push({ words, at });
    }
  }
  return merged;
}

/** The value `offset` words into the series, merged by its rule. An unknown (NaN) part does not hide a known one. */
function mergedValue({ metric, places }: MergedSeries, offset: number): number {
  let value = Number.NaN;
  for (const { words, at } of places) {
    const part = words[at + offset]!;
    if (Number.isNaN(part)) continue;
    if (Number.isNaN(value)) value = part;
    else value = metric.merge === 'sum' ? value + part : Math.max(value, part);
  }
  return value;
}

function valueWriter(series: MergedSeries): () => string {
  const prefix = `${series.key} `;
  return () => `${prefix}${formatValue(mergedValue(series, 0))}\n`;
}

function histogramWriter(series: MergedSeries): () => string {
  const { metric, labels } = series;
  const bounds = metric.buckets ?? [];
  const prefixes = [...bounds.map(String), '+Inf'].map(
    (le) => `${seriesKey(`${metric.name}_bucket`, { ...labels, le })} `,
  );
  const sumPrefix = `${seriesKey(`${metric.name}_sum`, labels)} `;
  const countPrefix = `${seriesKey(`${metric.name}_count`, labels)} `;
  return () => {
    let text = '';
    let count = 0;
    for (let bucket = 0; bucket <= bounds.length; bucket += 1) {
      count += mergedValue(series, bucket);
      text += `${prefixes[bucket]}${count}\n`;
    }
    return `${text}${sumPrefix}${formatValue(mergedValue(series, bounds.length + 1))}\n${countPrefix}${count}\n`;
  };
}

/** Prometheus spells infinity its own way. */
function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
