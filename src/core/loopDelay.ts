import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;

export interface LoopDelay extends Disposable {
  /** p99 of how late this thread's event loop was since the last call, ms. */
  p99Ms(): number;
}

/** Measures the thread that calls it, until it is disposed of. */
export function measureLoopDelay(): LoopDelay {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  return {
    p99Ms() {
      // The monitor measures its timer's whole period; what exceeds it is the delay.
      const p99Ms = Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS);
      delay.reset();
      return p99Ms;
    },
    [Symbol.dispose]: () => void delay.disable(),
  };
}
