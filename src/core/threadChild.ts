import { type Transferable, Worker } from 'node:worker_threads';
import { toPlainError } from '../domain/errors.ts';
import type { ExitReason } from '../domain/exitReason.ts';

export interface ThreadChildOptions {
  readonly name: string;
  readonly entry: URL;
  readonly workerData: unknown;
  readonly transferList?: readonly Transferable[];
  readonly maxHeapMb: number;
  onMessage(message: unknown): void;
  /** Exactly once, after the thread is gone. */
  onExit(reason: ExitReason): void;
}

/** One worker thread as a supervised child. Messages to a thread that is gone are dropped: its successor gets its own. */
export interface ThreadChild {
  post(message: unknown, transferList?: readonly Transferable[]): void;
  /** The thread was asked to stop (by a message of its own protocol): its end counts as shutdown. */
  expectStop(): void;
  kill(): void;
}

export function startThread(options: ThreadChildOptions): ThreadChild {
  const worker = new Worker(options.entry, {
    name: options.name,
    workerData: options.workerData,
    transferList: [...(options.transferList ?? [])],
    resourceLimits: { maxOldGenerationSizeMb: options.maxHeapMb },
  });
  let expected: 'none' | 'stop' | 'kill' = 'none';
  let failure: unknown = null;

  worker.on('message', options.onMessage);
  worker.on('messageerror', (error) => {
    failure ??= error;
  });
  worker.on('error', (error) => {
    failure ??= error;
  });
  worker.once('exit', (code) => {
    if (failure === null && expected === 'stop') return options.onExit({ kind: 'shutdown' });
    if (failure === null && expected === 'kill') return options.onExit({ kind: 'killed' });
    const error = toPlainError(failure ?? new Error(`${options.name} ended with code ${code}`), 'thread.lost');
    options.onExit({ kind: 'crash', error });
  });
  return {
    post: (message, transferList = []) => worker.postMessage(message, [...transferList]),
    expectStop() {
      if (expected === 'none') expected = 'stop';
    },
    kill() {
      expected = 'kill';
      void worker.terminate();
    },
  };
}
