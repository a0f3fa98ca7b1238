import { type Transferable, Worker } from 'node:worker_threads';
import { toPlainError } from '../domain/errors.ts';
import type { ExitReason } from '../domain/exitReason.ts';
import type { Clock } from '../domain/ports.ts';
import type { ThreadDrill } from '../workers/threadDrill.ts';
import { askForDrill } from '../workers/threadPulse.ts';
import { type Silence, silenceError, type WatchLimits, watchPulse } from '../workers/threadWatchdog.ts';
import type { WarmThread } from './wall/warmThreads.ts';

export interface ThreadChildOptions {
  readonly name: string;
  readonly entry: URL;
  readonly workerData: unknown;
  readonly maxHeapMb: number;
  readonly clock: Clock;
  /** The one that the thread beats into: part of its `workerData`. */
  readonly pulse: SharedArrayBuffer;
  readonly limits: WatchLimits;
  /** One that has loaded already; null = start one. */
  readonly warm?: WarmThread | null;
  onMessage(message: unknown): void;
  /** Exactly once, after the thread is gone. */
  onExit(reason: ExitReason): void;
  /** It was ended by force and is still there: it sits in a system call that does not return. Then only its process can end. */
  onStuck(text: string): void;
}

/** From the order to end a thread by force to the verdict that this cannot be done. */
export const STUCK_MS = 5000;

/** One worker thread as a supervised child. Messages to a thread that is gone are dropped: its successor gets its own. */
export interface ThreadChild {
  post(message: unknown, transferList?: readonly Transferable[]): void;
  /** The thread was asked to stop (by a message of its own protocol): its end counts as shutdown. */
  expectStop(): void;
  kill(): void;
  /** It misbehaves from its next beat on. */
  drill(drill: ThreadDrill): void;
}

/** Starts the thread and watches over it: one that spins or hangs is ended, which is a crash like any other. */
export function startThread(options: ThreadChildOptions): ThreadChild {
  const { name, clock, pulse, limits } = options;
  const { warm = null, workerData } = options;
  const worker =
    warm?.worker ??
    new Worker(options.entry, {
      name,
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: options.maxHeapMb },
    });
  warm?.begin(workerData);
  let expected: 'none' | 'stop' | 'kill' | Silence = 'none';
  let failure: unknown = null;

  let cancelStuck = () => {};
  const endByForce = () => {
    void worker.terminate();
    cancelStuck();
    cancelStuck = clock.after(STUCK_MS, () =>
      options.onStuck(`${name} was ended ${STUCK_MS / 1000} s ago and is still there, inside a system call`),
    );
  };
  const cpuUs = async () => {
    const { user, system } = await worker.cpuUsage();
    return user + system;
  };
  const cancelWatch = watchPulse({ clock, pulse, limits, cpuUs }, (silence) => {
    if (expected !== 'kill') expected = silence;
    endByForce();
  });
  worker.on('message', options.onMessage);
  worker.on('messageerror', (error) => {
    failure ??= error;
  });
  worker.on('error', (error) => {
    failure ??= error;
  });
  worker.once('exit', (code) => {
    cancelWatch();
    cancelStuck();
    if (failure === null && expected === 'stop') return options.onExit({ kind: 'shutdown' });
    if (failure === null && expected === 'kill') return options.onExit({ kind: 'killed' });
    if (typeof expected === 'object') return options.onExit({ kind: 'crash', error: silenceError(name, expected) });
    const error = toPlainError(failure ?? new Error(`${name} ended with code ${code}`), 'thread.lost');
    options.onExit({ kind: 'crash', error });
  });
  return {
    post: (message, transferList = []) => worker.postMessage(message, [...transferList]),
    expectStop() {
      if (expected === 'none') expected = 'stop';
    },
    kill() {
      expected = 'kill';
      endByForce();
    },
    drill: (drill) => askForDrill(pulse, drill),
  };
}
