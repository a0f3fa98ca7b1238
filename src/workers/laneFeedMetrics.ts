import type { CexVenue, Pair } from '../domain/instruments.ts';
import type { EpochMs } from '../domain/units.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import type { BookTrust, FeedCounters, SpotFeed } from '../venues/venueFeed.ts';

/** One feed as status pages and summaries show it. */
export interface FeedStatus extends Readonly<FeedCounters> {
  readonly venue: CexVenue;
  readonly pair: Pair;
  readonly trust: BookTrust;
  /** null before the first frame. */
  readonly ageMs: number | null;
}

const counterNames = {
  frames: 'nightjar_feed_frames_total',
  gaps: 'nightjar_feed_gaps_total',
  resyncs: 'nightjar_feed_resyncs_total',
  crossed: 'nightjar_feed_crossed_total',
  reconnects: 'nightjar_feed_reconnects_total',
  badFrames: 'nightjar_feed_bad_frames_total',
  late: 'nightjar_feed_late_total',
  wrong: 'nightjar_feed_wrong_total',
} as const satisfies Partial<Record<keyof FeedCounters, string>>;

/** Copies the feeds' totals to the sink as increments: the feeds themselves count in plain numbers on the hot path. */
export function createFeedMetrics(feeds: readonly SpotFeed[], metrics: MetricSink): { copy(nowMs: EpochMs): void } {
  const keys = Object.keys(counterNames) as (keyof typeof counterNames)[];
  const copies = feeds.map((feed) => {
    const labels = { venue: feed.venue, pair: feed.instrument.pair };
    return {
      feed,
      age: metrics.gauge('nightjar_book_age_seconds', labels),
      live: metrics.gauge('nightjar_book_live', labels),
      counters: keys.map((key) => ({ key, counter: metrics.counter(counterNames[key], labels), copied: 0 })),
    };
  });
  return {
    copy(nowMs) {
      for (const { feed, age, live, counters } of copies) {
        const ageMs = feed.ageMs(nowMs);
        if (Number.isFinite(ageMs)) age.set(ageMs / 1000);
        live.set(feed.book.trust === 'live' ? 1 : 0);
        for (const entry of counters) {
          const total = feed.counters[entry.key];
          if (total > entry.copied) entry.counter.inc(total - entry.copied);
          entry.copied = total;
        }
      }
    },
  };
}

export function feedStatus(feed: SpotFeed, nowMs: EpochMs): FeedStatus {
  const ageMs = feed.ageMs(nowMs);
  return {
    venue: feed.venue,
    pair: feed.instrument.pair,
    trust: feed.book.trust,
    ageMs: Number.isFinite(ageMs) ? ageMs : null,
    ...feed.counters,
  };
}
