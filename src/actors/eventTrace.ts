import type { StateValue } from 'xstate';
import { stateName } from './stateNames.ts';

export interface TraceEntry {
  readonly atMs: number;
  readonly queue: string;
  readonly event: string;
  readonly from: string;
  readonly to: string;
}

interface Slot {
  atMs: number;
  queue: string;
  event: string;
  from: StateValue;
  to: StateValue;
}

/** The last `capacity` events of an actor. Slots are reused: noting an event allocates nothing. */
export function createEventTrace(capacity: number) {
  const slots: Slot[] = [];
  let noted = 0;
  return {
    note(atMs: number, queue: string, event: string, from: StateValue, to: StateValue): void {
      const slot = slots[noted % capacity];
      noted += 1;
      if (slot === undefined) {
        slots.push({ atMs, queue, event, from, to });
        return;
      }
      slot.atMs = atMs;
      slot.queue = queue;
      slot.event = event;
      slot.from = from;
      slot.to = to;
    },
    /** The newest `count` entries, oldest first. */
    last(count: number): readonly TraceEntry[] {
      const kept = Math.max(0, Math.min(Math.floor(count), slots.length));
      return Array.from({ length: kept }, (_, i) => {
        const { from, to, ...rest } = slots[(noted - kept + i) % capacity]!;
        return { ...rest, from: stateName(from), to: stateName(to) };
      });
    },
  };
}
