import { MessageChannel, Worker } from 'node:worker_threads';
import type { DataLater } from '../../workers/threadData.ts';
import { EDGE_HEAP_MB, GATEWAY_HEAP_MB, JOURNAL_HEAP_MB } from '../../workers/threadHeaps.ts';

/** A thread that has loaded its code and waits to be told what to be. */
export interface WarmThread {
  readonly worker: Worker;
  begin(workerData: unknown): void;
}

export interface WarmThreads {
  /** Each is there once. @returns null when it is taken or dead: then a cold start is the answer */
  take(name: string): WarmThread | null;
}

const HEAPS = { edge: EDGE_HEAP_MB, journal: JOURNAL_HEAP_MB, gateway: GATEWAY_HEAP_MB } as const;

/**
 * Starts the threads of the root's children ahead of their need, so that they load their code side by side while the core
 * itself loads, or waits for the rescue. The children start in the root's order all the same: a warm thread does nothing
 * before its turn has come.
 *
 * @param edgeModule  URL; see `edgeEntry.ts`
 */
export function warmThreads(edgeModule: string): WarmThreads {
  const waiting = new Map<string, WarmThread>();
  for (const [name, maxHeapMb] of Object.entries(HEAPS)) {
    const { port1: ours, port2: later } = new MessageChannel();
    const workerData: DataLater = { later, preload: name === 'edge' ? [edgeModule] : [] };
    const worker = new Worker(new URL(`../../workers/${name}Entry.ts`, import.meta.url), {
      name,
      workerData,
      transferList: [later],
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
    });
    // A core that ends before it needs them is not kept by them.
    worker.unref();
    ours.unref();
    const drop = () => waiting.delete(name);
    worker.once('exit', drop);
    worker.once('error', drop);
    waiting.set(name, {
      worker,
      begin(data) {
        worker.off('exit', drop);
        worker.off('error', drop);
        worker.ref();
        ours.postMessage(data);
        ours.close();
      },
    });
  }
  return {
    take(name) {
      const warm = waiting.get(name) ?? null;
      waiting.delete(name);
      return warm;
    },
  };
}
