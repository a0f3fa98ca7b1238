import type { CexVenue } from '../domain/instruments.ts';
import { createRandom } from '../domain/random.ts';
import type { ConnectPacer } from './connectPacer.ts';
import { createPerpFeed } from './createPerpFeed.ts';
import { createSteppedClock, createTestNetwork, testInstrument } from './feedTestbed.ts';
import type { Liquidation } from './perpFeedTypes.ts';
import { VenueClock } from './venueClock.ts';

/** Base per contract of the OKX swap under test. */
export const CONTRACT_SIZE = 0.1;

/** For tests: the feed of a perpetual between a stepped clock and a network of which the test is the other end. */
export function startPerpFeed(venue: CexVenue, options: { readonly pacer?: ConnectPacer } = {}) {
  const clock = createSteppedClock(1_790_000_000_000);
  const network = createTestNetwork();
  const heard = {
    troubles: [] as string[],
    trusts: [] as string[],
    trades: [] as { px: number; qty: number; side: string; timeMs: number }[],
    liquidations: [] as Liquidation[],
    quotes: 0,
    figures: 0,
  };
  const venueSymbol = venue === 'okx' ? 'SOL-USDT-SWAP' : 'SOLUSDT';
  const venueClock = new VenueClock();
  const feed = createPerpFeed({
    clock,
    transport: network.transport,
    random: createRandom(7),
    endpoints: {
      binance: { rest: 'http://fapi', ws: 'ws://fstream' },
      okx: { rest: 'http://okx', ws: 'ws://okx' },
      bybit: { rest: 'http://by', ws: 'ws://by' },
      jupiter: { rest: 'http://jup' },
    },
    instrument: { ...testInstrument(venue), venueSymbol, contractSize: venue === 'okx' ? CONTRACT_SIZE : 1 },
    venueClock,
    ...options,
    onBook: (at) => {
      if (heard.trusts.at(-1) !== at.book.trust) heard.trusts.push(at.book.trust);
    },
    onQuote: () => {
      heard.quotes += 1;
    },
    onFigures: () => {
      heard.figures += 1;
    },
    onTrade: (_, px, qty, side, timeMs) => heard.trades.push({ px, qty, side, timeMs }),
    onLiquidation: (_, liquidation) => heard.liquidations.push(liquidation),
    onTrouble: (_, code, message) => heard.troubles.push(`${code}: ${message}`),
  });
  feed.start();
  /** Answers on the socket whose URL contains `part`, not on the newest. */
  const on = (part: string) => {
    const found = network.sockets.filter((socket) => socket.url.includes(part) && !socket.closed);
    const socket = found.at(-1)!;
    const say = (...messages: unknown[]) => {
      for (const message of messages) {
        const text = typeof message === 'string' ? message : JSON.stringify(message);
        socket.handlers.onMessage(new TextEncoder().encode(text), false);
      }
    };
    return { socket, say };
  };
  return { feed, clock, network, heard, on, venueClock };
}
