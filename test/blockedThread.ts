import { openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { startPulse } from '../src/workers/threadPulse.ts';
import { createWallClock } from '../src/workers/wallClock.ts';

/** A thread for `threadStuck.test.ts`: it works, and then sits in a system call until somebody writes to the pipe. */
const { pulse, pipe } = workerData as { readonly pulse: SharedArrayBuffer; readonly pipe: string };
startPulse(pulse, createWallClock(), 10);
parentPort?.postMessage('blocks');
setTimeout(() => openSync(pipe, 'r'), 20);
