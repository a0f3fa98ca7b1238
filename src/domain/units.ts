/**
 * Named units. A brand stands where a mix-up would cost money; elsewhere the unit ends the name (`ageMs`, `feeBps`).
 */

/** Whole number of the instrument's minimum price increments. */
export type PriceTicks = number & { readonly unit: 'ticks' };

/** Whole number of the instrument's minimum quantity increments (base currency on spot, contracts on OKX swaps). */
export type QtyLots = number & { readonly unit: 'lots' };

/** Basis points: 1 bp = 1e-4. Signed. */
export type Bps = number;

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

/** A length of time in milliseconds. */
export type DurationMs = number;

/** Relative difference of two prices in basis points of `reference`. */
export function differenceBps(price: number, reference: number): Bps {
  return ((price - reference) / reference) * 1e4;
}
