import type { CancelTimer, Clock } from '../domain/ports.ts';

/** The instant at which every virtual run begins: a Monday at the US cash open. */
export const VIRTUAL_START_MS = Date.UTC(2026, 0, 5, 14, 30, 0);

export interface VirtualClock extends Clock {
  /**
   * Runs due timers in order of (due time, arming order), stepping the clock from one to the next, until `untilMs` or
   * until `stopped()`; promises settle between two timers.
   */
  run(untilMs: number, stopped?: () => boolean): Promise<void>;
  pendingTimers(): number;
}

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  fn: (() => void) | null;
}

/** One event clock for a whole run: chained timers fire one by one, unlike XState's SimulatedClock, which jumps over them. */
export function createVirtualClock(startMs: number = VIRTUAL_START_MS): VirtualClock {
  const heap: Entry[] = [];
  let nowMs = startMs;
  let order = 0;

  const before = (a: Entry, b: Entry) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
  const push = (entry: Entry) => {
    heap.push(entry);
    let child = heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!before(heap[child]!, heap[parent]!)) break;
      [heap[child], heap[parent]] = [heap[parent]!, heap[child]!];
      child = parent;
    }
  };
  const pop = (): Entry | undefined => {
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || heap.length === 0) return top;
    heap[0] = last!;
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      if (left >= heap.length) return top;
      const right = left + 1;
      const child = right < heap.length && before(heap[right]!, heap[left]!) ? right : left;
      if (!before(heap[child]!, heap[parent]!)) return top;
      [heap[child], heap[parent]] = [heap[parent]!, heap[child]!];
      parent = child;
    }
  };

  const after = (delayMs: number, fn: () => void): CancelTimer => {
    const entry: Entry = { dueMs: nowMs + Math.max(0, delayMs), order: order++, fn };
    push(entry);
    return () => {
      entry.fn = null;
    };
  };

  return {
    nowMs: () => nowMs,
    after,
    every(periodMs, fn) {
      if (!(periodMs > 0)) throw new RangeError(`period ${periodMs} ms is not above 0`);
      let cancelled = false;
      let cancel: CancelTimer;
      const tick = () => {
        cancel = after(periodMs, tick);
        if (!cancelled) fn();
      };
      cancel = after(periodMs, tick);
      return () => {
        cancelled = true;
        cancel();
      };
    },
    async run(untilMs, stopped = () => false) {
      // What is already settled acts at the present time, before the first timer.
      await settlePromises();
      while (!stopped()) {
        const entry = heap[0];
        if (entry === undefined || entry.dueMs > untilMs) break;
        pop();
        if (entry.fn === null) continue;
        nowMs = entry.dueMs;
        entry.fn();
        await settlePromises();
      }
      if (!stopped()) nowMs = Math.max(nowMs, untilMs);
    },
    pendingTimers: () => heap.filter((entry) => entry.fn !== null).length,
  };
}

/** A turn of the event loop: every promise chain of the last event, however long, runs to its end first. */
const settlePromises = () => new Promise<void>((resolve) => setImmediate(resolve));
