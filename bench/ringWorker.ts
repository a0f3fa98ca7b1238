import { parentPort, workerData } from 'node:worker_threads';
import { createRingProducer } from '../src/workers/ring.ts';

/** What the producer thread does: `paced` sends one record per millisecond, `flood` as fast as it goes. */
export interface RingBenchOrder {
  readonly via: 'ring' | 'post';
  readonly ring: SharedArrayBuffer;
  readonly words: number;
  readonly mode: 'paced' | 'flood';
  readonly count: number;
}

/** Milliseconds of a clock that both threads read alike. */
const nowMs = () => performance.timeOrigin + performance.now();

// Piscina loads this file too, with worker data of its own.
const order = workerData as RingBenchOrder | null;
if (order?.ring instanceof SharedArrayBuffer && parentPort !== null) {
  const port = parentPort;
  const producer = createRingProducer(order.ring);
  const sendOne = (): boolean => {
    if (order.via === 'post') {
      port.postMessage(recordObject(order.words, nowMs()));
      return true;
    }
    return producer.pushWith((words, offset) => {
      words.fill(1, offset, offset + order.words);
      words[offset] = nowMs();
    });
  };
  port.once('message', () => {
    if (order.mode === 'flood') flood(order.count, sendOne);
    else void pace(order.count, sendOne);
  });
}

function flood(count: number, send: () => boolean): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let sent = 0; sent < count; ) {
    if (send()) sent += 1;
    // Full: the consumer gets the core, instead of watching us spin on it.
    else Atomics.wait(never, 0, 0, 0.1);
  }
}

/** Waits between two sends as an idle lane does: in the event loop, not spinning. */
async function pace(count: number, send: () => boolean): Promise<void> {
  const startMs = performance.now();
  for (let i = 0; i < count; i += 1) {
    while (performance.now() < startMs + i) await new Promise<void>((resolve) => setTimeout(resolve, 1));
    send();
  }
}

/** The same figures as a plain object: what a message without the ring would carry. */
function recordObject(words: number, sentAtMs: number): Record<string, number> {
  const record: Record<string, number> = { sentAtMs };
  for (let i = 1; i < words; i += 1) record[`field${i}`] = i;
  return record;
}

/** Piscina's task: the least a round trip can do. */
export default function echo(sentAtMs: number): number {
  return sentAtMs;
}
