import { createBinanceDecoder } from '../../src/venues/binance/decode.ts';
import { createBybitDecoder } from '../../src/venues/bybit/decode.ts';
import type { DecodedFrame } from '../../src/venues/decodedFrame.ts';
import { frameKindNames } from '../../src/venues/decodedFrame.ts';
import { createOkxDecoder } from '../../src/venues/okx/decode.ts';
import { createScale, toNumber } from '../../src/workers/kernels/decimalScale.ts';
import type { LevelBuffer } from '../../src/workers/kernels/levelScanner.ts';

export const VENUES = ['binance', 'okx', 'bybit'] as const;
export type VenueName = (typeof VENUES)[number];

/** Everything that a decoder says of one frame, as plain values. A refusal has nothing but its kind. */
export interface Outcome {
  readonly kind: string;
  readonly symbol?: string;
  readonly market?: string;
  readonly timeMs?: number;
  /** First, last and previous id, checksum. */
  readonly ids?: readonly number[];
  readonly bids?: readonly (readonly number[])[];
  readonly asks?: readonly (readonly number[])[];
  /** px, qty, timeMs, 1 = taker sold, id. */
  readonly trades?: readonly (readonly number[])[];
  /** symbol, px, qty, timeMs, 1 = a long was closed. */
  readonly liquidations?: readonly (readonly (string | number)[])[];
  /** bid px, qty, ask px, qty, last, mark, index, funding, next funding, open interest. */
  readonly figures?: readonly number[];
}

const create = { binance: createBinanceDecoder, okx: createOkxDecoder, bybit: createBybitDecoder };

/** One decoder, used for every frame, its grid as new before each: what came before must not matter. */
export function createSubject(venue: VenueName): (bytes: Uint8Array) => Outcome {
  const decoder = create[venue]();
  return (bytes) => {
    decoder.frame.price = createScale(0, 1);
    decoder.frame.size = createScale(0, 1);
    decoder.decodeRefining(bytes);
    return outcomeOf(decoder.frame);
  };
}

export function outcomeOf(frame: DecodedFrame): Outcome {
  const kind = frameKindNames[frame.kind];
  if (frame.kind < 0) return { kind };
  const levels = ({ ticks, lots, count }: LevelBuffer) =>
    Array.from({ length: count }, (_, i) => [toNumber(ticks[i]!, frame.price), toNumber(lots[i]!, frame.size)]);
  return {
    kind,
    symbol: frame.symbol,
    market: frame.market,
    timeMs: frame.venueTimeMs,
    ids: [frame.firstId, frame.lastId, frame.prevId, frame.checksum],
    bids: levels(frame.bids),
    asks: levels(frame.asks),
    trades: Array.from({ length: frame.tradeCount }, (_, i) => [
      ...[frame.tradePx[i]!, frame.tradeQty[i]!, frame.tradeTimeMs[i]!, frame.tradeTakerSold[i]!, frame.tradeId[i]!],
    ]),
    liquidations: Array.from({ length: frame.liquidationCount }, (_, i) => [
      ...[frame.liquidationSymbols[i]!, frame.liquidationPx[i]!, frame.liquidationQty[i]!],
      ...[frame.liquidationTimeMs[i]!, frame.liquidatedLong[i]!],
    ]),
    figures: [
      ...[frame.bidPx, frame.bidQty, frame.askPx, frame.askQty, frame.lastPx, frame.markPx, frame.indexPx],
      ...[frame.fundingRate, frame.nextFundingMs, frame.openInterest],
    ],
  };
}

/** Where two outcomes differ, or null. NaN equals NaN, 0 equals −0. */
export function differenceOf(ours: Outcome, reference: Outcome): string | null {
  const [a, b] = [JSON.stringify(ours, plainly), JSON.stringify(reference, plainly)];
  return a === b ? null : `decoder   ${a.slice(0, 600)}\nreference ${b.slice(0, 600)}`;
}

const plainly = (_key: string, value: unknown) => (typeof value === 'number' && Number.isNaN(value) ? 'NaN' : value);
