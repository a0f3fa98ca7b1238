import type { PerpProtocolOf } from '../perpFeedTypes.ts';
import { createBinanceDecoder } from './decode.ts';
import { FuturesSequence } from './sequence.ts';

/**
 * USDⓈ-M: since 2026-04 depth and bookTicker on /public, the rest on /market; a stream asked on the wrong path stays
 * silent. Open interest is in no stream (weight 1). @source USDⓈ-M docs, "Important WebSocket Change Notice" (2026)
 */
export const binancePerpProtocol: PerpProtocolOf = (instrument, endpoints) => {
  const { rest, ws } = endpoints.binance;
  const { venueSymbol } = instrument;
  const stream = venueSymbol.toLowerCase();
  const shared = {
    subscribe: [],
    acksWanted: 0,
    resubscribeBook: null,
    probe: null,
    keepAliveEveryMs: null,
    createDecoder: () => createBinanceDecoder(instrument),
    createSequence: () => new FuturesSequence(),
  };
  const events = [`${stream}@aggTrade`, `${stream}@markPrice@1s`, `${stream}@forceOrder`];
  return {
    book: {
      ...shared,
      socketUrl: `${ws}/public/stream?streams=${stream}@depth@100ms/${stream}@bookTicker`,
      snapshotUrl: `${rest}/fapi/v1/depth?symbol=${venueSymbol}&limit=1000`,
    },
    events: { ...shared, socketUrl: `${ws}/market/stream?streams=${events.join('/')}`, snapshotUrl: null },
    openInterestUrl: `${rest}/fapi/v1/openInterest?symbol=${venueSymbol}`,
  };
};
