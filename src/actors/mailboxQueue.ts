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

export interface QueueStatus {
  readonly depth: number;
  readonly oldestAgeMs: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}

const NOTHING_DROPPED: Readonly<Record<DropReason, number>> = { conflated: 0, full: 0, stopped: 0 };
const NO_QUEUE: QueueStatus = { depth: 0, oldestAgeMs: 0, dropped: NOTHING_DROPPED };

/** Messages in order, at most `capacity`; who waits under a key can be found by it. */
export class MailboxQueue<Event> {
  private readonly policy: QueuePolicy;
  private readonly messages: MailboxMessage<Event>[] = [];
  /** Index of the oldest message: taking one moves nothing. */
  private head = 0;
  /** Position of the waiting message of each key; null until a message has one. */
  private positions: Map<string, number> | null = null;
  private dropped: Record<DropReason, number> | null = null;

  constructor(policy: QueuePolicy) {
    this.policy = policy;
  }

  get depth(): number {
    return this.messages.length - this.head;
  }

  get isFull(): boolean {
    return this.depth >= this.policy.capacity;
  }

  /** True when a message that comes is refused while the queue is full. */
  get refusesNewest(): boolean {
    return this.policy.whenFull === 'dropNewest' || this.policy.capacity === 0;
  }

  countDrop(reason: DropReason): void {
    this.dropped ??= { ...NOTHING_DROPPED };
    this.dropped[reason] += 1;
  }

  push(message: MailboxMessage<Event>): void {
    if (message.key !== null) {
      this.positions ??= new Map();
      this.positions.set(message.key, this.messages.length);
    }
    this.messages.push(message);
  }

  /** The newest takes the place of the older of its key, which is answered: a key that is often updated gets its turn. */
  replace(message: MailboxMessage<Event>): MailboxMessage<Event> | undefined {
    const position = message.key === null ? undefined : this.positions?.get(message.key);
    if (position === undefined) return undefined;
    const displaced = this.messages[position]!;
    this.messages[position] = message;
    return displaced;
  }

  take(): MailboxMessage<Event> | undefined {
    const { messages } = this;
    if (this.head >= messages.length) return undefined;
    const message = messages[this.head]!;
    this.head += 1;
    if (message.key !== null) this.positions?.delete(message.key);
    if (this.head === messages.length) {
      messages.length = 0;
      this.head = 0;
    } else if (this.head > 2 * this.policy.capacity) {
      this.giveBackTaken();
    }
    return message;
  }

  status(nowMs: number): QueueStatus {
    let oldestMs = nowMs;
    for (let i = this.head; i < this.messages.length; i += 1) {
      oldestMs = Math.min(oldestMs, this.messages[i]!.enqueuedAtMs);
    }
    return { depth: this.depth, oldestAgeMs: nowMs - oldestMs, dropped: { ...NOTHING_DROPPED, ...this.dropped } };
  }

  /** Of a queue that never runs empty: the taken part goes, and the remembered positions move along. */
  private giveBackTaken(): void {
    this.messages.splice(0, this.head);
    for (const [key, position] of this.positions ?? []) this.positions!.set(key, position - this.head);
    this.head = 0;
  }
}

/** Of a queue that was never used, and so was never made. */
export const unusedQueueStatus = (): QueueStatus => ({ ...NO_QUEUE, dropped: { ...NOTHING_DROPPED } });
