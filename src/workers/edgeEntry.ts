import { parentPort, workerData } from 'node:worker_threads';
import type { EdgeWorkerData, RunEdge } from './edgeMessages.ts';

/**
 * Entry of the edge thread. Thread entries lie below `control`, so the module that does the work comes as a URL with the
 * boot data: `src/control/edgeThread.ts`.
 */
const { module, boot } = workerData as EdgeWorkerData;
const { runEdge } = (await import(module)) as { readonly runEdge: RunEdge };
if (parentPort === null) throw new Error('edgeEntry.ts runs as a worker thread only');
await runEdge(boot, parentPort);
