import type { PerpProtocolOf } from '../perpFeedTypes.ts';
import { createOkxDecoder } from './decode.ts';
import { OkxSequence } from './sequence.ts';

/** Swaps: everything on /public. Sizes are contracts; `liquidation-orders` is told for all swaps at once. */
export const okxPerpProtocol: PerpProtocolOf = (instrument, endpoints) => {
  const instId = instrument.venueSymbol;
  const channels = ['books', 'bbo-tbt', 'trades', 'open-interest', 'mark-price', 'funding-rate'];
  const args = [
    ...channels.map((channel) => ({ channel, instId })),
    { channel: 'liquidation-orders', instType: 'SWAP' },
  ];
  const books = [{ channel: 'books', instId }];
  const { tickSize, stepSize, contractSize } = instrument;
  return {
    book: {
      socketUrl: `${endpoints.okx.ws}/ws/v5/public`,
      subscribe: [JSON.stringify({ id: '1', op: 'subscribe', args })],
      acksWanted: args.length,
      resubscribeBook: [
        JSON.stringify({ id: '2', op: 'unsubscribe', args: books }),
        JSON.stringify({ id: '3', op: 'subscribe', args: books }),
      ],
      snapshotUrl: null,
      probe: 'ping',
      keepAliveEveryMs: null,
      createDecoder: () => createOkxDecoder({ tickSize, stepSize: stepSize / contractSize }),
      createSequence: () => new OkxSequence(),
    },
    events: null,
    openInterestUrl: null,
  };
};
