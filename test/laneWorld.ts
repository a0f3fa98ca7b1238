import { createVirtualClock } from '../src/core/virtualClock.ts';
import { NightjarError } from '../src/domain/errors.ts';
import type { CexVenue, Instrument } from '../src/domain/instruments.ts';
import type { Clock, HttpRequest, HttpResponse, Transport, VenueEndpoints } from '../src/domain/ports.ts';
import { createRandom } from '../src/domain/random.ts';
import { tokenOf } from '../src/domain/tokens.ts';
import { type ArbEvaluation, EvaluationKind } from '../src/strategies/arb/arbEvaluation.ts';
import { type ArbKnobs, arbKnobs, arbSymbolDefaults } from '../src/strategies/arb/arbKnobs.ts';
import { type ArbReason, judgeArb } from '../src/strategies/arb/arbStages.ts';
import { silentMetrics } from '../src/telemetry/metricSink.ts';
import type { BookTrust, SpotFeed, SpotFeedDeps } from '../src/venues/venueFeed.ts';
import { createArbLane } from '../src/workers/arbLane.ts';
import type { LaneArbBot } from '../src/workers/laneMessages.ts';

export const VENUES: readonly CexVenue[] = ['binance', 'okx', 'bybit'];

const endpoints: VenueEndpoints = {
  binance: { rest: '', ws: '' },
  okx: { rest: '', ws: '' },
  bybit: { rest: '', ws: '' },
  jupiter: { rest: 'http://jupiter.test' },
};

/** A market whose book is three numbers, moved by hand. */
export interface FakeMarket {
  bid: number;
  ask: number;
  /** Depth of each side in quote currency; a larger notional has no VWAP. */
  depth: number;
  /** How much worse than the best price the VWAP is. */
  slope: number;
  trust: BookTrust;
  ageMs: number;
}

export class FakeFeed implements SpotFeed {
  readonly venue: CexVenue;
  readonly instrument: Instrument;
  readonly market: FakeMarket;
  readonly book: SpotFeed['book'];
  readonly counters = {
    frames: 0,
    bookUpdates: 0,
    trades: 0,
    gaps: 0,
    resyncs: 0,
    crossed: 0,
    stale: 0,
    reconnects: 0,
    badFrames: 0,
    late: 0,
    wrong: 0,
  };
  running = false;
  readonly #deps: SpotFeedDeps;

  constructor(deps: SpotFeedDeps, market: FakeMarket) {
    this.#deps = deps;
    this.venue = deps.instrument.venue;
    this.instrument = deps.instrument;
    this.market = market;
    const priced = (value: number) => (market.trust === 'live' ? value : Number.NaN);
    this.book = {
      get trust() {
        return market.trust;
      },
      bestBidPx: () => priced(market.bid),
      bestAskPx: () => priced(market.ask),
      bestBidQty: () => priced(1),
      bestAskQty: () => priced(1),
      midPx: () => priced((market.bid + market.ask) / 2),
      vwapPx: (side, notional) =>
        priced(
          notional > market.depth ? Number.NaN : side === 'bid' ? market.bid - market.slope : market.ask + market.slope,
        ),
    };
  }

  bookReceivedMs = () => this.#deps.clock.nowMs();
  bookVenueMs = () => Number.NaN;
  ageMs = () => this.market.ageMs;
  start() {
    this.running = true;
  }
  stop() {
    this.running = false;
  }

  /** A book change. */
  move(change: Partial<FakeMarket>): void {
    Object.assign(this.market, change);
    this.counters.frames += 1;
    if (this.running) this.#deps.onBook(this);
  }
}

/** The quote service: what it answers is set by the test. */
export interface FakeJupiter {
  /** USDC per base, by mint of the base. */
  readonly pxByMint: Record<string, number>;
  /** Added to the price of the best (not direct-only) route. */
  bestRouteExtra: number;
  /** Added to the price of firm quotes, told apart by their size. */
  firmExtra: number;
  latencyMs: number;
  /** Firm quotes are never answered. */
  firmSilent: boolean;
  /** What the next requests get instead of quotes, in order. */
  readonly failures: (429 | 400 | 'timeout')[];
  readonly asked: AskedQuote[];
}

export interface AskedQuote {
  readonly atMs: number;
  readonly inputMint: string;
  readonly outputMint: string;
  readonly amountRaw: number;
  readonly direct: boolean;
  readonly firm: boolean;
}

export interface LaneWorldOptions {
  readonly symbols?: readonly string[];
  readonly knobs?: Partial<ArbKnobs>;
  /** The lane's view of the clock; the virtual one itself unless told. */
  readonly laneClock?: (clock: Clock) => Clock;
  /** Which venues list USDC/USDT. */
  readonly fxVenues?: readonly CexVenue[];
}

const MIDS: Readonly<Record<string, number>> = { SOL: 150, RAY: 2, USDC: 1 };

export function startLaneWorld(options: LaneWorldOptions = {}) {
  const symbols = options.symbols ?? ['SOL'];
  const clock = createVirtualClock();
  const startMs = clock.nowMs();
  const feeds: FakeFeed[] = [];
  const published: ArbEvaluation[] = [];
  const logs: string[] = [];
  const jupiter: FakeJupiter = {
    pxByMint: Object.fromEntries(symbols.map((symbol) => [tokenOf(symbol).mint, MIDS[symbol]!])),
    bestRouteExtra: 0,
    firmExtra: 0,
    latencyMs: 50,
    firmSilent: false,
    failures: [],
    asked: [],
  };
  const bots: LaneArbBot[] = symbols.map((symbol, botSlot) => ({
    id: `arb:${symbol}`,
    botSlot,
    symbol,
    pair: `${symbol}/USDT`,
    knobs: { ...defaultKnobs(), ...arbSymbolDefaults[symbol], ...options.knobs },
  }));
  const instruments = [
    ...['SOL', ...symbols.filter((symbol) => symbol !== 'SOL')].flatMap((base) =>
      VENUES.map((venue) => instrument(venue, base)),
    ),
    ...(options.fxVenues ?? VENUES).map((venue) => instrument(venue, 'USDC')),
  ];
  const lane = createArbLane({
    boot: { lane: 'lane:0', incarnation: 1, endpoints, instruments, bots },
    clock: options.laneClock?.(clock) ?? clock,
    transport: fakeTransport(clock, jupiter, bots),
    random: createRandom(7),
    metrics: silentMetrics,
    publish: (evaluation) => published.push(evaluation),
    logger: { log: (_level, _channel, message) => logs.push(message) },
    createFeed: (deps) => {
      const mid = MIDS[deps.instrument.base]!;
      const half = deps.instrument.tickSize / 2;
      const market = { bid: mid - half, ask: mid + half, depth: 1e6, slope: 0, trust: 'live' as const, ageMs: 0 };
      const feed = new FakeFeed(deps, market);
      feeds.push(feed);
      return feed;
    },
  });
  lane.start();

  const feed = (venue: CexVenue, base = 'SOL') =>
    feeds.find((each) => each.venue === venue && each.instrument.base === base)!;
  const everyFeed = (base: string, change: Partial<FakeMarket>) => {
    for (const each of feeds) if (each.instrument.base === base) each.move(change);
  };
  return {
    clock,
    lane,
    feeds,
    jupiter,
    published,
    logs,
    bots,
    knobs: bots[0]!.knobs,
    feed,
    everyFeed,
    /** Virtual milliseconds since the start. */
    sinceStartMs: () => clock.nowMs() - startMs,
    run: (ms: number) => clock.run(clock.nowMs() + ms),
    looks: () => published.filter((each) => each.kind === EvaluationKind.look),
    ofKind: (kind: number) => published.filter((each) => each.kind === kind),
    /** The reason that the core would count for this record. */
    reasonOf: (evaluation: ArbEvaluation): ArbReason | 'hit' =>
      judgeArb(evaluation, bots.find((bot) => bot.botSlot === evaluation.botSlot)!.knobs, 'preok', false).failed
        ?.reason ?? 'hit',
  };
}

export type LaneWorld = ReturnType<typeof startLaneWorld>;

export function defaultKnobs(): ArbKnobs {
  return Object.fromEntries(
    Object.entries(arbKnobs).map(([name, knob]) => [name, knob.default]),
  ) as unknown as ArbKnobs;
}

function instrument(venue: CexVenue, base: string): Instrument {
  return {
    venue,
    pair: `${base}/USDT`,
    venueSymbol: `${base}USDT`,
    base,
    quote: 'USDT',
    tickSize: base === 'USDC' ? 0.0001 : 0.01,
    stepSize: venue === 'okx' ? 0.000001 : 0.001,
    minQty: 0.001,
    minNotional: 5,
  };
}

function fakeTransport(clock: LaneWorld['clock'], jupiter: FakeJupiter, bots: readonly LaneArbBot[]): Transport {
  const answerOf = (asked: AskedQuote, failure: 429 | 400 | undefined): HttpResponse => {
    if (failure === 429) return response(429, { code: 429, message: 'Too many requests' });
    if (failure === 400)
      return response(400, { error: 'Could not find any route', errorCode: 'COULD_NOT_FIND_ANY_ROUTE' });
    const buys = asked.inputMint === tokenOf('USDC').mint;
    const base = bots
      .map((bot) => tokenOf(bot.symbol))
      .find(({ mint }) => mint === (buys ? asked.outputMint : asked.inputMint))!;
    const px =
      jupiter.pxByMint[base.mint]! + (asked.direct ? 0 : jupiter.bestRouteExtra) + (asked.firm ? jupiter.firmExtra : 0);
    const scale = 10 ** (base.decimals - 6);
    const outAmountRaw = Math.round(buys ? (asked.amountRaw / px) * scale : (asked.amountRaw * px) / scale);
    return response(200, { outAmount: String(outAmountRaw), contextSlot: 100 });
  };
  return {
    request: (request) =>
      new Promise((resolve, reject) => {
        const asked = readAsked(request, clock.nowMs(), bots);
        jupiter.asked.push(asked);
        const failure = asked.firm && jupiter.firmSilent ? 'timeout' : jupiter.failures.shift();
        if (failure === 'timeout') {
          clock.after(request.timeoutMs, () => reject(new NightjarError('net.timeout', 'no answer')));
          return;
        }
        clock.after(jupiter.latencyMs, () => resolve(answerOf(asked, failure)));
      }),
    openSocket: () => {
      throw new Error('the fake feeds open no sockets');
    },
  };
}

function readAsked(request: HttpRequest, atMs: number, bots: readonly LaneArbBot[]): AskedQuote {
  const query = new URL(request.url).searchParams;
  const inputMint = query.get('inputMint')!;
  const amountRaw = Number(query.get('amount'));
  const buys = inputMint === tokenOf('USDC').mint;
  const symbol = bots.find((bot) => [inputMint, query.get('outputMint')].includes(tokenOf(bot.symbol).mint))!.symbol;
  const worthUsd = buys ? amountRaw / 1e6 : (amountRaw / 10 ** tokenOf(symbol).decimals) * MIDS[symbol]!;
  return {
    atMs,
    inputMint,
    outputMint: query.get('outputMint')!,
    amountRaw,
    direct: query.get('onlyDirectRoutes') === 'true',
    firm: worthUsd < 50,
  };
}

function response(status: number, body: unknown): HttpResponse {
  return { status, headers: {}, body: new TextEncoder().encode(JSON.stringify(body)) };
}
