import type { ProtocolOf } from '../feedProtocol.ts';
import { createOkxDecoder } from './decode.ts';
import { OkxSequence } from './sequence.ts';

/** Channels `books` (400 levels, changes each 100 ms) and `trades`; a new snapshot comes with a new subscription. */
export const okxSpotProtocol: ProtocolOf = (instrument, endpoints) => {
  const instId = instrument.venueSymbol;
  const books = [{ channel: 'books', instId }];
  return {
    socketUrl: `${endpoints.okx.ws}/ws/v5/public`,
    subscribe: [JSON.stringify({ id: '1', op: 'subscribe', args: [...books, { channel: 'trades', instId }] })],
    acksWanted: 2,
    resubscribeBook: [
      JSON.stringify({ id: '2', op: 'unsubscribe', args: books }),
      JSON.stringify({ id: '3', op: 'subscribe', args: books }),
    ],
    snapshotUrl: null,
    probe: 'ping',
    keepAliveEveryMs: null,
    createDecoder: () => createOkxDecoder(instrument),
    createSequence: () => new OkxSequence(),
  };
};
