import { NightjarError } from '../domain/errors.ts';
import type { CexVenue } from '../domain/instruments.ts';
import { CEX_VENUES } from '../domain/instruments.ts';
import type { VenueEndpoints } from '../domain/ports.ts';
import type { RecordedMarket } from '../journal/recordingManifest.ts';
import type { PerpInstrument } from '../venues/perpFeedTypes.ts';

/** A market to record; `market` is the word that the venue's decoder has for it. */
export interface RecordMarket extends RecordedMarket {
  readonly venue: CexVenue;
}

/** The venue's perpetuals, beside `spot`. */
const PERP_MARKET: Readonly<Record<CexVenue, string>> = { binance: 'usdm', okx: 'swap', bybit: 'linear' };

export const isPerp = ({ market }: RecordMarket) => market !== 'spot';

/** Public hosts of the real venues, which need no key. @source the venues' docs, read 2026-07: Binance's are data only */
export const PUBLIC_SPOT: VenueEndpoints = {
  binance: { rest: 'https://data-api.binance.vision', ws: 'wss://data-stream.binance.vision' },
  okx: { rest: 'https://www.okx.com', ws: 'wss://ws.okx.com:8443' },
  bybit: { rest: 'https://api.bybit.com', ws: 'wss://stream.bybit.com' },
  jupiter: { rest: 'https://api.jup.ag' },
};

export const PUBLIC_PERP: VenueEndpoints = {
  ...PUBLIC_SPOT,
  binance: { rest: 'https://fapi.binance.com', ws: 'wss://fstream.binance.com' },
};

/** What is recorded when nothing is named. */
export const DEFAULT_PAIRS = ['SOL/USDT', 'RAY/USDT', 'USDC/USDT'] as const;

/** `SOL/USDT` on each of the venues, spot. */
export function spotMarkets(pairs: readonly string[], venues: readonly CexVenue[]): RecordMarket[] {
  return pairs.flatMap((pair) => {
    const [base = '', quote = '', ...more] = pair.split('/');
    if (!isName(base) || !isName(quote) || more.length > 0) {
      throw new NightjarError('config.invalid', `--pair ${pair}: give BASE/QUOTE in capitals, like SOL/USDT`);
    }
    return venues.map((venue) => ({
      venue,
      market: 'spot',
      symbol: venue === 'okx' ? `${base}-${quote}` : base + quote,
    }));
  });
}

/** `binance:usdm:SOLUSDT`. @throws NightjarError config.invalid naming what is wrong with it */
export function parseMarket(text: string): RecordMarket {
  const [name = '', market = '', symbol = '', ...more] = text.split(':');
  const venue = parseVenue(name, `--market ${text}`);
  const known = ['spot', PERP_MARKET[venue]];
  if (!known.includes(market)) {
    throw new NightjarError('config.invalid', `--market ${text}: ${venue} has no market "${market}" here`, {
      remedy: `use ${known.map((one) => `${venue}:${one}:SYMBOL`).join(' or ')}`,
    });
  }
  if (!/^[A-Z0-9-]{3,40}$/.test(symbol) || more.length > 0) {
    throw new NightjarError('config.invalid', `--market ${text}: "${[symbol, ...more].join(':')}" is no symbol`, {
      remedy: "give the venue's own, in capitals: binance:spot:SOLUSDT, okx:swap:SOL-USDT-SWAP, bybit:linear:SOLUSDT",
    });
  }
  return { venue, market, symbol };
}

/** @param where the flag, for the message */
export function parseVenue(name: string, where: string): CexVenue {
  const venue = CEX_VENUES.find((known) => known === name);
  if (venue !== undefined) return venue;
  throw new NightjarError('config.invalid', `${where}: venue "${name}" cannot be recorded`, {
    remedy: `use ${CEX_VENUES.join(', ')}`,
  });
}

/** Each market once, whatever was named twice. */
export function distinctMarkets(markets: readonly RecordMarket[]): RecordMarket[] {
  return [...new Map(markets.map((of) => [`${of.venue}:${of.market}:${of.symbol}`, of])).values()];
}

/**
 * An instrument good enough for a feed that only keeps the book: the grid starts at whole numbers and is refined by what
 * comes, and sizes stay in the venue's own unit.
 */
export function instrumentOf({ venue, symbol }: RecordMarket): PerpInstrument {
  const rules = { tickSize: 1, stepSize: 1, minQty: 1, minNotional: 0, contractSize: 1 };
  return { venue, pair: symbol, venueSymbol: symbol, base: symbol, quote: '', ...rules };
}

const isName = (text: string) => /^[A-Z0-9]{2,20}$/.test(text);
