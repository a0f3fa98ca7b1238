import type { CexVenue, Instrument } from '../domain/instruments.ts';
import type { Clock, HttpRequest, HttpResponse, SocketHandlers, Transport } from '../domain/ports.ts';
import { createRandom } from '../domain/random.ts';
import { createSpotFeed } from './createSpotFeed.ts';

/** For tests: a feed between a stepped clock and a network of which the test is the other end. */
export function startFeed(venue: CexVenue) {
  const clock = createSteppedClock(1_790_000_000_000);
  const network = createTestNetwork();
  const troubles: string[] = [];
  const trades: { px: number; qty: number; side: string; timeMs: number }[] = [];
  const trusts: string[] = [];
  const feed = createSpotFeed({
    clock,
    transport: network.transport,
    random: createRandom(7),
    endpoints: {
      binance: { rest: 'http://bn', ws: 'ws://bn' },
      okx: { rest: 'http://okx', ws: 'ws://okx' },
      bybit: { rest: 'http://by', ws: 'ws://by' },
      jupiter: { rest: 'http://jup' },
    },
    instrument: testInstrument(venue),
    onBook: (at) => {
      if (trusts.at(-1) !== at.book.trust) trusts.push(at.book.trust);
    },
    onTrade: (_, px, qty, side, timeMs) => trades.push({ px, qty, side, timeMs }),
    onTrouble: (_, code) => troubles.push(code),
  });
  feed.start();
  return { feed, clock, network, troubles, trades, trusts };
}

export const testInstrument = (venue: CexVenue): Instrument => ({
  venue,
  pair: 'SOL/USDT',
  venueSymbol: venue === 'okx' ? 'SOL-USDT' : 'SOLUSDT',
  base: 'SOL',
  quote: 'USDT',
  tickSize: 0.01,
  stepSize: 0.001,
  minQty: 0.001,
  minNotional: 1,
});

export function createSteppedClock(startMs: number) {
  let nowMs = startMs;
  let order = 0;
  const timers = new Set<{ atMs: number; order: number; fn: () => void; periodMs: number }>();
  const add = (delayMs: number, fn: () => void, periodMs: number) => {
    const timer = { atMs: nowMs + delayMs, order: order++, fn, periodMs };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  const clock: Clock = {
    nowMs: () => nowMs,
    after: (delayMs, fn) => add(delayMs, fn, 0),
    every: (periodMs, fn) => add(periodMs, fn, periodMs),
  };
  const nextDue = (untilMs: number) =>
    [...timers].filter((t) => t.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
  /** Runs what is due, letting promises settle in between. */
  const step = async (ms: number) => {
    const untilMs = nowMs + ms;
    for (;;) {
      await settle();
      const timer = nextDue(untilMs);
      if (timer === undefined) break;
      nowMs = Math.max(nowMs, timer.atMs);
      if (timer.periodMs > 0) timer.atMs += timer.periodMs;
      else timers.delete(timer);
      timer.fn();
    }
    nowMs = untilMs;
    await settle();
  };
  return { ...clock, step, pending: () => timers.size };
}

const settle = async () => {
  for (let i = 0; i < 8; i += 1) await Promise.resolve();
};

const utf8 = new TextEncoder();

export function createTestNetwork() {
  const sockets: { url: string; handlers: SocketHandlers; sent: string[]; closed: boolean; pings: number }[] = [];
  const requests: { request: HttpRequest; answer: (status: number, body: unknown, retryAfter?: string) => void }[] = [];
  const transport: Transport = {
    openSocket: (url, handlers) => {
      const socket = { url, handlers, sent: [] as string[], closed: false, pings: 0 };
      sockets.push(socket);
      return {
        send: (text) => socket.sent.push(text) > 0,
        ping: () => {
          socket.pings += 1;
        },
        close: () => {
          socket.closed = true;
        },
      };
    },
    request: (request) =>
      new Promise<HttpResponse>((resolve) => {
        const answer = (status: number, body: unknown, retryAfter?: string) =>
          resolve({
            status,
            headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
            body: utf8.encode(JSON.stringify(body)),
          });
        requests.push({ request, answer });
      }),
  };
  return {
    transport,
    sockets,
    requests,
    socket: () => sockets.at(-1)!,
    open: () => sockets.at(-1)!.handlers.onOpen(),
    /** Sends objects as JSON, texts as they are. */
    say: (...messages: unknown[]) => {
      for (const message of messages) {
        const text = typeof message === 'string' ? message : JSON.stringify(message);
        sockets.at(-1)!.handlers.onMessage(utf8.encode(text), false);
      }
    },
  };
}
