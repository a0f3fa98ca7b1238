import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ARB_REASONS } from '../strategies/arb/arbStages.ts';
import { checkedCatalogue, type MetricDeclaration } from './metricDeclaration.ts';
import { METRICS } from './metrics.ts';
import { metricsMarkdown } from './metricsManual.ts';
import { createSlabs, type Dimensions } from './slab.ts';
import { createSlabReader } from './slabText.ts';

const dimensions: Dimensions = {
  bots: ['arb:SOL', 'arb:RAY'],
  pairs: ['SOL/USDT'],
  lanes: ['lane:0'],
  children: ['edge', 'lane:0'],
};
const declared: MetricDeclaration = {
  name: 'tests_total',
  type: 'counter',
  merge: 'sum',
  owners: ['core'],
  labels: {},
  help: 'A test.',
};

describe('the catalogue', () => {
  it('refuses a name that is declared twice', () => {
    expect(() => checkedCatalogue([...METRICS, METRICS[0]!])).toThrow(/arb_looks_total is declared twice/);
  });

  it.each([
    ['a counter without _total', { ...declared, name: 'tests' }, /ends in _total/],
    ['a gauge with _total', { ...declared, type: 'gauge' as const }, /ends in _total/],
    ['a histogram without buckets', { ...declared, name: 'tests', type: 'histogram' as const }, /has buckets/],
    [
      'buckets that do not ascend',
      { ...declared, name: 'tests', type: 'histogram' as const, buckets: [2, 1] },
      /ascend/,
    ],
    ['a counter merged by max', { ...declared, merge: 'max' as const }, /merges by sum/],
    ['a name with blanks', { ...declared, name: 'my tests_total' }, /lower-case words/],
  ])('refuses %s', (_, metric, message) => {
    expect(() => checkedCatalogue([metric])).toThrow(message);
  });

  it.each([
    'arb_looks_total{symbol="SOL"} 0',
    'arb_near_total{symbol="RAY"} 0',
    'arb_auto_total{symbol="SOL"} 0',
    'arb_go_total{symbol="SOL"} 0',
    'arb_trades_total{symbol="SOL"} 0',
    'arb_ev_total{symbol="SOL",part="fees",sign="loss"} 0',
    'arb_need_delta_px_count{symbol="SOL"} 0',
    'arb_control_actions_total{symbol="SOL",action="disable_live"} 0',
    'http_429_total{venue="jupiter"} 0',
    'guard_interval_ms{venue="jupiter"} 0',
    'nightjar_book_age_seconds{venue="okx",pair="SOL/USDT"} NaN',
    ...ARB_REASONS.map((stage) => `arb_why_total{symbol="RAY",stage="${stage}"} 0`),
  ])('exports %s before the first event', (line) => {
    const text = createSlabReader(createSlabs(dimensions), dimensions).text();

    expect(text.split('\n')).toContain(line);
  });

  it('is what docs/METRICS.md says (npm run docs)', () => {
    expect(readFileSync(new URL('../../docs/METRICS.md', import.meta.url), 'utf8')).toBe(metricsMarkdown());
  });
});
