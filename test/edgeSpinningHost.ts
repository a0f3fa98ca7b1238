import { Worker } from 'node:worker_threads';
import type { FromEdge } from '../src/workers/edgeMessages.ts';
import { edgeBoot } from './edgeHarness.ts';

/**
 * A process for `edgeTraces.test.ts`: its edge logs nothing, its main thread, where the core would be, spins, and a third
 * thread asks the latch as the gateway does and says when it first refuses a closing order of slot 0.
 */
const SPIN_MS = 20_000;

const boot = edgeBoot(process.argv[2]!, { logLevel: 'silent' });
const asker = `
  const { workerData } = await import('node:worker_threads');
  const { writeSync } = await import('node:fs');
  const { latchRefusal } = await import(workerData.latchWords);
  const timer = setInterval(() => {
    const refusal = latchRefusal(workerData.latch, 0, 'closing');
    if (refusal === null) return;
    clearInterval(timer);
    writeSync(2, 'refused ' + Date.now() + ' ' + refusal + '\\n');
  }, 2);
`;
new Worker(new URL(`data:text/javascript,${encodeURIComponent(asker)}`), {
  workerData: { latch: boot.latch, latchWords: new URL('../src/workers/latchWords.ts', import.meta.url).href },
});
const worker = new Worker(new URL('../src/workers/edgeEntry.ts', import.meta.url), {
  workerData: { module: new URL('../src/control/edgeThread.ts', import.meta.url).href, boot },
});
worker.once('message', (message: FromEdge) => {
  process.stderr.write(`port ${message.type === 'ready' ? message.port : 'none'}\n`);
  const endMs = performance.now() + SPIN_MS;
  while (performance.now() < endMs);
});
