import { createHash } from 'node:crypto';
import type { MarketBook } from '../venues/marketBook.ts';
import { toDecimalText } from './kernels/decimalScale.ts';

/** SHA-256 over the lines `b|a price size`, bids then asks, each best first, all levels, shortest decimals: of any grid. */
export function bookHash({ ladder, decoder }: MarketBook): string {
  const hash = createHash('sha256');
  const { price, size } = decoder.frame;
  for (const letter of ['b', 'a'] as const) {
    const { ticks, lots } = (letter === 'b' ? ladder.bids : ladder.asks).levels();
    for (let i = 0; i < ticks.length; i += 1) {
      hash.update(`${letter} ${toDecimalText(ticks[i]!, price)} ${toDecimalText(lots[i]!, size)}\n`);
    }
  }
  return hash.digest('hex');
}
