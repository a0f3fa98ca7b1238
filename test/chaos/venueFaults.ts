import { NightjarError } from '../../src/domain/errors.ts';
import type { Venue } from '../../src/domain/instruments.ts';
import type { Clock, HttpRequest, HttpResponse, Random, Transport } from '../../src/domain/ports.ts';
import { createFeedFaults } from './feedFaults.ts';
import { twistReport } from './twistReport.ts';
import { HITS, type RequestKind, type VenueFault, type VenueFaultKind } from './venueFaultKinds.ts';

export interface SeenRequest {
  readonly clientOrderId: string;
  readonly venue: Venue;
}

export interface VenueFaults {
  readonly transport: Transport;
  begin(fault: VenueFault): void;
  /** Every fault ends now; what is under way stays as it was hit. */
  clear(): void;
  /** How often each kind really hit something. */
  hits(): Readonly<Record<string, number>>;
  /** Order requests on the way. */
  inFlight(): number;
}

/** A lookup hides an order for less time than our proof of "never arrived" takes. */
const HIDDEN_MS = 700;
const STALE_MS = 4_000;
const AFTERMATH = [null, 'hidden', 'lateFills', 'stale', 'twiceFilled'] as const;
/** Well beyond an order's end of life at its venue, and up to when its sender gives up. */
const LATE_REQUEST_MS = 5_000;

/**
 * The network to the venues with its faults: the same bytes in and out, but for what the running faults do to them. The
 * venue's truth stays the venue's: only the way to it lies.
 */
export function createVenueFaults(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Transport;
  /** An order leaves for a venue: told at that very moment. */
  onSend(seen: SeenRequest): void;
}): VenueFaults {
  const { clock, random, network } = deps;
  const active: (VenueFault & { readonly untilMs: number })[] = [];
  const hits: Record<string, number> = {};
  const arrivedAt = new Map<string, number>();
  const aftermath = new Map<string, VenueFaultKind>();
  const silenced = new Set<() => void>();
  let inFlight = 0;

  const hit = (kind: string) => {
    hits[kind] = (hits[kind] ?? 0) + 1;
  };
  const feeds = createFeedFaults({ clock, random, network, hit });
  const find = (venue: Venue, kind: RequestKind) =>
    active.find(
      (fault) =>
        fault.venue === venue &&
        HITS[fault.kind] === kind &&
        clock.nowMs() < fault.untilMs &&
        random.next() < fault.share,
    );
  const pick = (venue: Venue, kind: RequestKind): VenueFaultKind | null => find(venue, kind)?.kind ?? null;

  /** No answer: until the sender gives up, or the faults end and the connection breaks. */
  const silence = (request: HttpRequest): Promise<never> =>
    new Promise((_resolve, reject) => {
      const breakOff = () => reject(new NightjarError('net.cut', `${request.url}: the connection was cut`));
      silenced.add(breakOff);
      clock.after(request.timeoutMs, () => {
        silenced.delete(breakOff);
        reject(timedOut(request));
      });
    });

  const place = async (request: HttpRequest, venue: Venue, clientOrderId: string): Promise<HttpResponse> => {
    const arrive = () => {
      arrivedAt.set(clientOrderId, clock.nowMs());
      return network.request(request);
    };
    const fault = find(venue, 'place');
    const kind = fault?.kind ?? null;
    if (kind !== null) {
      hit(kind);
      // Trouble comes in company: what is asked about this order afterwards may be answered badly too.
      const twist = AFTERMATH[random.int(AFTERMATH.length)]!;
      if (twist !== null) aftermath.set(clientOrderId, twist);
    }
    switch (kind) {
      case 'lostAck':
        await arrive();
        return random.next() < 0.5 ? cut(request) : silence(request);
      case 'lostRequest':
        return silence(request);
      case 'serverError':
        if (random.next() < 0.5) await arrive();
        return answer(random.next() < 0.5 ? 503 : 504, { error: 'upstream' });
      case 'refused':
        await pause(clock, 5);
        return answer(400, { rejected: { code: 'insufficient-balance', reason: 'refused by the fault plan' } });
      case 'lateRequest':
        await pause(clock, fault?.delayMs ?? LATE_REQUEST_MS * random.next());
        return arrive();
      case 'lateAnswer': {
        const response = await arrive();
        await pause(clock, 6_500 * random.next());
        return response;
      }
      default:
        return arrive();
    }
  };

  const lookup = async (request: HttpRequest, venue: Venue, clientOrderId: string): Promise<HttpResponse> => {
    const response = await network.request(request);
    const ageMs = clock.nowMs() - (arrivedAt.get(clientOrderId) ?? Number.NEGATIVE_INFINITY);
    const kind = aftermath.get(clientOrderId) ?? pick(venue, 'lookup');
    if (kind === null || response.status !== 200) return response;
    if (kind === 'hidden') {
      if (ageMs > HIDDEN_MS) return response;
      hit(kind);
      return answer(404, { rejected: { code: 'not-found', reason: 'no such order yet' } });
    }
    if (kind !== 'twiceFilled' && ageMs > STALE_MS) return response;
    const twisted = twistReport(response, kind as 'lateFills' | 'stale' | 'twiceFilled');
    if (twisted === null) return response;
    hit(kind);
    return twisted;
  };

  const cancel = async (request: HttpRequest, venue: Venue): Promise<HttpResponse> => {
    if (pick(venue, 'cancel') === null) return network.request(request);
    hit('lostCancel');
    if (random.next() < 0.5) await network.request(request);
    return cut(request);
  };

  const truth = async (request: HttpRequest, venue: Venue): Promise<HttpResponse> => {
    if (pick(venue, 'truth') === null) return network.request(request);
    hit('blind');
    return random.next() < 0.5 ? answer(502, { error: 'upstream' }) : silence(request);
  };

  const answerOf = async (request: HttpRequest): Promise<HttpResponse> => {
    const { venue, kind, clientOrderId } = readRequest(request);
    if (kind === 'place') {
      deps.onSend({ clientOrderId, venue });
      inFlight += 1;
      return place(request, venue, clientOrderId).finally(() => {
        inFlight -= 1;
      });
    }
    if (kind === 'lookup') return lookup(request, venue, clientOrderId);
    if (kind === 'cancel') return cancel(request, venue);
    return kind === 'truth' ? truth(request, venue) : network.request(request);
  };

  return {
    transport: { request: (request) => inTime(clock, request, answerOf(request)), openSocket: feeds.openSocket },
    begin(fault) {
      if (fault.kind.startsWith('feed')) return feeds.begin(fault);
      active.push({ ...fault, untilMs: clock.nowMs() + fault.forMs });
    },
    clear() {
      active.length = 0;
      aftermath.clear();
      feeds.clear();
      for (const breakOff of silenced) breakOff();
      silenced.clear();
    },
    hits: () => hits,
    inFlight: () => inFlight,
  };
}

function readRequest(request: HttpRequest): { venue: Venue; kind: RequestKind; clientOrderId: string } {
  const url = new URL(request.url);
  const venue = url.hostname.replace(/\.sim$/, '') as Venue;
  const clientOrderId = url.searchParams.get('clientOrderId') ?? '';
  if (url.pathname === '/sim/order' || url.pathname === '/sim/swap') {
    if (request.method === 'DELETE') return { venue, kind: 'cancel', clientOrderId };
    if (request.method === 'GET') return { venue, kind: 'lookup', clientOrderId };
    const body = JSON.parse(request.body ?? '{}') as { clientOrderId?: string };
    return { venue, kind: 'place', clientOrderId: body.clientOrderId ?? '' };
  }
  const isTruth = ['/sim/openOrders', '/sim/balances', '/sim/wallet'].includes(url.pathname);
  return { venue, kind: isTruth ? 'truth' : 'other', clientOrderId };
}

const answer = (status: number, body: unknown): HttpResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: new TextEncoder().encode(JSON.stringify(body)),
});

const pause = (clock: Clock, durationMs: number) =>
  new Promise<void>((resolve) => clock.after(durationMs, () => resolve()));

const cut = ({ url }: HttpRequest): never => {
  throw new NightjarError('net.cut', `${url}: the connection was cut`);
};

const timedOut = ({ url, timeoutMs }: HttpRequest) =>
  new NightjarError('net.timeout', `${url}: no answer within ${timeoutMs} ms`);

/** The sender waits no longer than it said, whatever happens on the way. */
function inTime(clock: Clock, request: HttpRequest, work: Promise<HttpResponse>): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(request.timeoutMs, () => reject(timedOut(request)));
    work.then(resolve, reject).finally(cancel);
  });
}
