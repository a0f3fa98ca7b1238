import type { Venue } from '../../domain/instruments.ts';
import type { Clock, Random } from '../../domain/ports.ts';
import { FAULT_KINDS } from './faultKinds.ts';
import type { PlannedFault } from './faultPlan.ts';

export interface FaultCount {
  readonly number: string;
  readonly fault: string;
  readonly venue: Venue;
  readonly begun: number;
  readonly hits: number;
}

/** Which faults run at this moment, how often each has hit, and who is told. */
export interface FaultSchedule {
  /** The running fault of this name, if it hits now; counts the hit. */
  hit(fault: string, venue: Venue): PlannedFault | null;
  /** Whether one runs, without a hit. */
  running(fault: string, venue: Venue): PlannedFault | null;
  onBegin(listener: (fault: PlannedFault) => void): void;
  counts(): readonly FaultCount[];
}

export interface ScheduleDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly plan: readonly PlannedFault[];
  /** One line when a fault begins, and one when it is over. */
  readonly announce: (line: string) => void;
}

export function createFaultSchedule({ clock, random, plan, announce }: ScheduleDeps): FaultSchedule {
  const active = new Set<{ readonly planned: PlannedFault; hits: number }>();
  const listeners: ((fault: PlannedFault) => void)[] = [];
  const totals = new Map<string, { begun: number; hits: number }>();
  const totalOf = ({ fault, venue }: Pick<PlannedFault, 'fault' | 'venue'>) => {
    const key = `${fault} ${venue}`;
    let total = totals.get(key);
    if (total === undefined) {
      total = { begun: 0, hits: 0 };
      totals.set(key, total);
    }
    return total;
  };
  const find = (fault: string, venue: Venue) =>
    [...active].find(({ planned, hits }) => planned.fault === fault && planned.venue === venue && hits < planned.times);
  const textOf = ({ fault, venue, how }: PlannedFault) => `${fault}${how === '' ? '' : ` (${how})`} at ${venue}`;

  for (const planned of plan) {
    clock.after(planned.atMs, () => {
      const running = { planned, hits: 0 };
      active.add(running);
      totalOf(planned).begun += 1;
      announce(`fault     ${textOf(planned)} begins, for ${planned.forMs} ms`);
      clock.after(planned.forMs, () => {
        active.delete(running);
        announce(`fault     ${textOf(planned)} is over: ${running.hits} hits`);
      });
      for (const listener of listeners) listener(planned);
    });
  }

  return {
    hit(fault, venue) {
      const found = find(fault, venue);
      if (found === undefined) return null;
      if (found.planned.share < 1 && random.next() >= found.planned.share) return null;
      found.hits += 1;
      totalOf(found.planned).hits += 1;
      return found.planned;
    },
    running: (fault, venue) => find(fault, venue)?.planned ?? null,
    onBegin: (listener) => void listeners.push(listener),
    counts: () =>
      FAULT_KINDS.flatMap(({ number, name, venues }) =>
        venues.flatMap((venue) => {
          const total = totals.get(`${name} ${venue}`);
          return total === undefined ? [] : [{ number, fault: name, venue, ...total }];
        }),
      ),
  };
}

/** One line per fault and venue that was played. */
export const countLines = (counts: readonly FaultCount[]): string[] =>
  counts.map(
    ({ number, fault, venue, begun, hits }) =>
      `faults    ${number.padEnd(4)} ${fault.padEnd(22)} ${venue.padEnd(8)} begun ${begun}, hits ${hits}`,
  );
