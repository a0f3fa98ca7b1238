import { json, type SimHttpRequest, type SimHttpResponse } from '../simHttp.ts';
import type { SimWorld } from '../simWorld.ts';
import type { FaultSchedule } from './faultSchedule.ts';
import { readRequest } from './readRequest.ts';

/** Quotes kept for the fault that tells old ones; the first of each kind. */
const MOST_KEPT = 1_000;

/** The HTTP of the embedded Jupiter with its faults. */
export function withQuoteFaults(
  world: SimWorld,
  schedule: FaultSchedule,
): (request: SimHttpRequest) => SimHttpResponse {
  const kept = new Map<string, SimHttpResponse>();
  const hit = (fault: string) => schedule.hit(fault, 'jupiter') !== null;
  return (request) => {
    if (readRequest('jupiter', request).kind !== 'quote') return world.handleHttp('jupiter', request);
    if (hit('host-gone')) return json(404, { message: 'Not Found' });
    if (hit('quote-limit'))
      return json(429, { code: 429, message: '[API Gateway] Too many requests' }, { 'retry-after': '1' });
    if (hit('no-route')) return json(400, { error: 'Could not find any route', errorCode: 'COULD_NOT_FIND_ANY_ROUTE' });
    const old = kept.get(request.target);
    if (old !== undefined && hit('stale-quote')) return old;
    const answer = world.handleHttp('jupiter', request);
    if (answer.status === 200 && (old !== undefined || kept.size < MOST_KEPT)) {
      // While the fault runs the kept ones stay as they are: that is what makes them old.
      if (old === undefined || schedule.running('stale-quote', 'jupiter') === null) kept.set(request.target, answer);
    }
    return answer;
  };
}
