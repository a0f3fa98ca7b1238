import type { CexVenue } from '../../src/domain/instruments.ts';
import type {
  Clock,
  HttpRequest,
  HttpResponse,
  Random,
  SocketHandle,
  SocketHandlers,
  Transport,
} from '../../src/domain/ports.ts';
import type { FeedSoakMarket } from './feedSoakMarket.ts';

/** So long do messages and answers take at most. */
const LONGEST_WAY_MS = 40;
const CHANGE_EVERY_MS = 500;
/** One message in so many is lost, which is a gap that the feed has to notice. */
const LOST_ONE_IN = 5_000;

interface Link {
  readonly venue: CexVenue;
  readonly market: FeedSoakMarket | null;
  readonly handlers: SocketHandlers;
  subscribed: boolean;
  closed: boolean;
  /** Messages keep their order. */
  readyAtMs: number;
}

const utf8 = new TextEncoder();

/** The public side of three venues for any number of markets, on one clock: what feeds need, and connections that can be cut. */
export function createFeedSoakNetwork(markets: readonly FeedSoakMarket[], clock: Clock, random: Random) {
  const links = new Set<Link>();
  const counts = { cuts: 0, lost: 0, sent: 0 };
  const venueOf = (url: string) => (['binance', 'okx', 'bybit'] as const).find((venue) => url.includes(`//${venue}`))!;
  const marketOf = (text: string, venue: CexVenue) =>
    markets.find(
      ({ instrument }) => instrument.venue === venue && text.includes(keyOf(venue, instrument.venueSymbol)),
    ) ?? null;

  const later = (link: Link, act: () => void) => {
    link.readyAtMs = Math.max(link.readyAtMs, clock.nowMs() + LONGEST_WAY_MS * random.next());
    clock.after(link.readyAtMs - clock.nowMs(), () => {
      if (!link.closed) act();
    });
  };
  const tell = (link: Link, text: string) => later(link, () => link.handlers.onMessage(utf8.encode(text), false));

  const close = (link: Link, code: number, reason: string) => {
    if (link.closed) return;
    link.closed = true;
    links.delete(link);
    link.handlers.onClose(code, reason);
  };

  const heard = (link: Link, text: string) => {
    if (text === 'ping') return tell(link, 'pong');
    const { op, args, id, req_id } = JSON.parse(text) as { op: string; args?: unknown[]; id?: string; req_id?: string };
    if (op === 'ping') return tell(link, JSON.stringify({ success: true, ret_msg: 'pong', conn_id: 'c', op: 'ping' }));
    const market = marketOf(text, link.venue);
    if (market === null) return;
    if (link.venue === 'bybit') tell(link, JSON.stringify({ success: true, ret_msg: '', conn_id: 'c', req_id, op }));
    else for (const arg of args ?? []) tell(link, JSON.stringify({ id, event: op, arg, connId: 'c' }));
    Object.assign(link, { market, subscribed: op === 'subscribe' });
    if (link.subscribed) tell(link, market.snapshot(Math.floor(clock.nowMs())));
  };

  for (const [i, market] of markets.entries()) {
    clock.after((i * CHANGE_EVERY_MS) / markets.length, () => {
      clock.every(CHANGE_EVERY_MS, () => {
        const text = market.change(Math.floor(clock.nowMs()));
        for (const link of links) {
          if (link.market !== market || !link.subscribed) continue;
          counts.sent += 1;
          if (random.int(LOST_ONE_IN) === 0) counts.lost += 1;
          else tell(link, text);
        }
      });
    });
  }

  const transport: Transport = {
    request: (request: HttpRequest) =>
      new Promise<HttpResponse>((resolve) => {
        clock.after(LONGEST_WAY_MS * random.next(), () => {
          const venue = venueOf(request.url);
          const symbol = /(?:symbol|instId)=([^&]+)/.exec(request.url)?.[1];
          const market =
            markets.find(({ instrument: one }) => one.venue === venue && one.venueSymbol === symbol) ?? null;
          const limit = Number(/(?:limit|sz)=(\d+)/.exec(request.url)?.[1] ?? 20);
          const body = utf8.encode(market === null ? '{}' : market.rest(Math.floor(clock.nowMs()), limit));
          clock.after(LONGEST_WAY_MS * random.next(), () =>
            resolve({ status: market === null ? 400 : 200, headers: {}, body }),
          );
        });
      }),
    openSocket(url: string, handlers: SocketHandlers): SocketHandle {
      const venue = venueOf(url);
      const market = venue === 'binance' ? marketOf(url, venue) : null;
      const link: Link = { venue, market, handlers, subscribed: false, closed: false, readyAtMs: 0 };
      links.add(link);
      later(link, () => {
        link.subscribed = venue === 'binance';
        handlers.onOpen();
      });
      return {
        send(text) {
          if (link.closed) return false;
          later(link, () => heard(link, text));
          return true;
        },
        ping: () => later(link, () => handlers.onHeartbeat()),
        close: () => close(link, 1000, ''),
      };
    },
  };
  return {
    transport,
    counts,
    cutAll() {
      for (const link of [...links]) {
        counts.cuts += 1;
        close(link, 1006, 'cut');
      }
    },
  };
}

/** How a market is named in URLs and subscriptions, with what ends the name. */
function keyOf(venue: CexVenue, venueSymbol: string): string {
  if (venue === 'binance') return `${venueSymbol.toLowerCase()}@depth`;
  return venue === 'okx' ? `"${venueSymbol}"` : `.${venueSymbol}"`;
}
