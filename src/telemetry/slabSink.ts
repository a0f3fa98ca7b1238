import type { Counter, Gauge, Histogram, Labels, MetricSink } from './metricSink.ts';
import { SLAB_REPORT_WORD, type SlabLayout, type SlabSeries, slabWords, sortedKey } from './slab.ts';

/**
 * Counts into this thread's slab. A new incarnation of the thread goes on adding to the same words, so totals never
 * fall when a thread dies.
 */
export function createSlabSink(layout: SlabLayout, buffer: SharedArrayBuffer): MetricSink {
  const words = slabWords(layout, buffer);
  const byKey = new Map(layout.series.map((series) => [sortedKey(series.metric.name, series.labels), series]));

  const find = (type: SlabSeries['metric']['type'], name: string, labels: Labels = {}): SlabSeries => {
    const series = byKey.get(sortedKey(name, labels));
    if (series === undefined) throw new Error(unknownSeries(layout, name, labels));
    if (series.metric.type !== type) throw new Error(`metric ${name} is a ${series.metric.type}, not a ${type}`);
    return series;
  };

  return {
    counter: (name, labels) => counterAt(words, find('counter', name, labels).at),
    gauge: (name, labels) => gaugeAt(words, find('gauge', name, labels).at),
    histogram: (name, labels) => {
      const { at, metric } = find('histogram', name, labels);
      return histogramAt(words, at, Float64Array.from(metric.buckets ?? []));
    },
  };
}

/** Says that this thread lives. @param nowMs epoch milliseconds */
export function reportAlive(buffer: SharedArrayBuffer, nowMs: number): void {
  new Float64Array(buffer)[SLAB_REPORT_WORD] = nowMs;
}

/** When the thread last said so, epoch ms; NaN before the first time. */
export function lastReportMs(buffer: SharedArrayBuffer): number {
  const atMs = new Float64Array(buffer)[SLAB_REPORT_WORD]!;
  return atMs === 0 ? Number.NaN : atMs;
}

function counterAt(words: Float64Array, at: number): Counter {
  return {
    inc(by = 1) {
      // One NaN would end the series for good; a counter that falls would look like a restart.
      if (!(by >= 0 && by < Number.POSITIVE_INFINITY)) throw new RangeError(`a counter cannot grow by ${by}`);
      words[at]! += by;
    },
  };
}

function gaugeAt(words: Float64Array, at: number): Gauge {
  return {
    set(value) {
      words[at] = value;
    },
  };
}

function histogramAt(words: Float64Array, at: number, bounds: Float64Array): Histogram {
  const sumAt = at + bounds.length + 1;
  return {
    observe(value) {
      // An unknown value has no bucket, and would make the sum NaN for good.
      if (!Number.isFinite(value)) return;
      let bucket = 0;
      while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
      words[at + bucket]! += 1;
      words[sumAt]! += value;
    },
  };
}

function unknownSeries(layout: SlabLayout, name: string, labels: Labels): string {
  const known = layout.series.find(({ metric }) => metric.name === name);
  const asked = JSON.stringify(labels);
  return known === undefined
    ? `metric ${name}: not in the catalogue for the ${layout.kind} thread (src/telemetry/metrics.ts)`
    : `metric ${name}${asked}: no such series; the first known one is ${known.key}`;
}
