import { crc32 } from 'node:zlib';
import { toDecimalText } from '../workers/kernels/decimalScale.ts';
import type { LadderSide } from '../workers/kernels/ladderSide.ts';
import type { MarketBook } from './marketBook.ts';

const LEVELS = 25;

/**
 * OKX's CRC-32 of the best 25 levels, `px:sz` of bid and ask in turn, the longer side's rest behind, as a signed 32-bit
 * number. The venue now sends 0 always; recordings of 2022 carry it. @source OKX API v5 guide, order book checksum (2026-07)
 */
export function checksumFits(checksum: number, book: MarketBook): boolean {
  return checksumOf(book) === checksum;
}

function checksumOf({ ladder, decoder }: MarketBook): number {
  const [bids, asks] = [bestOf(ladder.bids, decoder.frame), bestOf(ladder.asks, decoder.frame)];
  const parts: string[] = [];
  for (let i = 0; i < LEVELS; i += 1) {
    if (i < bids.length) parts.push(bids[i]!);
    if (i < asks.length) parts.push(asks[i]!);
  }
  return crc32(parts.join(':')) | 0;
}

function bestOf(side: LadderSide, { price, size }: MarketBook['decoder']['frame']): string[] {
  const { ticks, lots } = side.levels();
  return Array.from(
    { length: Math.min(LEVELS, ticks.length) },
    (_, i) => `${toDecimalText(ticks[i]!, price)}:${toDecimalText(lots[i]!, size)}`,
  );
}
