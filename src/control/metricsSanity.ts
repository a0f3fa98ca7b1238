import type { SlabShare } from '../telemetry/slab.ts';
import { lastReportMs } from '../telemetry/slabSink.ts';
import type { SlabReader } from '../telemetry/slabText.ts';

/** One thread's proof that its counts reach the scrape. */
export interface ThreadSanity {
  readonly thread: string;
  /** `mini_counter_total` in the thread's slab; each of its reports adds one. */
  readonly slab: number;
  /** The same as the scrape's text shows it; null when it does not. */
  readonly rendered: number | null;
  /** The text lies between the slab before and after it was made. */
  readonly equal: boolean;
  /** Null before its first report. */
  readonly reportAgeMs: number | null;
}

/** Compares every thread's slab with the text that a scrape renders. Asks no thread anything. */
export async function metricsSanity(
  slabs: readonly SlabShare[],
  reader: SlabReader,
  scrape: () => Promise<string>,
  nowMs: () => number,
): Promise<readonly ThreadSanity[]> {
  const countOf = (thread: string) => reader.value('mini_counter_total', { thread });
  const before = new Map(slabs.map(({ thread }) => [thread, countOf(thread)]));
  const text = await scrape();
  return slabs.map(({ thread, buffer }) => {
    const line = text.split('\n').find((one) => one.startsWith(`mini_counter_total{thread="${thread}"} `));
    const rendered = line === undefined ? null : Number(line.slice(line.lastIndexOf(' ') + 1));
    const slab = countOf(thread);
    const ageMs = nowMs() - lastReportMs(buffer);
    return {
      thread,
      slab,
      rendered,
      equal: rendered !== null && rendered >= before.get(thread)! && rendered <= slab,
      reportAgeMs: Number.isFinite(ageMs) ? Math.max(0, Math.round(ageMs)) : null,
    };
  });
}
