import type { CexVenue, Instrument, Pair } from '../domain/instruments.ts';

type Rules = readonly [tickSize: number, stepSize: number, minQty: number, minNotional: number];

/**
 * Increments as recorded in public fixtures: Binance 2022-12-06 (c9s/bbgo), OKX and Bybit 2024-08-26/27 (tonnidiaz/test). Invented, in the style of their neighbours: the tick of
 * RAY on OKX (recorded .001, which is 4 bp of today's price; we use Binance's .0001 so that books are comparable), RAY on
 * Bybit (not in the recorded list), and USDC/USDT everywhere.
 */
const RULES: Readonly<Record<Pair, Readonly<Record<CexVenue, Rules>>>> = {
  'SOL/USDT': {
    okx: [0.01, 0.000001, 0.01, 0],
    binance: [0.01, 0.01, 0.01, 10],
    bybit: [0.01, 0.001, 0.023, 1],
  },
  'RAY/USDT': {
    okx: [0.0001, 0.0001, 1, 0],
    binance: [0.0001, 0.1, 0.1, 10],
    bybit: [0.0001, 0.01, 0.1, 1],
  },
  'USDC/USDT': {
    okx: [0.0001, 0.0001, 1, 0],
    binance: [0.0001, 0.01, 0.01, 5],
    bybit: [0.0001, 0.01, 1, 1],
  },
  'BTC/USDT': {
    okx: [0.1, 0.00000001, 0.00001, 0],
    binance: [0.01, 0.00001, 0.00001, 5],
    bybit: [0.1, 0.000001, 0.000011, 5],
  },
};

const VENUE_ORDER: readonly CexVenue[] = ['okx', 'binance', 'bybit'];

/** Every spot market of the embedded venues. */
export const SIM_INSTRUMENTS: Instrument[] = Object.entries(RULES).flatMap(([pair, byVenue]) =>
  VENUE_ORDER.map((venue) => makeInstrument(venue, pair, byVenue[venue])),
);

function makeInstrument(venue: CexVenue, pair: Pair, rules: Rules): Instrument {
  const [base, quote] = pair.split('/') as [string, string];
  const [tickSize, stepSize, minQty, minNotional] = rules;
  const venueSymbol = venue === 'okx' ? `${base}-${quote}` : base + quote;
  return { venue, pair, venueSymbol, base, quote, tickSize, stepSize, minQty, minNotional };
}

/** What the market's own liquidity looks like in one pair, the same on every venue. Quantities in base. */
export interface MarketShape {
  /** Fair price at the start of the world, quote per base. */
  readonly startPrice: number;
  /** Median quantity at the best level: about 30 times `smallQty`, as measured on real books. */
  readonly bestQty: number;
  readonly smallQty: number;
  /** Mean distance between occupied levels, in ticks of the venue: level 5 lies about four of these behind the best. */
  readonly gapTicks: number;
  /** Mean of the time between taker orders, ms. */
  readonly tradeGapMs: number;
  /** Median quantity of a taker order, base. */
  readonly tradeQty: number;
  /** Quantity grain of the market's own orders, base: real sizes are rounder than the step allows. */
  readonly grainQty: number;
}

export const MARKET_SHAPES: Readonly<Record<Pair, MarketShape>> = {
  'SOL/USDT': {
    startPrice: 152.4,
    bestQty: 90,
    smallQty: 3,
    gapTicks: 6,
    tradeGapMs: 220,
    tradeQty: 1.2,
    grainQty: 0.01,
  },
  'RAY/USDT': {
    startPrice: 2.47,
    bestQty: 2700,
    smallQty: 90,
    gapTicks: 9,
    tradeGapMs: 900,
    tradeQty: 35,
    grainQty: 0.1,
  },
  'USDC/USDT': {
    startPrice: 1.00025,
    bestQty: 240_000,
    smallQty: 8000,
    gapTicks: 5,
    tradeGapMs: 700,
    tradeQty: 300,
    grainQty: 1,
  },
  'BTC/USDT': {
    startPrice: 61_250,
    bestQty: 2.2,
    smallQty: 0.073,
    gapTicks: 33,
    tradeGapMs: 150,
    tradeQty: 0.004,
    grainQty: 0.00001,
  },
};

/** Base-tier spot fees in bps (Binance: ccxt 4.5.84; OKX: its trade-fee answer in nautilus_trader's test data); Bybit's spot schedule is published at the same 10 / 10. */
export const SPOT_FEES_BPS: Readonly<Record<CexVenue, { readonly maker: number; readonly taker: number }>> = {
  okx: { maker: 8, taker: 10 },
  binance: { maker: 10, taker: 10 },
  bybit: { maker: 10, taker: 10 },
};

/** The tokens that the embedded DEX trades against USDC. */
export const DEX_TOKENS = ['SOL', 'RAY'] as const;
export type DexToken = (typeof DEX_TOKENS)[number];
