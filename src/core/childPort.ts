import type { PlainError } from '../domain/errors.ts';
import type { ExitReason } from '../domain/exitReason.ts';

/** What a runtime does for a child of the tree that lives outside the kernel: one object per incarnation. */
export interface RunningChild {
  /** Asks it to end; `exited` follows. */
  stop(): void;
  /** Ends it by force; `exited` follows. */
  kill(): void;
}

/** How a child tells of itself; each call becomes one input. */
export interface ChildEvents {
  started(): void;
  /** Instead of `started`: nothing of it runs any more. */
  failed(error: PlainError): void;
  exited(reason: ExitReason): void;
}

export type StartChild = (incarnation: number, events: ChildEvents) => RunningChild;
