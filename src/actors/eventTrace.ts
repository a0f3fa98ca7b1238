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

/** The last `capacity` events of an actor. Slots are reused: noting an event allocates nothing once each was used. */
export class EventTrace {
  private readonly capacity: number;
  private readonly slots: Slot[] = [];
  private noted = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  note(atMs: number, queue: string, event: string, from: StateValue, to: StateValue): void {
    const slot = this.slots[this.noted % this.capacity];
    this.noted += 1;
    if (slot === undefined) {
      this.slots.push({ atMs, queue, event, from, to });
      return;
    }
    slot.atMs = atMs;
    slot.queue = queue;
    slot.event = event;
    slot.from = from;
    slot.to = to;
  }

  /** The newest `count` entries, oldest first. */
  last(count: number): readonly TraceEntry[] {
    const { slots, noted, capacity } = this;
    const kept = Math.max(0, Math.min(Math.floor(count), slots.length));
    return Array.from({ length: kept }, (_, i) => {
      const { from, to, ...rest } = slots[(noted - kept + i) % capacity]!;
      return { ...rest, from: stateName(from), to: stateName(to) };
    });
  }
}
