import { Worker } from 'node:worker_threads';
import type { Logger } from '../../domain/ports.ts';
import type { HousekeepingInput, HousekeepingReport } from './housekeeping.ts';

const HEAP_MB = 256;

/**
 * Starts the thread that keeps the recovery checkpoint and the retention. It is no child of the tree: nothing that trades
 * depends on it, it holds the process no longer, and its death costs a recovery time and nothing else.
 */
export function startHousekeeping(input: HousekeepingInput, log: Logger): void {
  const worker = new Worker(new URL('./housekeepingEntry.ts', import.meta.url), {
    name: 'housekeeping',
    workerData: input,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  worker.unref();
  worker.on('message', ({ prunedInputs, troubles }: HousekeepingReport) => {
    if (prunedInputs > 0) log.log('info', 'journal', `${prunedInputs} old inputs were pruned`);
    for (const trouble of troubles) log.log('warn', 'journal', trouble);
  });
  worker.on('error', (error) => log.log('warn', 'journal', `housekeeping has ended: ${String(error)}`));
}
