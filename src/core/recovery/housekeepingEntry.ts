import { parentPort, workerData } from 'node:worker_threads';
import { createWallClock } from '../../workers/wallClock.ts';
import { type HousekeepingInput, type HousekeepingReport, keepHouse } from './housekeeping.ts';

/** The first round waits until the start is over; each next one bounds what a recovery has to read. */
const FIRST_AFTER_MS = 30_000;
const EVERY_MS = 600_000;

/** Entry of the housekeeping thread: works now and then, tells what it did, and knows nothing of the tree. */
const clock = createWallClock();
const round = () =>
  parentPort?.postMessage(keepHouse(workerData as HousekeepingInput, clock.nowMs()) satisfies HousekeepingReport);
clock.after(FIRST_AFTER_MS, () => {
  round();
  clock.every(EVERY_MS, round);
});
