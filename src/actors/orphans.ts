import type { AnyActorRef } from 'xstate';

interface Stoppable {
  _stop(): void;
  _stopProcedure(): void;
}

/**
 * Stops everything under a crashed actor, deepest first: XState leaves the children of a crashed machine running.
 * `_stop` is XState's own way to end a child from outside (`stop` refuses whatever has a parent); pinned version.
 */
export function stopOrphans(actor: AnyActorRef): void {
  const { children = {} } = (actor.getSnapshot() ?? {}) as { children?: Record<string, AnyActorRef | undefined> };
  for (const child of Object.values(children)) {
    if (child === undefined) continue;
    stopOrphans(child);
    (child as unknown as Stoppable)._stop();
  }
}

/**
 * Ends an actor without children that stands between two events, as `stop` does and without its step: that one enters no
 * state and runs no action, and costs a kill a good part of what the next incarnation needs. Pinned version.
 */
export function stopAtRest(actor: AnyActorRef): void {
  (actor as unknown as Stoppable)._stopProcedure();
}
