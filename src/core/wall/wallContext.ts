import type { PlainError } from '../../domain/errors.ts';
import type { Clock, Logger } from '../../domain/ports.ts';
import type { Dimensions, SlabShare } from '../../telemetry/slab.ts';
import type { GatewayKeys } from '../../workers/gatewayMessages.ts';
import type { RateShare } from '../../workers/venueBans.ts';
import type { RunningChild } from '../childPort.ts';
import type { RuntimeInput } from '../coreRuntime.ts';
import type { InputPayload } from '../inputs.ts';
import type { JournalLink } from '../journalLink.ts';
import type { ThreadChild } from '../threadChild.ts';
import type { ThreadLinks } from './threadLinks.ts';
import type { WarmThreads } from './warmThreads.ts';

export interface WallRuntimeInput extends RuntimeInput {
  /** URL of the module that the edge thread runs: it lies above this folder. */
  readonly edgeModule: string;
  readonly gatewayKeys: GatewayKeys;
  readonly startedAtMs: number;
  /** Threads that have loaded already: null where a core starts in a process that was not waiting for it. */
  readonly warm: WarmThreads | null;
  /** Somebody is there who starts this core again. */
  isGuarded(): boolean;
  /** Where the edge thread tells the guardian by itself what is closed (`latchHold.ts`); null = there is none. */
  readonly guardianFd?: number | null;
  /** The core is done: nothing of it runs any more, or nothing of it may go on (exit code 1). */
  leave(exitCode: 0 | 1): void;
}

/** What the starters of the threads share. */
export interface WallContext {
  readonly input: WallRuntimeInput;
  readonly clock: Clock;
  readonly dimensions: Dimensions;
  readonly slabs: readonly SlabShare[];
  /** Permit words: `latchWords.ts`. */
  readonly latch: SharedArrayBuffer;
  /** The venues' request budget; outlives the threads that share it. */
  readonly rate: RateShare;
  readonly log: Logger;
  readonly journalLink: JournalLink;
  readonly links: ThreadLinks;
  admit(source: string, payload: InputPayload): void;
  /** A line for the person at the terminal. */
  notice(text: string): void;
  /** Shows the edge how the system stands now. */
  pushView(): void;
  /** For what a restart cannot mend: the run ends as failed. */
  endAsFailed(error: PlainError): void;
  /** For a thread that cannot be ended: the process goes, and the guardian starts the next. */
  endAsStuck(text: string): void;
}

export const slabOf = ({ slabs }: WallContext, thread: string): SlabShare =>
  slabs.find((slab) => slab.thread === thread)!;

/** A thread as a child of the tree: asked by its own protocol, ended by force. */
export function asChild(thread: ThreadChild, ask: () => void): RunningChild {
  return {
    stop() {
      thread.expectStop();
      ask();
    },
    kill: thread.kill,
    drill: thread.drill,
  };
}
