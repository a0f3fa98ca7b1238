import type { Clock, Random, Transport, VenueEndpoints } from '../domain/ports.ts';
import type { RecordedBookEnd } from '../journal/recordingManifest.ts';
import { CONNECT_SPACING_MS, ConnectPacer } from '../venues/connectPacer.ts';
import { createPerpFeed } from '../venues/createPerpFeed.ts';
import { createSpotFeed } from '../venues/createSpotFeed.ts';
import { MarketBook } from '../venues/marketBook.ts';
import type { PerpFeed } from '../venues/perpFeedTypes.ts';
import { VenueClock } from '../venues/venueClock.ts';
import type { SpotFeed } from '../venues/venueFeed.ts';
import { bookHash } from './recordingHash.ts';
import type { RecordMarket } from './recordMarkets.ts';
import { instrumentOf, isPerp } from './recordMarkets.ts';
import { tapTransport } from './recordTap.ts';
import type { RecordThread } from './recordThread.ts';

/** Lines reach the writing thread after so long at the latest. */
const FLUSH_EVERY_MS = 500;

export interface RecordSessionOptions {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly random: Random;
  readonly spot: VenueEndpoints;
  readonly perp: VenueEndpoints;
  readonly markets: readonly RecordMarket[];
  /** Connections are opened no faster than the venues allow; false for embedded ones, which have no limit. */
  readonly isPaced: boolean;
  readonly thread: Pick<RecordThread, 'buffer' | 'post'>;
  /** Gaps, reconnects, refusals: one call each. */
  readonly onTrouble: (of: RecordMarket, code: string, message: string) => void;
}

export interface RecordSession {
  liveBooks(): number;
  books(): RecordedBookEnd[];
  /** Closes the connections; the books stay as they are. @returns how they stood when the last frame came */
  stop(): RecordedBookEnd[];
}

/**
 * The feeds of the markets that are recorded: the very ones that price in a lane, so that they subscribe, keep alive, find
 * gaps, ask for snapshots and connect again as live ones do, and what is recorded is what a live feed would have seen.
 */
export function startRecordSession(options: RecordSessionOptions): RecordSession {
  const { clock, random, markets, thread } = options;
  let connections = 0;
  const nextConnection = () => {
    connections += 1;
    return connections;
  };
  const tools = new Map<string, { pacer: ConnectPacer; venueClock: VenueClock }>();
  const feeds = markets.map((of): { of: RecordMarket; feed: SpotFeed | PerpFeed } => {
    // Spot and perpetuals of a venue are other hosts with limits of their own.
    const host = `${of.venue} ${isPerp(of)}`;
    const tool = tools.get(host) ?? {
      pacer: new ConnectPacer(CONNECT_SPACING_MS[of.venue]),
      venueClock: new VenueClock(),
    };
    tools.set(host, tool);
    const deps = {
      clock,
      random: random.fork(`${host} ${of.symbol}`),
      transport: tapTransport(of, { ...options, buffer: thread.buffer, post: thread.post, nextConnection }),
      instrument: instrumentOf(of),
      ...(options.isPaced ? { pacer: tool.pacer } : {}),
      onBook: () => {},
      onTrouble: (_feed: unknown, code: string, message: string) => options.onTrouble(of, code, message),
    };
    const feed = isPerp(of)
      ? createPerpFeed({ ...deps, endpoints: options.perp, venueClock: tool.venueClock })
      : createSpotFeed({ ...deps, endpoints: options.spot });
    return { of, feed };
  });
  const books = () => feeds.map(({ of, feed }) => bookEnd(of, feed));
  const cancelFlush = clock.every(FLUSH_EVERY_MS, () => thread.buffer.flush());
  for (const { feed } of feeds) feed.start();
  return {
    liveBooks: () => feeds.filter(({ feed }) => feed.book.trust === 'live').length,
    books,
    stop() {
      const ends = books();
      cancelFlush();
      for (const { feed } of feeds) feed.stop();
      return ends;
    },
  };
}

function bookEnd({ venue, market, symbol }: RecordMarket, { book, counters }: SpotFeed | PerpFeed): RecordedBookEnd {
  const { gaps, resyncs, reconnects } = counters;
  const hash = book.trust === 'live' && book instanceof MarketBook ? bookHash(book) : null;
  return { venue, market, symbol, trust: book.trust, bookHash: hash, gaps, resyncs, reconnects };
}
