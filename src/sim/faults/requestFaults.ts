import type { CexVenue } from '../../domain/instruments.ts';
import type { Clock } from '../../domain/ports.ts';
import { json, type SimHttpRequest, type SimHttpResponse } from '../simHttp.ts';
import type { SimWorld } from '../simWorld.ts';
import type { FaultSchedule } from './faultSchedule.ts';
import { createOrderFaults } from './orderFaults.ts';
import { type ReadRequest, readRequest } from './readRequest.ts';
import { refusalBy } from './refusalWords.ts';

/** Refusals without any effect, by what they hit; the first that runs is told. */
const REFUSED_ANY = ['ban', 'rate-limit', 'maintenance'];
const REFUSED_ORDERS = ['overload', 'clock-skew', 'bad-key', 'balance-short', 'filter-breach'];
/** The state of an order in any of the dialects. */
const STATE = /("(?:status|state|orderStatus)":)"[A-Za-z_]+"/g;
const NO_ANSWER = json(503, { error: 'upstream' });

type Answer = (request: SimHttpRequest) => SimHttpResponse;

/** The HTTP of one CEX with its faults. */
export function withRequestFaults(world: SimWorld, venue: CexVenue, schedule: FaultSchedule, clock: Clock): Answer {
  const orders = createOrderFaults(world);
  const snapshots = new Map<string, SimHttpResponse>();
  let lastPlacedMs = Number.NEGATIVE_INFINITY;
  const hit = (fault: string) => schedule.hit(fault, venue);

  const place = (request: SimHttpRequest, read: ReadRequest): SimHttpResponse => {
    const refused = REFUSED_ORDERS.find((fault) => hit(fault) !== null);
    if (refused !== undefined) return refusalBy(refused, venue, read.isDoor);
    if (schedule.running('ioc-part', venue) !== null && orders.thin(venue, read)) hit('ioc-part');
    lastPlacedMs = clock.nowMs();
    const answer = world.handleHttp(venue, request);
    const lost = hit('ack-lost');
    if (lost !== null) return lost.how === '5xx' ? NO_ANSWER : { ...answer, delivery: lost.how as 'cut' | 'silence' };
    return hit('duplicate-id') === null ? answer : refusalBy('duplicate-id', venue, read.isDoor);
  };

  const cancel = (request: SimHttpRequest, read: ReadRequest): SimHttpResponse => {
    if (hit('cancel-in-progress') !== null) return refusalBy('cancel-in-progress', venue, read.isDoor);
    const order = orders.orderOf(venue, read);
    if (order !== null && order.status === 'open') {
      if (hit('fill-before-cancel') !== null) orders.fill(venue, order, 1);
      else if (hit('partial-then-cancelled') !== null) orders.fill(venue, order, 0.5);
    }
    const answer = world.handleHttp(venue, request);
    return hit('cancel-unknown') === null ? answer : refusalBy('cancel-unknown', venue, read.isDoor);
  };

  const lookup = (request: SimHttpRequest, read: ReadRequest): SimHttpResponse => {
    const hidden = schedule.running('order-hidden', venue);
    if (hidden !== null && clock.nowMs() - lastPlacedMs < hidden.byMs && hit('order-hidden') !== null) {
      return read.kind === 'list' || (venue === 'bybit' && !read.isDoor)
        ? emptyList(venue, read.isDoor)
        : refusalBy('order-hidden', venue, read.isDoor);
    }
    const answer = world.handleHttp(venue, request);
    if (read.kind !== 'lookup' || answer.status !== 200 || schedule.running('unknown-state', venue) === null)
      return answer;
    const strange = answer.body.replace(STATE, '$1"CANCEL_ONLY"');
    // Only an answer that tells of an order can be hit.
    if (strange === answer.body || hit('unknown-state') === null) return answer;
    return { ...answer, body: strange.replace(/^\{/, '{"st":1,') };
  };

  const snapshot = (request: SimHttpRequest): SimHttpResponse => {
    const failed = hit('snapshot-fails');
    if (failed?.how === '429') return refusalBy('rate-limit', venue, false);
    if (failed?.how === '503') return NO_ANSWER;
    const cached = snapshots.get(request.target);
    if (cached !== undefined && hit('stale-snapshot') !== null) return cached;
    const answer = world.handleHttp(venue, request);
    if (failed !== null) return { ...answer, delivery: 'silence' };
    if (answer.status === 200 && cached === undefined) snapshots.set(request.target, answer);
    return answer;
  };

  return (request) => {
    const read = readRequest(venue, request);
    const refused = REFUSED_ANY.find((fault) => hit(fault) !== null);
    if (refused !== undefined) return refusalBy(refused, venue, read.isDoor);
    switch (read.kind) {
      case 'snapshot':
        return snapshot(request);
      case 'place':
        return place(request, read);
      case 'cancel':
        return cancel(request, read);
      case 'lookup':
      case 'list':
        return lookup(request, read);
      case 'rules': {
        const answer = world.handleHttp(venue, request);
        return hit('symbol-change') === null ? answer : { ...answer, body: coarserTicks(answer.body) };
      }
      default:
        return world.handleHttp(venue, request);
    }
  };
}

function emptyList(venue: CexVenue, isDoor: boolean): SimHttpResponse {
  if (isDoor || venue === 'binance') return json(200, []);
  if (venue === 'okx') return json(200, { code: '0', msg: '', data: [] });
  return json(200, { retCode: 0, retMsg: 'OK', result: { list: [], nextPageCursor: '' }, retExtInfo: {}, time: 0 });
}

/** Each tick size times ten, in the words of any of the dialects. */
function coarserTicks(body: string): string {
  return body.replace(/("(?:tickSize|tickSz)":)("?)([\d.e-]+)/g, (_all, name: string, quote: string, tick: string) => {
    const coarser = String(Number((Number(tick) * 10).toPrecision(12)));
    return `${name}${quote}${coarser}`;
  });
}
