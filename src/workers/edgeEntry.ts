import { parentPort } from 'node:worker_threads';
import type { EdgeWorkerData, RunEdge } from './edgeMessages.ts';
import { threadData } from './threadData.ts';
import { startPulse } from './threadPulse.ts';
import { SERVICE_WATCH } from './threadWatchdog.ts';
import { createWallClock } from './wallClock.ts';

/**
 * Entry of the edge thread. Thread entries lie below `control`, so the module that does the work comes as a URL with the
 * boot data: `src/control/edgeThread.ts`.
 */
const { module, boot, pulse } = await threadData<EdgeWorkerData>();
const { runEdge } = (await import(module)) as { readonly runEdge: RunEdge };
if (parentPort === null) throw new Error('edgeEntry.ts runs as a worker thread only');
await runEdge(boot, parentPort);
// A beat keeps no thread alive that has nothing left to do.
if (pulse !== undefined) startPulse(pulse, createWallClock({ unref: true }), SERVICE_WATCH.beatMs);
