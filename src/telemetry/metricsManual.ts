import type { LabelSource, MetricDeclaration } from './metricDeclaration.ts';
import { METRICS } from './metrics.ts';

const SOURCES: Readonly<Record<Exclude<LabelSource, readonly string[]>, string>> = {
  venues: 'venue',
  cexVenues: 'centralised venue',
  pairs: 'pair',
  bots: 'bot id',
  arbSymbols: 'symbol of an arb instance',
  children: 'child of the tree',
  thread: 'thread',
};

/** `docs/METRICS.md`, made from the catalogue. */
export function metricsMarkdown(): string {
  return `${[
    '# Metrics',
    '',
    'Made from `src/telemetry/metrics.ts` by `npm run docs`; do not edit.',
    '',
    'One scrape of `GET /metrics` holds everything. Series of closed label sets stand at 0 before their first event.',
    'A thread counts into its own slab of shared memory, so totals never fall when a thread or the edge dies; a new run',
    '(`nightjar_epoch_info`) starts at 0. Series that several threads write are merged: counters and histograms summed,',
    'gauges by their largest value. `process_*` come from prom-client’s default set.',
    '',
    '| metric | type | labels | written by | meaning |',
    '|---|---|---|---|---|',
    ...METRICS.map(row),
  ].join('\n')}\n`;
}

function row(metric: MetricDeclaration): string {
  const labels = Object.entries(metric.labels).map(([label, source]) => `\`${label}\`: ${valuesOf(label, source)}`);
  const writers = metric.home === 'registry' ? 'edge, at the scrape' : metric.owners.join(', ');
  const buckets = metric.buckets === undefined ? '' : ` Buckets: ${metric.buckets.join(', ')}.`;
  return `| \`${metric.name}\` | ${metric.type} | ${labels.join('; ') || '–'} | ${writers} | ${metric.help}${buckets} |`;
}

function valuesOf(label: string, source: LabelSource): string {
  if (typeof source === 'string') return SOURCES[source];
  return source.length === 0 ? label.replaceAll('_', ' ') : source.join(', ');
}
