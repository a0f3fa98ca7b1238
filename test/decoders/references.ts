import { binanceReference } from './binanceReference.ts';
import { bybitReference } from './bybitReference.ts';
import { okxReference } from './okxReference.ts';
import type { Outcome, VenueName } from './outcome.ts';

/** What a decoder has to answer, read the plainest way. */
export const references: Readonly<Record<VenueName, (bytes: Uint8Array) => Outcome>> = {
  binance: binanceReference,
  okx: okxReference,
  bybit: bybitReference,
};
