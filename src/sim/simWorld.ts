import { CEX_VENUES, type CexVenue, type Instrument, type Pair, type Venue } from '../domain/instruments.ts';
import type { Clock, Random } from '../domain/ports.ts';
import { answerBinance } from './binanceRest.ts';
import { binanceListener, openBinanceSocket } from './binanceStreams.ts';
import { answerBybit } from './bybitRest.ts';
import { bybitListener, openBybitSocket } from './bybitStreams.ts';
import { createDexPools, type DexPools } from './dexPool.ts';
import { createDexSwaps, type DexSwaps } from './dexSwaps.ts';
import { createExchange, type Exchange, type ExchangeRules } from './exchange.ts';
import { createFairPrices, FAIR_STEP_MS, type FairPrices } from './fairPrices.ts';
import { answerJupiter } from './jupiterDialect.ts';
import { answerNeutralDoor } from './neutralDoor.ts';
import { answerOkx } from './okxRest.ts';
import { okxListener, openOkxSocket } from './okxStreams.ts';
import { createOrderLog, type OrderLog } from './orderLog.ts';
import { createOwnedClock } from './ownedClock.ts';
import { createSimAccount } from './simAccount.ts';
import type { SimConfig } from './simConfig.ts';
import { type ParsedRequest, parseRequest, type SimHttpRequest, type SimHttpResponse } from './simHttp.ts';
import { MARKET_SHAPES, SIM_INSTRUMENTS, SPOT_FEES_BPS } from './simInstruments.ts';
import { createStreamHub, type SimConnection, type SimSession } from './streamHub.ts';
import { createTokenBucket } from './tokenBucket.ts';
import type { VenueContext } from './venueContext.ts';
import { createVenueMarket, type MarketListener, type VenueMarket } from './venueMarket.ts';

/**
 * The embedded venues, without a network: bytes in, bytes out, time and chance from the arguments. `simServers.ts` puts
 * it on loopback sockets, `inMemoryTransport.ts` on a virtual clock.
 */
export interface SimWorld {
  handleHttp(venue: Venue, request: SimHttpRequest): SimHttpResponse;
  /** @returns null when the venue has no WebSocket */
  openSocket(venue: Venue, target: string, connection: SimConnection): SimSession | null;
  /** Swaps happen on a chain: what `open` returns answers first at Jupiter's, with null for what it leaves to us. */
  settleOnChain(open: (pools: DexPools, log: OrderLog, clock: Clock) => ChainDoor): void;
  /** For tests and drills: the truth behind the wire. */
  readonly inside: {
    readonly fair: FairPrices;
    readonly dex: DexPools;
    readonly swaps: DexSwaps;
    readonly log: OrderLog;
    exchange(venue: CexVenue): Exchange;
    market(venue: CexVenue, pair: Pair): VenueMarket;
  };
  /** Cancels every timer; afterwards the world stands still. */
  stop(): void;
}

type ChainDoor = (request: ParsedRequest) => SimHttpResponse | null;

export interface SimWorldOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly config: SimConfig;
}

const RULES: Readonly<Record<CexVenue, Omit<ExchangeRules, 'makerFeeBps' | 'takerFeeBps'>>> = {
  binance: { clientIdsUnique: 'open', postOnlyCross: 'reject', iocRemainder: 'expired' },
  okx: { clientIdsUnique: 'open', postOnlyCross: 'cancel', iocRemainder: 'cancelled' },
  bybit: { clientIdsUnique: 'always', postOnlyCross: 'cancel', iocRemainder: 'cancelled' },
};

interface VenueInside {
  readonly exchange: Exchange;
  market(instrument: Instrument): VenueMarket;
  answer(request: ParsedRequest): SimHttpResponse;
  openSocket(target: string, connection: SimConnection): SimSession;
}

export function createSimWorld(options: SimWorldOptions): SimWorld {
  const { random, config } = options;
  const clock = createOwnedClock(options.clock);
  const fair = createFairPrices(random.fork('fair'), config.market.volatility);
  clock.every(FAIR_STEP_MS, () => fair.step());
  const log = createOrderLog();
  const pools = createDexPools({ clock, random: random.fork('dex'), fair, config: config.market });
  const swaps = createDexSwaps({
    clock,
    random: random.fork('swaps'),
    pools,
    log,
    dropShare: config.market.swapDropShare,
    startBalances: config.balances.dex,
  });
  const quoteBucket = createTokenBucket(clock, config.market.quotesPerSecond, config.market.quoteBurst);
  const venues = Object.fromEntries(
    CEX_VENUES.map((venue) => [venue, createVenue(venue, { ...options, clock }, fair, log)]),
  ) as Record<CexVenue, VenueInside>;

  let chainDoor: ChainDoor | null = null;

  return {
    settleOnChain(open) {
      chainDoor = open(pools, log, clock);
    },
    handleHttp(venue, request) {
      const parsed = parseRequest(request);
      if (venue === 'jupiter') {
        return chainDoor?.(parsed) ?? answerJupiter({ clock, pools, swaps, log, quoteBucket }, parsed);
      }
      return answerNeutralDoor(venues[venue].exchange, log, parsed) ?? venues[venue].answer(parsed);
    },
    openSocket: (venue, target, connection) =>
      venue === 'jupiter' ? null : venues[venue].openSocket(target, connection),
    inside: {
      fair,
      dex: pools,
      swaps,
      log,
      exchange: (venue) => venues[venue].exchange,
      market: (venue, pair) => venues[venue].market(instrumentOf(venue, pair)),
    },
    stop: () => clock.stop(),
  };
}

function instrumentOf(venue: CexVenue, pair: Pair): Instrument {
  const found = SIM_INSTRUMENTS.find((instrument) => instrument.venue === venue && instrument.pair === pair);
  if (found === undefined) throw new RangeError(`the embedded ${venue} has no market ${pair}`);
  return found;
}

function createVenue(
  venue: CexVenue,
  { clock, random, config }: SimWorldOptions,
  fair: FairPrices,
  log: OrderLog,
): VenueInside {
  const hub = createStreamHub();
  const listener: MarketListener = { binance: binanceListener, okx: okxListener, bybit: bybitListener }[venue](hub);
  const instruments = SIM_INSTRUMENTS.filter((instrument) => instrument.venue === venue);
  const bySymbol = new Map(instruments.map((instrument) => [instrument.venueSymbol, instrument]));
  const markets = new Map<Instrument, VenueMarket>();

  // A market starts when somebody first looks at it: one that nobody watches costs nothing.
  const market = (instrument: Instrument): VenueMarket => {
    let running = markets.get(instrument);
    if (running === undefined) {
      running = createVenueMarket({
        clock,
        random: random.fork(`${venue}/${instrument.pair}`),
        instrument,
        shape: MARKET_SHAPES[instrument.pair]!,
        fairPrice: () => fair.priceOf(instrument.pair),
        listener,
        onMakerFill: (order, lots, trade) => exchange.onMakerFill(order, lots, trade),
      });
      markets.set(instrument, running);
    }
    return running;
  };

  const fees = SPOT_FEES_BPS[venue];
  const { feeScale, ackDelayMs } = config.market;
  const exchange = createExchange({
    venue,
    clock,
    rules: { ...RULES[venue], makerFeeBps: fees.maker * feeScale, takerFeeBps: fees.taker * feeScale },
    account: createSimAccount(config.balances.cex),
    log,
    instrumentOf: (symbol) => bySymbol.get(symbol),
    marketOf: market,
  });
  const context: VenueContext = {
    venue,
    clock,
    exchange,
    hub,
    instruments,
    marketOf(symbol) {
      const instrument = bySymbol.get(symbol);
      return instrument === undefined ? undefined : market(instrument);
    },
  };
  const answers = {
    binance: (request: ParsedRequest) => answerBinance(context, request),
    okx: (request: ParsedRequest) => answerOkx(context, request),
    bybit: (request: ParsedRequest) => answerBybit(context, request, ackDelayMs),
  };
  const opens = { binance: openBinanceSocket, okx: openOkxSocket, bybit: openBybitSocket };
  return {
    exchange,
    market,
    answer: answers[venue],
    openSocket: (target, connection) => opens[venue](context, target, connection),
  };
}
