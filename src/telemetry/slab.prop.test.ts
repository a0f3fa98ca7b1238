import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlab, createSlabs, type Dimensions, slabLayout } from './slab.ts';
import { createSlabSink } from './slabSink.ts';
import { createSlabReader, renderSlabs } from './slabText.ts';

const dimensions: Dimensions = {
  bots: ['arb:SOL', 'arb:RAY'],
  pairs: ['SOL/USDT', 'say "hi"\\'],
  lanes: ['lane:0', 'lane:1'],
  children: ['edge'],
};

/** Prometheus text → series → value, and the types; throws on a line that is neither comment nor sample. */
function parseText(text: string) {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (type !== null) {
      expect(types.has(type[1]!)).toBe(false);
      types.set(type[1]!, type[2]!);
      continue;
    }
    if (line.startsWith('# HELP ')) continue;
    const sample = /^([a-z_0-9]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})?) (NaN|[+-]Inf|-?[\d.e+-]+)$/.exec(
      line,
    );
    if (sample === null) throw new Error(`not Prometheus text: ${line}`);
    expect(samples.has(sample[1]!)).toBe(false);
    samples.set(sample[1]!, Number(sample[2]!.replace('Inf', 'Infinity')));
  }
  return { samples, types };
}

describe('slabs', () => {
  it('render exactly what was counted, summed over the threads that counted it', () => {
    const step = fc.record({
      lane: fc.integer({ min: 0, max: 1 }),
      by: fc.integer({ min: 0, max: 1000 }),
      // Values on a bound belong to the bucket that it ends.
      need: fc.oneof(fc.constantFrom(0, 0.015, 5), fc.double({ min: -1, max: 10, noNaN: true })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const slabs = createSlabs(dimensions);
        const sinkOf = (thread: string) => {
          const slab = slabs.find((one) => one.thread === thread)!;
          return createSlabSink(slabLayout(slab.kind, thread, dimensions), slab.buffer);
        };
        const labels = { pair: 'say "hi"\\', venue: 'okx' };
        for (const { lane, by, need } of steps) {
          sinkOf(`lane:${lane}`).counter('nightjar_feed_frames_total', labels).inc(by);
          sinkOf('core').histogram('arb_need_delta_px', { symbol: 'SOL' }).observe(need);
        }

        const { samples } = parseText(createSlabReader(slabs, dimensions).text());
        const frames = steps.reduce((sum, { by }) => sum + by, 0);
        expect(samples.get('nightjar_feed_frames_total{venue="okx",pair="say \\"hi\\"\\\\"}')).toBe(frames);
        for (const bound of [0, 0.015, 5]) {
          const under = steps.filter(({ need }) => need <= bound).length;
          expect(samples.get(`arb_need_delta_px_bucket{symbol="SOL",le="${bound}"}`)).toBe(under);
        }
        expect(samples.get('arb_need_delta_px_bucket{symbol="SOL",le="+Inf"}')).toBe(steps.length);
        expect(samples.get('arb_need_delta_px_count{symbol="SOL"}')).toBe(steps.length);
        const sum = steps.reduce((total, { need }) => total + need, 0);
        expect(samples.get('arb_need_delta_px_sum{symbol="SOL"}')).toBeCloseTo(sum, 9);
      }),
      { numRuns: 40 },
    );
  });

  it('go on from the old totals when the next incarnation of a thread counts', () => {
    const layout = slabLayout('journal', 'journal', dimensions);
    const buffer = createSlab(layout);
    createSlabSink(layout, buffer).counter('nightjar_journal_rows_total').inc(5);

    const nextIncarnation = createSlabSink(slabLayout('journal', 'journal', dimensions), buffer);
    nextIncarnation.counter('nightjar_journal_rows_total').inc(2);

    expect(renderSlabs([layout], [buffer])).toContain('\nnightjar_journal_rows_total 7\n');
  });

  it('take the largest gauge that anybody knows', () => {
    const slabs = createSlabs(dimensions);
    const lane = slabs.find(({ thread }) => thread === 'lane:1')!;
    const reader = createSlabReader(slabs, dimensions);
    const labels = { venue: 'okx', pair: 'SOL/USDT' };
    expect(reader.value('nightjar_book_age_seconds', labels)).toBeNaN();

    createSlabSink(slabLayout('lane', 'lane:1', dimensions), lane.buffer)
      .gauge('nightjar_book_age_seconds', labels)
      .set(1.5);

    expect(reader.value('nightjar_book_age_seconds', labels)).toBe(1.5);
  });

  it.each([
    ['a name that is not declared', 'arb_loks_total', {}, /not in the catalogue/],
    ['a name of another thread', 'nightjar_journal_rows_total', {}, /not in the catalogue for the core/],
    ['a label value outside the closed set', 'arb_looks_total', { symbol: 'BTC' }, /no such series.*symbol="SOL"/],
    ['a missing label', 'arb_looks_total', {}, /no such series/],
    ['another type', 'arb_need_delta_px', { symbol: 'SOL' }, /is a histogram, not a counter/],
  ])('refuse %s at once', (_, name, labels, message) => {
    const layout = slabLayout('core', 'core', dimensions);
    const sink = createSlabSink(layout, createSlab(layout));

    expect(() => sink.counter(name, labels)).toThrow(message);
  });

  it('refuse a reader with other dimensions, whose names would stand beside foreign figures', () => {
    const slabs = createSlabs(dimensions);

    expect(() => createSlabReader(slabs, { ...dimensions, bots: ['arb:RAY', 'arb:SOL'] })).toThrow(
      /another series list/,
    );
  });

  it('refuse a counter that would fall or become unknown for good', () => {
    const layout = slabLayout('core', 'core', dimensions);
    const looks = createSlabSink(layout, createSlab(layout)).counter('arb_looks_total', { symbol: 'SOL' });

    expect(() => looks.inc(-1)).toThrow(RangeError);
    expect(() => looks.inc(Number.NaN)).toThrow(RangeError);
  });
});
