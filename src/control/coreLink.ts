import type { Clock } from '../domain/ports.ts';

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  /** Nothing was done: the same message may come again with more. */
  readonly again?: true;
}

/** Questions to the core that wait for an answer; beyond that new ones are refused. */
const MAX_PENDING = 256;
/** A reply later than this finds nobody. */
const FORGET_MS = 60_000;

export interface CoreLink {
  /** Runs `send` and waits for the reply of this id. Resolves with null when none came within a minute, or too many wait. */
  ask(id: string, send: () => void): Promise<Reply | null>;
  /** The core's answer. False when nobody waits for it (any more). */
  settle(id: string, reply: Reply): boolean;
  pending(): number;
  /** The next question would not be asked at all. */
  isFull(): boolean;
}

/** Questions and answers over a port that only carries messages. */
export function createCoreLink(clock: Clock): CoreLink {
  const waiting = new Map<string, (reply: Reply | null) => void>();
  return {
    ask(id, send) {
      if (waiting.size >= MAX_PENDING) return Promise.resolve(null);
      return new Promise((resolve) => {
        // The same id asked again (a retried close): the first asker has given up, or gets the same answer.
        const earlier = waiting.get(id);
        let cancel = () => {};
        const finish = (reply: Reply | null) => {
          cancel();
          waiting.delete(id);
          earlier?.(reply);
          resolve(reply);
        };
        cancel = clock.after(FORGET_MS, () => finish(null));
        waiting.set(id, finish);
        send();
      });
    },
    settle(id, reply) {
      const finish = waiting.get(id);
      finish?.(reply);
      return finish !== undefined;
    },
    pending: () => waiting.size,
    isFull: () => waiting.size >= MAX_PENDING,
  };
}

/** The value, or `late` once the deadline has passed. */
export function within<T, L>(clock: Clock, deadlineMs: number, work: Promise<T>, late: L): Promise<T | L> {
  const { promise, resolve, reject } = Promise.withResolvers<T | L>();
  const cancel = clock.after(deadlineMs, () => resolve(late));
  work.then(resolve, reject).finally(cancel);
  return promise;
}
