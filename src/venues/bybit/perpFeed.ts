import type { PerpProtocolOf } from '../perpFeedTypes.ts';
import { createBybitDecoder } from './decode.ts';
import { BybitSequence } from './sequence.ts';

const PING = JSON.stringify({ op: 'ping' });

/** Linear: everything on one connection; mark, index, funding and open interest come as deltas of `tickers`. */
export const bybitPerpProtocol: PerpProtocolOf = (instrument, endpoints) => {
  const symbol = instrument.venueSymbol;
  const book = `orderbook.50.${symbol}`;
  const topics = ['orderbook.1', 'publicTrade', 'tickers', 'allLiquidation'].map((topic) => `${topic}.${symbol}`);
  const request = (id: string, op: string, args: string[]) => JSON.stringify({ req_id: id, op, args });
  return {
    book: {
      socketUrl: `${endpoints.bybit.ws}/v5/public/linear`,
      subscribe: [request('1', 'subscribe', [book, ...topics])],
      acksWanted: 1,
      resubscribeBook: [request('2', 'unsubscribe', [book]), request('3', 'subscribe', [book])],
      snapshotUrl: null,
      probe: PING,
      // Bybit asks for a ping every 20 s even on a busy connection (docs/v5/ws/connect, 2026-07).
      keepAliveEveryMs: 20_000,
      createDecoder: () => createBybitDecoder(instrument),
      createSequence: () => new BybitSequence(),
    },
    events: null,
    openInterestUrl: null,
  };
};
