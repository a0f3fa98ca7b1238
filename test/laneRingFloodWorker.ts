import { workerData } from 'node:worker_threads';
import { createRingProducer } from '../src/workers/ring.ts';

interface FloodOrder {
  readonly ring: SharedArrayBuffer;
  readonly records: number;
}

/**
 * Floods the ring in bursts. After most bursts it waits until all is consumed and then a varying moment longer, so that
 * the next record meets the consumer at every point of falling asleep, and no later record covers up a lost wake-up.
 */
const { ring, records } = workerData as FloodOrder;
const producer = createRingProducer(ring);
const record = new Float64Array(2);
const tail = new Int32Array(ring, 64, 1);
let burst = 1;
let spin = 0;
for (let sent = 0; sent < records; ) {
  for (let i = 0; i < burst && sent < records; ) {
    record[0] = sent;
    record[1] = -sent;
    if (!producer.push(record)) continue;
    sent += 1;
    i += 1;
  }
  const consumedAll = sent | 0;
  while (burst < 500 && Atomics.load(tail, 0) !== consumedAll);
  for (let i = 0; i < spin; i += 1) Atomics.load(tail, 0);
  spin = (spin * 31 + 17) % 997;
  // Mostly single records; now and then more than the ring holds.
  burst = spin % 50 === 0 ? 4000 : 1 + (spin % 3);
}
