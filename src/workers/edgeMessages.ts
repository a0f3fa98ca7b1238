import type { MessagePort } from 'node:worker_threads';
import type { ControlMessage, LatchState } from '../domain/control.ts';
import type { PlainError } from '../domain/errors.ts';
import type { Dimensions, SlabShare } from '../telemetry/slab.ts';
import type { StatusView } from './statusView.ts';

/** `workerData` of `edgeEntry.ts`. */
export interface EdgeWorkerData {
  /** URL of `src/control/edgeThread.ts`. */
  readonly module: string;
  readonly boot: EdgeBoot;
  /** `threadPulse.ts`; without it nobody watches over the thread. */
  readonly pulse?: SharedArrayBuffer;
}

export type RunEdge = (boot: EdgeBoot, port: MessagePort) => Promise<void>;

/** Boot data of the edge thread: structured-cloneable. */
export interface EdgeBoot {
  readonly incarnation: number;
  readonly run: string;
  readonly dataDir: string;
  readonly tokensPath: string;
  readonly latchPath: string;
  /** Closed permits that the file could not take in the life of a core before this one; merged with it at the start. */
  readonly held?: LatchState | null;
  /** Pipe to the guardian, which keeps closed permits until the file has them; absent or null = there is none. */
  readonly guardianFd?: number | null;
  /** `DATA/runs/ID/log.jsonl`. */
  readonly logPath: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** 0 = any free port. A later incarnation gets the port of the first, so that addresses stay valid. */
  readonly port: number;
  /** Another port will do when this one is taken: nobody asked for it by number. */
  readonly anyPort?: boolean;
  /** A loopback address: `127.0.0.1` or `::1`. */
  readonly host: string;
  /** Word 0 all, word 1 + slot one bot: `latchWords.ts`. */
  readonly latch: SharedArrayBuffer;
  /** Every bot by the id under which the core knows it (the key of `LatchState.bots`), with its latch slot. */
  readonly bots: readonly { readonly id: string; readonly slot: number }[];
  /** One slab per thread, the edge's own (`thread: 'edge'`) among them; in memory that the core's main thread owns. */
  readonly slabs: readonly SlabShare[];
  readonly dimensions: Dimensions;
  readonly version: string;
  readonly codeHash: string;
  readonly configHash: string;
  /** `sim`: no money moves, so opening a permit that is not killed needs no phrase. Absent = as if it did. */
  readonly env?: string;
  /** Values that nobody may paste into a reason and then find in the journal: the venues' keys. */
  readonly secrets?: readonly string[];
}

/** From the core's main thread. */
export type ToEdge =
  /** What the system looks like: about once a second and on each change worth showing. */
  | { readonly type: 'view'; readonly view: StatusView }
  /** The answer to a `control` (same id), or the journal's acknowledgement of a `latchChanged` (id of its cause). */
  | { readonly type: 'controlReply'; readonly id: string; readonly status: number; readonly body: unknown }
  /** The core closes a permit itself (loss breaker, failed unwind). */
  | { readonly type: 'closePermit'; readonly bot: string; readonly reason: string; readonly by: string }
  | { readonly type: 'stop' };

export type FromEdge =
  /** Listening; the latch words equal the latch file. */
  | { readonly type: 'ready'; readonly address: string; readonly port: number }
  /** It cannot serve (port.busy, data.unreadable): the thread ends after this. */
  | { readonly type: 'failed'; readonly error: PlainError }
  | { readonly type: 'control'; readonly message: ControlMessage }
  /** The latch is already set and, unless `durable` is false, on disk. To be journalled and answered by `controlReply`. */
  | {
      readonly type: 'latchChanged';
      readonly latch: LatchState;
      readonly cause: ControlMessage;
      readonly durable: boolean;
    }
  | { readonly type: 'stopped' };
