import type { ProtocolOf } from '../feedProtocol.ts';
import { createBybitDecoder } from './decode.ts';
import { BybitSequence } from './sequence.ts';

const PING = JSON.stringify({ op: 'ping' });

/** Topics `orderbook.50` (changes each 20 ms) and `publicTrade`; a new snapshot comes with a new subscription. */
export const bybitSpotProtocol: ProtocolOf = (instrument, endpoints) => {
  const book = `orderbook.50.${instrument.venueSymbol}`;
  const request = (id: string, op: string, args: string[]) => JSON.stringify({ req_id: id, op, args });
  return {
    socketUrl: `${endpoints.bybit.ws}/v5/public/spot`,
    subscribe: [request('1', 'subscribe', [book, `publicTrade.${instrument.venueSymbol}`])],
    acksWanted: 1,
    resubscribeBook: [request('2', 'unsubscribe', [book]), request('3', 'subscribe', [book])],
    snapshotUrl: null,
    probe: PING,
    // Bybit asks for a ping every 20 s even on a busy connection (docs/v5/ws/connect, 2026-07).
    keepAliveEveryMs: 20_000,
    createDecoder: () => createBybitDecoder(instrument),
    createSequence: () => new BybitSequence(),
  };
};
