import type { Clock, Logger } from '../domain/ports.ts';
import type { SpotFeed } from '../venues/venueFeed.ts';

const oneLinePerMs = 1000;

/**
 * Feed trouble as log lines: per feed and code at most one a second, with the number of those left out since. Bounded by
 * feeds × codes, both of them closed sets.
 */
export function createTroubleLog(clock: Clock, logger: Logger) {
  const lines = new Map<string, { lastAtMs: number; leftOut: number }>();
  return (feed: SpotFeed, code: string, message: string): void => {
    const subject = `${feed.venue} ${feed.instrument.pair}`;
    const key = `${subject} ${code}`;
    const line = lines.get(key) ?? { lastAtMs: Number.NEGATIVE_INFINITY, leftOut: 0 };
    lines.set(key, line);
    const now = clock.nowMs();
    if (now - line.lastAtMs < oneLinePerMs) {
      line.leftOut += 1;
      return;
    }
    logger.log('warn', 'feed', `${subject}: ${message}`, { code, leftOut: line.leftOut });
    line.lastAtMs = now;
    line.leftOut = 0;
  };
}
