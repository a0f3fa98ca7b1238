import { CEX_VENUES, type CexVenue } from '../../domain/instruments.ts';
import type { Clock, Random } from '../../domain/ports.ts';
import type { SimHttpRequest, SimHttpResponse } from '../simHttp.ts';
import type { SimWorld } from '../simWorld.ts';
import type { PlannedFault } from './faultPlan.ts';
import { createFaultSchedule, type FaultSchedule } from './faultSchedule.ts';
import { withQuoteFaults } from './quoteFaults.ts';
import { withRequestFaults } from './requestFaults.ts';
import { withSocketFaults } from './socketFaults.ts';
import { withStaleStreams } from './staleStreams.ts';

export interface FaultyWorldOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly plan: readonly PlannedFault[];
  readonly announce: (line: string) => void;
}

/**
 * The embedded venues with a plan of faults before their doors: the same bytes in and out, but for what the running
 * faults do to them. The same on sockets and in memory, since both carry what a world says.
 */
export function withFaults(
  world: SimWorld,
  options: FaultyWorldOptions,
): SimWorld & { readonly faults: FaultSchedule } {
  const { clock } = options;
  const faults = createFaultSchedule(options);
  const answers = Object.fromEntries(
    CEX_VENUES.map((venue) => [venue, withRequestFaults(world, venue, faults, clock)]),
  ) as Record<CexVenue, (request: SimHttpRequest) => SimHttpResponse>;
  const quotes = withQuoteFaults(world, faults);
  const streams = withStaleStreams((venue, target, connection) => world.openSocket(venue, target, connection), faults);
  const open = withSocketFaults(streams, faults, clock);
  return {
    ...world,
    faults,
    handleHttp: (venue, request) => (venue === 'jupiter' ? quotes(request) : answers[venue](request)),
    openSocket: (venue, target, connection) => (venue === 'jupiter' ? null : open(venue, target, connection)),
  };
}
