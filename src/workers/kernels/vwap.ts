import type { DecimalScale } from './decimalScale.ts';
import type { LadderSide } from './ladderSide.ts';

/**
 * Mean price of trading `notional` quote into one side, from its best level on; the last level is taken in part.
 *
 * @param notional  quote currency, above 0
 * @returns         quote per base; NaN when the side's window cannot absorb the notional
 */
export function vwapPrice(side: LadderSide, notional: number, price: DecimalScale, size: DecimalScale): number {
  const tickSize = price.step / price.unitsPerOne;
  const lotSize = size.step / size.unitsPerOne;
  const lots = side.lotsForNotional(notional / (tickSize * lotSize));
  return notional / (lots * lotSize);
}
