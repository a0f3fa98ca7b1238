import { CEX_VENUES } from '../domain/instruments.ts';
import type { Dimensions } from './slab.ts';
import type { SlabReader } from './slabText.ts';

/** One feed's totals since the run began, over all incarnations of its lane. */
export interface FeedFigures {
  readonly venue: string;
  readonly pair: string;
  /** Only a live book prices anything. */
  readonly live: boolean;
  /** By the stale rule; null before the first frame. */
  readonly ageMs: number | null;
  readonly frames: number;
  readonly gaps: number;
  readonly resyncs: number;
  readonly crossed: number;
  readonly badFrames: number;
  readonly reconnects: number;
  /** Times that messages came so late that the book was paused. */
  readonly late: number;
  /** Audits that found the content wrong. */
  readonly wrong: number;
}

/** Every feed by `venue pair` (`okx SOL/USDT`), read from the lanes' slabs: true also while a lane hangs. */
export function readFeedFigures(reader: SlabReader, dimensions: Dimensions): Record<string, FeedFigures> {
  const feeds: Record<string, FeedFigures> = {};
  for (const venue of CEX_VENUES) {
    for (const pair of dimensions.pairs) {
      const read = (name: string) => reader.value(`nightjar_${name}`, { venue, pair });
      const ageSeconds = read('book_age_seconds');
      feeds[`${venue} ${pair}`] = {
        venue,
        pair,
        live: read('book_live') === 1,
        ageMs: Number.isNaN(ageSeconds) ? null : ageSeconds * 1000,
        frames: read('feed_frames_total'),
        gaps: read('feed_gaps_total'),
        resyncs: read('feed_resyncs_total'),
        crossed: read('feed_crossed_total'),
        badFrames: read('feed_bad_frames_total'),
        reconnects: read('feed_reconnects_total'),
        late: read('feed_late_total'),
        wrong: read('feed_wrong_total'),
      };
    }
  }
  return feeds;
}
