import { NightjarError } from './errors.ts';
import type { PriceTicks, QtyLots } from './units.ts';

/** The centralised venues in tie order: an equal price goes to the first. The index is the venue's number on the wire of our signals. */
export const CEX_VENUES = ['okx', 'binance', 'bybit'] as const;
export type CexVenue = (typeof CEX_VENUES)[number];
export type Venue = CexVenue | 'jupiter';

/** `BASE/QUOTE`, the same on every venue. */
export type Pair = string;

/** One tradable spot market of one venue. Increments are decimal strings, exactly as the venue states them. */
export interface Instrument {
  readonly venue: CexVenue;
  readonly pair: Pair;
  /** The venue's own symbol: `SOLUSDT` (Binance, Bybit), `SOL-USDT` (OKX). */
  readonly venueSymbol: string;
  readonly base: string;
  readonly quote: string;
  /** Minimum price increment, quote per base. */
  readonly tickSize: number;
  /** Minimum quantity increment, base. */
  readonly stepSize: number;
  /** Smallest order, base. */
  readonly minQty: number;
  /** Smallest order, quote; 0 where the venue has no such rule. */
  readonly minNotional: number;
}

/** What of a market's rules sizes and prices orders: as the venue states it now. */
export type MarketRules = Pick<Instrument, 'venue' | 'pair' | 'tickSize' | 'stepSize' | 'minQty' | 'minNotional'>;

/** Number of decimals of an increment such as 0.001 → 3, 0.5 → 1, 1e-8 → 8, 10 → 0. */
export function decimalsOf(increment: number): number {
  for (let decimals = 0; decimals <= 12; decimals += 1) {
    const scaled = increment * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * Math.max(1, scaled)) {
      if (Math.round(scaled) > 0) return decimals;
    }
  }
  throw new NightjarError('order.invalid', `increment ${increment} has more than 12 decimals`, { increment });
}

/** Decimal text of `count` increments: never an exponent, no trailing garbage digits. */
export function formatIncrements(count: number, increment: number): string {
  const decimals = decimalsOf(increment);
  return (count * increment).toFixed(decimals);
}

/** Largest whole number of ticks at or under `price`; a price within 1e-9 of a tick counts as on it. */
export function floorToTicks(price: number, tickSize: number): PriceTicks {
  return Math.floor(price / tickSize + 1e-9) as PriceTicks;
}

export function ceilToTicks(price: number, tickSize: number): PriceTicks {
  return Math.ceil(price / tickSize - 1e-9) as PriceTicks;
}

export function floorToLots(qty: number, stepSize: number): QtyLots {
  return Math.floor(qty / stepSize + 1e-9) as QtyLots;
}

/**
 * Quantity for a notional, rounded UP to the step, then up to the larger of `minQty` and the venue's minimum notional.
 * @returns base quantity; result × price ≥ minNotional, result ≥ minQty, a whole number of steps, never zero
 */
export function qtyFromNotional(
  price: number,
  notional: number,
  rules: { readonly minNotional: number; readonly minQty: number; readonly stepSize: number },
): number {
  const { minNotional, minQty, stepSize } = rules;
  const wanted = Math.max(notional, minNotional);
  let lots = Math.max(1, Math.ceil(wanted / price / stepSize - 1e-9), Math.ceil(minQty / stepSize - 1e-9));
  // At most a step or two, against the float noise that the 1e-9 above forgave.
  while (roundedQty(lots, stepSize) * price < minNotional || roundedQty(lots, stepSize) < minQty) lots += 1;
  return roundedQty(lots, stepSize);
}

function roundedQty(lots: number, stepSize: number): number {
  return Number((lots * stepSize).toFixed(decimalsOf(stepSize)));
}
