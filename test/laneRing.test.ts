import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { createRingBuffer, createRingConsumer } from '../src/workers/ring.ts';

it('loses no wake-up under a flood with pauses from another thread', async () => {
  const records = 2_000_000;
  const ring = createRingBuffer(1024, 2);
  const consumer = createRingConsumer(ring);
  const worker = new Worker(new URL('./laneRingFloodWorker.ts', import.meta.url), { workerData: { ring, records } });
  const died = new Promise<never>((_, reject) => worker.once('error', reject));

  let next = 0;
  let outOfOrder = 0;
  let sleeps = 0;
  let stalls = 0;
  const consume = async () => {
    while (next < records) {
      const taken = consumer.drain((words, offset) => {
        if (words[offset] !== next || words[offset + 1] !== -next) outOfOrder += 1;
        next += 1;
      }, 256);
      if (taken > 0) continue;
      const wakeUp = consumer.arm(2_000);
      if (wakeUp === null) continue;
      sleeps += 1;
      const sleptAt = performance.now();
      await wakeUp;
      // Woken by the timeout while a record waited: the wake-up was lost.
      if (performance.now() - sleptAt >= 1_900 && consumer.depth() > 0) stalls += 1;
    }
  };
  await Promise.race([consume(), died]);
  await worker.terminate();

  expect({ next, outOfOrder, stalls }).toEqual({ next: records, outOfOrder: 0, stalls: 0 });
  expect(sleeps).toBeGreaterThan(100);
});
