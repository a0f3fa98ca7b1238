import { constants, monitorEventLoopDelay, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import type { Clock } from '../domain/ports.ts';
import type { MetricSink } from './metricSink.ts';
import { type Dimensions, type SlabShare, slabLayout } from './slab.ts';
import { createSlabSink, reportAlive } from './slabSink.ts';

const BEAT_MS = 250;
const BEATS_PER_SAMPLE = 4;
const LOOP_RESOLUTION_MS = 10;

export interface ThreadSampler extends Disposable {
  readonly sink: MetricSink;
}

/**
 * What every thread does about itself: a heartbeat each 250 ms, event-loop delay (p99 over the last second), pauses of
 * the garbage collector. Dispose it when the thread stops.
 */
export function startThreadSampler(slab: SlabShare, dimensions: Dimensions, clock: Clock): ThreadSampler {
  const sink = createSlabSink(slabLayout(slab.kind, slab.thread, dimensions), slab.buffer);
  const labels = { thread: slab.thread };
  const delayGauge = sink.gauge('nightjar_event_loop_delay_seconds', labels);
  const reports = sink.counter('mini_counter_total', labels);
  const pauses = sink.histogram('nightjar_gc_pause_seconds', labels);

  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();
  let beats = 0;
  const beat = () => {
    reportAlive(slab.buffer, clock.nowMs());
    reports.inc();
    beats += 1;
    if (beats % BEATS_PER_SAMPLE !== 0) return;
    // The monitor measures the timer's whole period; what exceeds it is the delay.
    delayGauge.set(Math.max(0, delay.percentile(99) / 1e9 - LOOP_RESOLUTION_MS / 1000));
    delay.reset();
  };
  beat();
  const cancel = clock.every(BEAT_MS, beat);

  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (isStopTheWorld(entry)) pauses.observe(entry.duration / 1000);
  });
  observer.observe({ entryTypes: ['gc'] });

  return {
    sink,
    [Symbol.dispose]() {
      cancel();
      delay.disable();
      observer.disconnect();
    },
  };
}

/** Incremental marking runs in steps between our code; its entries span more than the pause. */
function isStopTheWorld(entry: PerformanceEntry): boolean {
  const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } };
  return detail?.kind !== constants.NODE_PERFORMANCE_GC_INCREMENTAL;
}
