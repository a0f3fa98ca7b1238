import { Worker } from 'node:worker_threads';
import type { FromEdge } from '../src/workers/edgeMessages.ts';
import { edgeBoot } from './edgeHarness.ts';

/** A process for `edgeTraces.test.ts`: its edge logs nothing, and its main thread, where the core would be, spins. */
const SPIN_MS = 20_000;

const worker = new Worker(new URL('../src/workers/edgeEntry.ts', import.meta.url), {
  workerData: {
    module: new URL('../src/control/edgeThread.ts', import.meta.url).href,
    boot: edgeBoot(process.argv[2]!, { logLevel: 'silent' }),
  },
});
worker.once('message', (message: FromEdge) => {
  process.stderr.write(`port ${message.type === 'ready' ? message.port : 'none'}\n`);
  const endMs = performance.now() + SPIN_MS;
  while (performance.now() < endMs);
});
