import type { PlainError } from '../domain/errors.ts';
import type { ExitReason } from '../domain/exitReason.ts';
import type { ThreadDrill } from '../workers/threadDrill.ts';

/** What a runtime does for a child of the tree that lives outside the kernel: one object per incarnation. */
export interface RunningChild {
  /** Asks it to end; `exited` follows. */
  stop(): void;
  /** Ends it by force; `exited` follows. */
  kill(): void;
  /** It misbehaves for good; whoever watches over it has to find out. Only what runs in a thread of its own can. */
  drill?(drill: ThreadDrill): void;
}

/** How a child tells of itself; each call becomes one input. */
export interface ChildEvents {
  started(): void;
  /** Instead of `started`: nothing of it runs any more. */
  failed(error: PlainError): void;
  exited(reason: ExitReason): void;
}

export type StartChild = (incarnation: number, events: ChildEvents) => RunningChild;
