import type { AnyEventObject } from 'xstate';
import {
  type DropReason,
  type MailboxMessage,
  MailboxQueue,
  QUEUE_NAMES,
  type QueueName,
  type QueuePolicy,
  type QueueStatus,
  unusedQueueStatus,
} from './mailboxQueue.ts';

export { type DropReason, type MailboxMessage, QUEUE_NAMES, type QueueName, type QueuePolicy } from './mailboxQueue.ts';

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

/** What waits for one actor: four bounded queues outside the actor, so that they outlive its crashes in order. */
export const createMailbox = <Event = AnyEventObject>(options: MailboxOptions<Event>): Mailbox<Event> =>
  new Mailbox(options);

/** A class, and a queue made when it is first used: an idle bot's mailbox costs its fields and nothing else. */
export class Mailbox<Event = AnyEventObject> {
  private readonly options: MailboxOptions<Event>;
  private control: MailboxQueue<Event> | null = null;
  private order: MailboxQueue<Event> | null = null;
  private timer: MailboxQueue<Event> | null = null;
  private signal: MailboxQueue<Event> | null = null;
  private stashed: readonly MailboxMessage<Event>[] = NOTHING;
  /** Unstashed messages, offered before everything but control. */
  private again: readonly MailboxMessage<Event>[] = NOTHING;
  private suspended = false;
  private stopped = false;

  constructor(options: MailboxOptions<Event>) {
    this.options = options;
  }

  /** Puts a message in; false when it was dropped itself (a displaced one goes to `onDropped`). */
  offer(queue: QueueName, event: Event, key: string | null = null): boolean {
    const message = { queue, event, key, enqueuedAtMs: this.options.nowMs() };
    if (this.stopped) {
      this.drop(message, 'stopped');
      return false;
    }
    const target = this.queueOf(queue);
    const displaced = target.replace(message);
    if (displaced !== undefined) {
      this.drop(displaced, 'conflated');
      return true;
    }
    if (target.isFull) {
      if (target.refusesNewest) {
        this.drop(message, 'full');
        return false;
      }
      this.drop(target.take()!, 'full');
    }
    target.push(message);
    return true;
  }

  /** The next message by priority, or undefined; while suspended only control is served. */
  take(): MailboxMessage<Event> | undefined {
    const control = this.control?.take();
    if (control !== undefined || this.suspended) return control;
    if (this.again.length > 0) {
      const [first, ...rest] = this.again;
      this.again = rest;
      return first;
    }
    return this.order?.take() ?? this.timer?.take() ?? this.signal?.take();
  }

  /** Puts a message aside until `unstash`; false when the stash is full and it was dropped. */
  stash(message: MailboxMessage<Event>): boolean {
    const isFull = this.stashed.length >= (this.options.stashCapacity ?? DEFAULT_STASH_CAPACITY);
    if (this.stopped || isFull) this.drop(message, this.stopped ? 'stopped' : 'full');
    else this.stashed = [...this.stashed, message];
    return !this.stopped && !isFull;
  }

  /** Offers what was put aside again, oldest first, before everything but control. */
  unstash(): void {
    if (this.stashed.length === 0) return;
    this.again = [...this.again, ...this.stashed];
    this.stashed = NOTHING;
  }

  suspend(): void {
    this.suspended = true;
  }

  resume(): void {
    this.suspended = false;
  }

  isSuspended(): boolean {
    return this.suspended;
  }

  /** Drops what waits in one queue. */
  dropQueue(name: QueueName, reason: DropReason): void {
    const queue = this[name];
    for (let message = queue?.take(); message !== undefined; message = queue?.take()) this.drop(message, reason);
  }

  /** Nobody will read any more: everything in it, and everything that comes, is a dead letter. */
  stop(): void {
    this.stopped = true;
    for (const message of [...this.again, ...this.stashed]) this.drop(message, 'stopped');
    this.again = NOTHING;
    this.stashed = NOTHING;
    for (const name of QUEUE_NAMES) this.dropQueue(name, 'stopped');
  }

  isStopped(): boolean {
    return this.stopped;
  }

  depth(name: QueueName): number {
    return this[name]?.depth ?? 0;
  }

  stashDepth(): number {
    return this.stashed.length + this.again.length;
  }

  /** True when `take` would answer nothing. */
  isIdle(): boolean {
    if (this.depth('control') > 0) return false;
    if (this.suspended) return true;
    return this.again.length === 0 && this.depth('order') + this.depth('timer') + this.depth('signal') === 0;
  }

  status(name: QueueName): QueueStatus {
    return this[name]?.status(this.options.nowMs()) ?? unusedQueueStatus();
  }

  private queueOf(name: QueueName): MailboxQueue<Event> {
    return this[name] ?? this.open(name);
  }

  private open(name: QueueName): MailboxQueue<Event> {
    const queue = new MailboxQueue<Event>(this.options.queues?.[name] ?? DEFAULT_QUEUES[name]);
    this[name] = queue;
    return queue;
  }

  private drop(message: MailboxMessage<Event>, reason: DropReason): void {
    this.queueOf(message.queue).countDrop(reason);
    this.options.onDropped(message, reason);
  }
}

const NOTHING: readonly never[] = [];
