import type { AnyEventObject } from 'xstate';

/** Served in this order: a queue only gets its turn while those before it are empty. */
export const QUEUE_NAMES = ['control', 'order', 'timer', 'signal'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

export type DropReason = 'conflated' | 'full' | 'stopped';

export interface QueuePolicy {
  readonly capacity: number;
  /** What goes when the queue is full: the message that comes, or the oldest one in it. */
  readonly whenFull: 'dropNewest' | 'dropOldest';
}

export interface MailboxMessage<Event> {
  readonly queue: QueueName;
  readonly event: Event;
  /** Messages of one key conflate: the newest stands in for the older. Null: never. */
  readonly key: string | null;
  readonly enqueuedAtMs: number;
}

/** Orders, fills and timers are never displaced by newer ones: who sends more than fits hears it from `offer`. */
export const DEFAULT_QUEUES: Readonly<Record<QueueName, QueuePolicy>> = {
  control: { capacity: 64, whenFull: 'dropNewest' },
  order: { capacity: 1024, whenFull: 'dropNewest' },
  timer: { capacity: 256, whenFull: 'dropNewest' },
  signal: { capacity: 64, whenFull: 'dropOldest' },
};

const DEFAULT_STASH_CAPACITY = 64;

export interface MailboxOptions<Event> {
  readonly nowMs: () => number;
  /** Hears of every message that will not be delivered. Must not throw. */
  readonly onDropped: (message: MailboxMessage<Event>, reason: DropReason) => void;
  readonly queues?: Partial<Readonly<Record<QueueName, QueuePolicy>>>;
  readonly stashCapacity?: number;
}

export interface QueueStatus {
  readonly depth: number;
  readonly oldestAgeMs: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}

export type Mailbox<Event = AnyEventObject> = ReturnType<typeof createMailbox<Event>>;

interface Queue<Event> {
  readonly policy: QueuePolicy;
  readonly messages: MailboxMessage<Event>[];
  /** Index of the oldest message: taking one moves nothing. */
  head: number;
  /** Position of the waiting message of each key. */
  readonly positions: Map<string, number>;
  readonly dropped: Record<DropReason, number>;
}

/** What waits for one actor: four bounded queues outside the actor, so that they outlive its crashes in order. */
export function createMailbox<Event = AnyEventObject>({ nowMs, onDropped, ...options }: MailboxOptions<Event>) {
  const policies = { ...DEFAULT_QUEUES, ...options.queues };
  const stashCapacity = options.stashCapacity ?? DEFAULT_STASH_CAPACITY;
  const queues = Object.fromEntries(
    QUEUE_NAMES.map((name) => [name, createQueue<Event>(policies[name])]),
  ) as unknown as Record<QueueName, Queue<Event>>;
  const inOrder = QUEUE_NAMES.map((name) => queues[name]);
  let stashed: MailboxMessage<Event>[] = [];
  /** Unstashed messages, offered before everything but control. */
  let again: MailboxMessage<Event>[] = [];
  let isSuspended = false;
  let isStopped = false;

  function drop(message: MailboxMessage<Event>, reason: DropReason): void {
    queues[message.queue].dropped[reason] += 1;
    onDropped(message, reason);
  }

  /** Puts a message in; false when it was dropped itself (a displaced one goes to `onDropped`). */
  function offer(queue: QueueName, event: Event, key: string | null = null): boolean {
    const message = { queue, event, key, enqueuedAtMs: nowMs() };
    if (isStopped) {
      drop(message, 'stopped');
      return false;
    }
    const target = queues[queue];
    const position = key === null ? undefined : target.positions.get(key);
    if (position !== undefined) {
      // The newest takes the place of the older: a key that is often updated still gets its turn.
      const displaced = target.messages[position]!;
      target.messages[position] = message;
      drop(displaced, 'conflated');
      return true;
    }
    if (target.messages.length - target.head >= target.policy.capacity) {
      if (target.policy.whenFull === 'dropNewest' || target.policy.capacity === 0) {
        drop(message, 'full');
        return false;
      }
      drop(takeFrom(target)!, 'full');
    }
    if (key !== null) target.positions.set(key, target.messages.length);
    target.messages.push(message);
    return true;
  }

  /** The next message by priority, or undefined; while suspended only control is served. */
  function take(): MailboxMessage<Event> | undefined {
    const control = takeFrom(inOrder[0]!);
    if (control !== undefined || isSuspended) return control;
    if (again.length > 0) return again.shift();
    for (let i = 1; i < inOrder.length; i += 1) {
      const message = takeFrom(inOrder[i]!);
      if (message !== undefined) return message;
    }
    return undefined;
  }

  function dropQueue(name: QueueName, reason: DropReason): void {
    for (let message = takeFrom(queues[name]); message !== undefined; message = takeFrom(queues[name])) {
      drop(message, reason);
    }
  }

  return {
    offer,
    take,
    /** Puts a message aside until `unstash`; false when the stash is full and it was dropped. */
    stash(message: MailboxMessage<Event>): boolean {
      const isFull = stashed.length >= stashCapacity;
      if (isStopped || isFull) drop(message, isStopped ? 'stopped' : 'full');
      else stashed.push(message);
      return !isStopped && !isFull;
    },
    /** Offers what was put aside again, oldest first, before everything but control. */
    unstash(): void {
      if (stashed.length === 0) return;
      again = [...again, ...stashed];
      stashed = [];
    },
    suspend(): void {
      isSuspended = true;
    },
    resume(): void {
      isSuspended = false;
    },
    isSuspended: (): boolean => isSuspended,
    /** Drops what waits in one queue. */
    dropQueue,
    /** Nobody will read any more: everything in it, and everything that comes, is a dead letter. */
    stop(): void {
      isStopped = true;
      for (const message of [...again, ...stashed]) drop(message, 'stopped');
      again = [];
      stashed = [];
      for (const name of QUEUE_NAMES) dropQueue(name, 'stopped');
    },
    isStopped: (): boolean => isStopped,
    depth: (name: QueueName): number => queues[name].messages.length - queues[name].head,
    stashDepth: (): number => stashed.length + again.length,
    /** True when `take` would answer nothing. */
    isIdle(): boolean {
      const waiting = inOrder.findIndex((queue) => queue.messages.length > queue.head);
      return isSuspended ? waiting !== 0 : waiting === -1 && again.length === 0;
    },
    status(name: QueueName): QueueStatus {
      const { messages, head, dropped } = queues[name];
      let oldestMs = nowMs();
      for (let i = head; i < messages.length; i += 1) oldestMs = Math.min(oldestMs, messages[i]!.enqueuedAtMs);
      return { depth: messages.length - head, oldestAgeMs: nowMs() - oldestMs, dropped: { ...dropped } };
    },
  };
}

function createQueue<Event>(policy: QueuePolicy): Queue<Event> {
  const dropped = { conflated: 0, full: 0, stopped: 0 };
  return { policy, messages: [], head: 0, positions: new Map(), dropped };
}

function takeFrom<Event>(queue: Queue<Event>): MailboxMessage<Event> | undefined {
  const { messages } = queue;
  if (queue.head >= messages.length) return undefined;
  const message = messages[queue.head]!;
  queue.head += 1;
  if (message.key !== null) queue.positions.delete(message.key);
  if (queue.head === messages.length) {
    messages.length = 0;
    queue.head = 0;
  } else if (queue.head > 2 * queue.policy.capacity) {
    // A queue that never runs empty: give the taken part back, and move the remembered positions along.
    messages.splice(0, queue.head);
    for (const [key, position] of queue.positions) queue.positions.set(key, position - queue.head);
    queue.head = 0;
  }
  return message;
}
