import type { ProtocolOf } from '../feedProtocol.ts';
import { createBinanceDecoder } from './decode.ts';
import { SpotSequence } from './sequence.ts';

/** Depth changes each 100 ms and trades in one combined stream; the snapshot comes by REST (weight 50). */
export const binanceSpotProtocol: ProtocolOf = (instrument, endpoints) => {
  const { rest, ws } = endpoints.binance;
  const stream = instrument.venueSymbol.toLowerCase();
  return {
    socketUrl: `${ws}/stream?streams=${stream}@depth@100ms/${stream}@trade`,
    subscribe: [],
    acksWanted: 0,
    resubscribeBook: null,
    snapshotUrl: `${rest}/api/v3/depth?symbol=${instrument.venueSymbol}&limit=1000`,
    probe: null,
    keepAliveEveryMs: null,
    createDecoder: () => createBinanceDecoder(instrument),
    createSequence: () => new SpotSequence(),
  };
};
