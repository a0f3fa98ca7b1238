import type { OrderReport, TradePort } from '../domain/orders.ts';
import type { Clock, VenueEndpoints } from '../domain/ports.ts';

/** Enough for the cause; a chain of socket errors would fill the terminal. */
const MOST_FAILURE_CHARS = 120;
/** Between the two empty listings that prove a venue clean: what the dead core had on the wire arrives within it. */
const SECOND_LOOK_MS = 250;

export interface RescueReport {
  /** By venue: own orders found open, and those that are open still. A venue that did not answer has a failure. */
  readonly venues: readonly {
    readonly venue: string;
    readonly found: readonly string[];
    readonly left: readonly string[];
    readonly failure: string | null;
  }[];
  readonly tookMs: number;
}

/** What a rescue process is told: first to load, then, once the core is dead, to act. And what it answers. */
export type RescueTask =
  | {
      readonly type: 'prepare';
      readonly endpoints: VenueEndpoints;
      readonly pairs: readonly string[];
      /** Where bans are written down; absent = nowhere. */
      readonly banDir?: string;
    }
  | { readonly type: 'rescue'; readonly budgetMs: number };
export interface Rescued {
  readonly type: 'rescued';
  readonly report: RescueReport;
}

/**
 * Cancels every open order of ours (the ports list no other) and looks until each venue has shown none twice in a row.
 * Never rejects; a venue that stays silent beyond the deadline is named.
 *
 * @param budgetMs  for all venues together, opening included
 */
export async function rescueOrders(ports: readonly TradePort[], clock: Clock, budgetMs: number): Promise<RescueReport> {
  const startedMs = clock.nowMs();
  const deadlineMs = startedMs + budgetMs;
  const venues = await Promise.all(ports.map((port) => rescueVenue(port, clock, deadlineMs)));
  return { venues, tookMs: clock.nowMs() - startedMs };
}

async function rescueVenue(port: TradePort, clock: Clock, deadlineMs: number): Promise<RescueReport['venues'][number]> {
  const found = new Set<string>();
  let left: readonly OrderReport[] = [];
  const work = async () => {
    await port.open();
    for (let empty = 0; empty < 2; ) {
      left = await port.openOrders();
      empty = left.length === 0 ? empty + 1 : 0;
      for (const { clientOrderId } of left) found.add(clientOrderId);
      // The answer of a cancel proves nothing: the next listing does.
      await Promise.all(left.map((order) => (order.ref === undefined ? null : port.cancel(order.ref))));
      if (empty === 1) await pause(clock, SECOND_LOOK_MS);
      if (clock.nowMs() >= deadlineMs) throw new Error('the time was over before two listings were empty');
    }
  };
  const failure = await Promise.race([
    work().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)).slice(0, MOST_FAILURE_CHARS),
    ),
    pause(clock, deadlineMs - clock.nowMs()).then(() => 'no whole answer within the time'),
  ]);
  return {
    venue: port.venue,
    found: [...found],
    left: failure === null ? [] : left.map(({ clientOrderId }) => clientOrderId),
    failure,
  };
}

const pause = (clock: Clock, durationMs: number) =>
  new Promise<void>((resolve) => clock.after(Math.max(0, durationMs), resolve));

/** One line for the terminal. @param label  its first word */
export function rescueText({ venues, tookMs }: RescueReport, label = 'RESCUE'): string {
  const head = label.padEnd(9);
  const found = venues.reduce((sum, one) => sum + one.found.length, 0);
  const took = `${(tookMs / 1000).toFixed(2)} s`;
  const failed = venues.filter(({ failure }) => failure !== null);
  const clean = venues.filter(({ failure }) => failure === null).map(({ venue }) => venue);
  const proof = `${found === 0 ? 'none of our orders was open' : `${found} own open orders cancelled`}, proven by listings: ${clean.join(', ')}`;
  if (failed.length === 0) return `${head} ${proof} (${took})`;
  const doubts = failed.map(({ venue, left, failure }) => {
    const open = left.length === 0 ? '' : `, still open ${left.join(' ')}`;
    return `${venue}: ${failure}${open}`;
  });
  return `${head} NOT PROVEN for ${doubts.join('; ')}; ${clean.length === 0 ? 'no venue proven' : proof} (${took})`;
}
