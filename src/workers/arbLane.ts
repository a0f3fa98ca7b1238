import type { CexVenue } from '../domain/instruments.ts';
import type { CancelTimer, Clock, Logger, Random, Transport } from '../domain/ports.ts';
import type { ArbEvaluation } from '../strategies/arb/arbEvaluation.ts';
import { arbKnobs } from '../strategies/arb/arbKnobs.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import { CONNECT_BURST, CONNECT_SPACING_MS, ConnectPacer } from '../venues/connectPacer.ts';
import { createSpotFeed } from '../venues/createSpotFeed.ts';
import { createRateGuard } from '../venues/jupiter/rateGuard.ts';
import { VenueClock } from '../venues/venueClock.ts';
import type { SpotFeed, SpotFeedDeps } from '../venues/venueFeed.ts';
import { createLaneArbBot, type LaneArbLooks } from './laneArbBot.ts';
import { createFeedMetrics, type FeedStatus, feedStatus } from './laneFeedMetrics.ts';
import type { LaneBoot, LaneMessage } from './laneMessages.ts';
import { createLaneQuotes } from './laneQuotes.ts';
import { createTroubleLog } from './laneTroubleLog.ts';

const silentLogger: Logger = { log: () => {} };

const FX_PAIR = 'USDC/USDT';
const SOL_PAIR = 'SOL/USDT';
const metricsEveryMs = 1000;

export interface ArbLaneDeps {
  readonly boot: LaneBoot;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly random: Random;
  readonly metrics: MetricSink;
  /** One record; called in the order of `laneSeq`. */
  readonly publish: (evaluation: ArbEvaluation) => void;
  /** Feed trouble (rate limited) and failed quotes; absent = silent. */
  readonly logger?: Logger;
  /** Default: the venues' own feeds. */
  readonly createFeed?: (deps: SpotFeedDeps) => SpotFeed;
}

export interface ArbLane {
  start(): void;
  /** Closes sockets, cancels timers; answers in flight are ignored. */
  stop(): void;
  handle(message: LaneMessage): void;
  feeds(): readonly FeedStatus[];
}

/**
 * The lane's work without its thread: feeds, prices, quotes through the rate guard, looks. The same code runs in a worker
 * on the wall clock and inside the simulator on the virtual one.
 */
export function createArbLane(deps: ArbLaneDeps): ArbLane {
  const { boot, clock, transport, metrics, logger = silentLogger, createFeed = createSpotFeed } = deps;
  const nowMs = () => clock.nowMs();
  const trouble = createTroubleLog(clock, logger);
  let laneSeq = 0;
  let running = false;
  let cancelPump: CancelTimer = () => {};
  let cancelMetrics: CancelTimer = () => {};

  const pairs = new Set([FX_PAIR, SOL_PAIR, ...boot.bots.map((bot) => bot.pair)]);
  /** Bots to tell of a change, by pair; filled below, read per tick. */
  const listeners = new Map<string, LaneArbLooks[]>([...pairs].map((pair) => [pair, []]));
  const shared = sharedByVenue();
  const feeds = boot.instruments
    .filter((instrument) => pairs.has(instrument.pair))
    .map((instrument) => {
      const heard = listeners.get(instrument.pair)!;
      return createFeed({
        clock,
        transport,
        random: deps.random.fork(`feed/${instrument.venue}/${instrument.pair}`),
        endpoints: boot.endpoints,
        instrument,
        ...shared[instrument.venue],
        onBook: () => {
          const now = clock.nowMs();
          for (let i = 0; i < heard.length; i += 1) heard[i]!.onBook(now);
        },
        onTrouble: trouble,
      });
    });
  const feedsOf = (pair: string) => feeds.filter((feed) => feed.instrument.pair === pair);

  // One venue account, one guard: the most careful of its bots sets the pace.
  const guardMs = Math.max(arbKnobs.guardMs.min, ...boot.bots.map((bot) => bot.knobs.guardMs));
  const guard = createRateGuard(
    guardMs,
    boot.bots.map((bot) => bot.botSlot),
  );
  const quotes = createLaneQuotes({ clock, transport, endpoints: boot.endpoints, guard, metrics, logger });
  const solMidPx = createCompositeMid(feedsOf(SOL_PAIR));
  const solAmount = boot.bots.find((bot) => bot.symbol === 'SOL')?.knobs.amount ?? arbKnobs.amount.default;

  const bots = new Map<number, LaneArbLooks>();
  for (const bot of boot.bots) {
    const looks = createLaneArbBot({
      bot,
      feeds: feedsOf(bot.pair),
      fxFeeds: feedsOf(FX_PAIR),
      nowMs,
      quotes,
      guard,
      solMidPx,
      solAmount,
      publish: deps.publish,
      nextLaneSeq: () => ++laneSeq,
      onReady: () => pump(),
    });
    bots.set(bot.botSlot, looks);
    listeners.get(bot.pair)!.push(looks);
    listeners.get(FX_PAIR)!.push(looks);
  }
  const feedMetrics = createFeedMetrics(feeds, metrics);
  const quoteAges = boot.bots.map(({ symbol, botSlot }) => ({
    looks: bots.get(botSlot)!,
    gauge: metrics.gauge('nightjar_quote_age_seconds', { symbol }),
  }));
  const copyMetrics = () => {
    const now = nowMs();
    feedMetrics.copy(now);
    for (const { looks, gauge } of quoteAges) gauge.set(looks.quoteAgeMs(now) / 1000);
  };
  const ready = (botSlot: number) => bots.get(botSlot)!.readyToPoll();

  /** Hands out the slots that are due and sets the timer for the next one. */
  const pump = () => {
    if (!running) return;
    cancelPump();
    // One reading of the clock decides both whether a slot is due and how long to wait: a timer may fire a fraction of a
    // millisecond early, and a second reading would find neither a slot taken nor anything to wait for.
    const now = nowMs();
    for (let botSlot = guard.take(now, ready); botSlot !== null; botSlot = guard.take(now, ready)) {
      bots.get(botSlot)!.poll();
    }
    const waitMs = guard.waitMs(now);
    // Without a wait nobody is ready: whoever becomes so pumps again.
    cancelPump = waitMs > 0 ? clock.after(waitMs, pump) : () => {};
  };

  return {
    start() {
      if (running) return;
      running = true;
      for (const feed of feeds) feed.start();
      cancelMetrics = clock.every(metricsEveryMs, copyMetrics);
      pump();
    },
    stop() {
      if (!running) return;
      running = false;
      cancelPump();
      cancelMetrics();
      for (const bot of bots.values()) bot.stop();
      for (const feed of feeds) feed.stop();
      copyMetrics();
    },
    handle(message) {
      const bot = bots.get(message.botSlot);
      if (bot === undefined) {
        logger.log(
          'warn',
          'lane',
          `${boot.lane}: ${message.type} for bot slot ${message.botSlot}, which it does not run`,
        );
        return;
      }
      if (!running) return;
      if (message.type === 'lastLook') bot.lastLook(message.requestId);
      else if (message.type === 'prices') bot.prices(message.requestId);
      else {
        guard.lift(message.botSlot);
        pump();
      }
    },
    feeds: () => feeds.map((feed) => feedStatus(feed, nowMs())),
  };
}

/** What the feeds of one venue share: its clock as we see it, and its limit of connections. */
function sharedByVenue() {
  const of = (venue: CexVenue) => ({
    venueClock: new VenueClock(),
    pacer: new ConnectPacer(CONNECT_SPACING_MS[venue], CONNECT_BURST[venue]),
  });
  return { okx: of('okx'), binance: of('binance'), bybit: of('bybit') };
}

/** Mean mid of the live books; NaN when there is none. */
function createCompositeMid(feeds: readonly SpotFeed[]): () => number {
  return () => {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < feeds.length; i += 1) {
      const { book } = feeds[i]!;
      const mid = book.trust === 'live' ? book.midPx() : Number.NaN;
      if (!(mid > 0)) continue;
      sum += mid;
      count += 1;
    }
    return count > 0 ? sum / count : Number.NaN;
  };
}
