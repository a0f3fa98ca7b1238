import { NightjarError } from '../domain/errors.ts';
import type { Venue } from '../domain/instruments.ts';
import type {
  Clock,
  HttpRequest,
  HttpResponse,
  Random,
  SocketHandle,
  SocketHandlers,
  Transport,
  VenueEndpoints,
} from '../domain/ports.ts';
import type { SimWorld } from './simWorld.ts';
import type { SimSession } from './streamHub.ts';

/** One way through the network: `baseMs` plus an exponential tail with mean `tailMs`. */
export interface Latency {
  readonly baseMs: number;
  readonly tailMs: number;
}

export const DEFAULT_LATENCY: Latency = { baseMs: 4, tailMs: 2 };

export interface InMemoryOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly latency?: Latency;
}

const ENDPOINTS: VenueEndpoints = {
  binance: { rest: 'http://binance.sim', ws: 'ws://binance.sim' },
  okx: { rest: 'http://okx.sim', ws: 'ws://okx.sim' },
  bybit: { rest: 'http://bybit.sim', ws: 'ws://bybit.sim' },
  jupiter: { rest: 'http://jupiter.sim' },
};
const URL_SHAPE = /^(http|ws):\/\/(binance|okx|bybit|jupiter)\.sim(\/.*)?$/;

/**
 * The same bytes as `simServers.ts`, through memory: every message waits its seeded latency on the given clock, so a
 * run on a virtual clock is the same twice. Frames of one socket never overtake each other.
 */
export function createInMemoryTransport(
  world: SimWorld,
  { clock, random, latency = DEFAULT_LATENCY }: InMemoryOptions,
): { transport: Transport; endpoints: VenueEndpoints } {
  const delayMs = () => latency.baseMs + random.exponential(latency.tailMs);

  const transport: Transport = {
    request(request) {
      const place = placeOf(request.url, 'http');
      if (place === null) return Promise.reject(refused(request.url));
      return new Promise((resolve, reject) => {
        let done = false;
        const cancelTimeout = clock.after(request.timeoutMs, () => {
          done = true;
          reject(new NightjarError('net.timeout', `${request.url}: no answer within ${request.timeoutMs} ms`));
        });
        // Like a real one, a request whose caller has given up still arrives.
        clock.after(delayMs(), () => {
          const answer = answerOf(world, place, request);
          if (answer === 'silence') return;
          clock.after(delayMs(), () => {
            if (done) return;
            cancelTimeout();
            if (answer === 'cut') reject(new NightjarError('net.cut', `${request.url}: the connection was cut`));
            else resolve(answer);
          });
        });
      });
    },
    openSocket: (url, handlers) => openInMemorySocket(world, clock, delayMs, url, handlers),
  };
  return { transport, endpoints: ENDPOINTS };
}

interface Place {
  readonly venue: Venue;
  readonly target: string;
}

function placeOf(url: string, scheme: 'http' | 'ws'): Place | null {
  const match = URL_SHAPE.exec(url);
  if (match === null || match[1] !== scheme) return null;
  return { venue: match[2] as Venue, target: match[3] ?? '/' };
}

function refused(url: string): NightjarError {
  return new NightjarError('net.refused', `${url}: nobody listens there; known are http|ws://<venue>.sim`, { url });
}

function answerOf(world: SimWorld, { venue, target }: Place, request: HttpRequest): HttpResponse | 'cut' | 'silence' {
  const headers = Object.fromEntries(
    Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const answer = world.handleHttp(venue, { method: request.method, target, headers, body: request.body ?? '' });
  if (answer.delivery !== undefined) return answer.delivery;
  return { status: answer.status, headers: answer.headers, body: new TextEncoder().encode(answer.body) };
}

function openInMemorySocket(
  world: SimWorld,
  clock: Clock,
  delayMs: () => number,
  url: string,
  handlers: SocketHandlers,
): SocketHandle {
  const place = placeOf(url, 'ws');
  let state: 'connecting' | 'open' | 'closed' = 'connecting';
  let session: SimSession | null = null;
  const toClient = createOrderedLine(clock, delayMs);
  const toVenue = createOrderedLine(clock, delayMs);

  const finish = (code: number, reason: string) => {
    if (state === 'closed') return;
    state = 'closed';
    session?.onClose();
    handlers.onClose(code, reason);
  };
  /** Runs at the client's end unless the socket has closed meanwhile. */
  const deliver = (act: () => void) =>
    toClient(() => {
      if (state === 'open') act();
    });

  toVenue(() => {
    session =
      place === null
        ? null
        : world.openSocket(place.venue, place.target, {
            send: (text) => deliver(() => handlers.onMessage(new TextEncoder().encode(text), false)),
            // The other end answers a ping by itself, as WebSocket clients do.
            ping: () =>
              deliver(() => {
                handlers.onHeartbeat();
                toVenue(() => session?.onPong());
              }),
            close: (code, reason) => toClient(() => finish(code, reason)),
          });
    toClient(() => {
      if (state === 'closed') {
        session?.onClose();
        return;
      }
      if (session === null) return finish(1006, `${url}: refused`);
      state = 'open';
      handlers.onOpen();
    });
  });

  return {
    send(text) {
      if (state !== 'open') return false;
      toVenue(() => {
        if (state === 'open') session?.onText(text);
      });
      return true;
    },
    ping() {
      if (state !== 'open') return;
      toVenue(() => {
        session?.onPong();
        deliver(() => handlers.onHeartbeat());
      });
    },
    close() {
      toVenue(() => toClient(() => finish(1000, '')));
    },
  };
}

/** One direction of a socket: what is sent later never arrives earlier. */
function createOrderedLine(clock: Clock, delayMs: () => number): (act: () => void) => void {
  let lastArrivalMs = 0;
  return (act) => {
    const nowMs = clock.nowMs();
    lastArrivalMs = Math.max(lastArrivalMs, nowMs + delayMs());
    clock.after(lastArrivalMs - nowMs, act);
  };
}
