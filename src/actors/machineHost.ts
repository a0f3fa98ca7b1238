import { type AnyEventObject, createActor, type StateValue } from 'xstate';
import { NightjarError } from '../domain/errors.ts';
import { boundedMachine } from './boundedMachine.ts';
import { errorChainOf } from './errorChain.ts';
import { EventTrace, type TraceEntry } from './eventTrace.ts';
import { HostTimers } from './hostTimers.ts';
import { type HostVerb, isHostVerb } from './hostVerbs.ts';
import { toJsonSafe } from './jsonSafe.ts';
import type { HostStatus, MachineHostOptions } from './machineHostOptions.ts';
import { type MailboxMessage, QUEUE_NAMES, type QueueName } from './mailbox.ts';
import { stopAtRest, stopOrphans } from './orphans.ts';
import { isSameState, stateName } from './stateNames.ts';

export type { HostStatus, MachineHostOptions, Transition } from './machineHostOptions.ts';

const TRACE_CAPACITY = 64;
/** More events than this in one drain can only be an actor that feeds itself. */
const MAX_EVENTS_PER_DRAIN = 10_000;
const START_EVENT: AnyEventObject = { type: 'host.start' };
/** Emitted by a machine that wants its current event again after the next change of state. */
export const STASH_EVENT_TYPE = 'host.stash';

type Message = MailboxMessage<AnyEventObject>;

export const createMachineHost = (options: MachineHostOptions): MachineHost => new MachineHost(options);

/**
 * Runs one XState machine: one event at a time from a mailbox outside it, timers by the kernel's clock, and every way to
 * die ends in `onCrash`, never in an exception, an unhandled rejection, or a half-changed machine that goes on.
 *
 * A class, since a bot of ten thousand should not bring a set of functions of its own.
 */
export class MachineHost {
  readonly id: string;
  private readonly options: MachineHostOptions;
  private readonly timers: HostTimers;
  private readonly events = new EventTrace(TRACE_CAPACITY);
  private actor: ReturnType<typeof createActor> | null = null;
  private now: HostStatus = 'new';
  private failure: { readonly error: unknown } | null = null;
  /** By the step in hand. */
  private emitted: AnyEventObject[] | null = null;
  /** The state after the last step; null before the first. A crash leaves it where the last whole step ended. */
  private value: StateValue | null = null;
  private isBusy = false;

  constructor(options: MachineHostOptions) {
    const { id, incarnation } = options;
    this.id = id;
    this.options = options;
    this.timers = new HostTimers(incarnation === undefined ? id : `${id}/${incarnation}`, options.timers);
  }

  /** Builds and starts the machine; a throw in its first entry action is a crash like any other. */
  start(): void {
    if (this.now !== 'new') return;
    this.now = 'running';
    this.isBusy = true;
    this.step(null, START_EVENT, BUILD);
    this.isBusy = false;
  }

  /** Puts an event into the mailbox, also while crashed: the next incarnation reads it. False when it was dropped. */
  deliver(queue: QueueName, event: AnyEventObject, conflateKey?: string): boolean {
    return this.options.mailbox.offer(queue, event, conflateKey ?? null);
  }

  /** Handles what waits, by priority, until nothing does. Called from within a step it leaves that to the one running. */
  drain(): number {
    if (this.isBusy) return 0;
    this.isBusy = true;
    const { mailbox } = this.options;
    let handled = 0;
    try {
      for (; this.now === 'running' && handled < MAX_EVENTS_PER_DRAIN; handled += 1) {
        const message = mailbox.take();
        if (message === undefined) return handled;
        this.handle(message);
      }
      if (this.now === 'running' && !mailbox.isIdle()) {
        const text = `${this.id} handled ${handled} events in one drain and has more: it feeds itself`;
        this.die(new NightjarError('actor.crashed', text), START_EVENT, this.value);
      }
      return handled;
    } finally {
      this.isBusy = false;
    }
  }

  /** Queues a due timer. False when it is none of this machine's, or was cancelled. */
  timerDue(key: string): boolean {
    if (this.now !== 'running' || !this.timers.isArmed(key)) return false;
    const event = { type: 'host.timer', timer: key };
    // A machine that misses one of its timers may wait for ever: better a fresh one.
    if (!this.options.mailbox.offer('timer', event)) {
      this.die(new NightjarError('mailbox.full', `${this.id} has no room for its timer ${key}`), event, this.value);
    }
    return true;
  }

  /**
   * Ends it between two events. XState runs no exit actions then: a machine that must tidy up is sent an event first.
   * `keepMailbox` when a next incarnation follows.
   */
  stop({ keepMailbox = false } = {}): void {
    if (this.now !== 'running' && this.now !== 'new') return;
    this.now = 'stopped';
    this.silence();
    if (!keepMailbox) this.options.mailbox.stop();
  }

  /** A drill, acting at once. */
  crash(reason: string): void {
    if (this.now !== 'running') return;
    this.die(new NightjarError('actor.drill', `${this.id}: ${reason}`), { type: 'host.crash', reason }, this.value);
  }

  suspend(): void {
    this.options.mailbox.suspend();
  }

  resume(): void {
    this.options.mailbox.resume();
  }

  trace(count: number): readonly TraceEntry[] {
    return this.events.last(count);
  }

  status(): HostStatus {
    return this.now;
  }

  snapshotValue(): StateValue | null {
    return this.value;
  }

  snapshotContext(): unknown {
    return (this.actor?.getSnapshot() as { context?: unknown } | undefined)?.context;
  }

  hasTag(tag: string): boolean {
    return this.now === 'running' && (this.tags()?.has(tag) ?? false);
  }

  getState() {
    const { mailbox } = this.options;
    return {
      id: this.id,
      status: this.now,
      state: this.value === null ? null : stateName(this.value),
      tags: [...(this.tags() ?? [])],
      context: toJsonSafe(this.snapshotContext() ?? null),
      isSuspended: mailbox.isSuspended(),
      queues: Object.fromEntries(QUEUE_NAMES.map((name) => [name, mailbox.status(name)])),
    };
  }

  private tags(): Set<string> | undefined {
    return (this.actor?.getSnapshot() as { tags?: Set<string> } | undefined)?.tags;
  }

  private build(): void {
    const { machine, input } = this.options;
    const actor = createActor(boundedMachine(machine), {
      id: this.id,
      input,
      clock: this.timers as never,
      logger: NO_LOGGER,
    });
    this.actor = actor;
    // Without an error observer XState would throw into the process; it must be there before the start.
    actor.subscribe({ error: (error) => this.onError(error) });
    actor.on('*', (event) => {
      if (this.emitted === null) this.emitted = [event];
      else this.emitted.push(event);
    });
    actor.start();
  }

  private onError(error: unknown): void {
    this.failure ??= { error };
    // Between two events only something asynchronous of the machine's own can fail: nobody else would notice.
    if (!this.isBusy) this.die(error, { type: 'host.async' }, this.value);
  }

  private handle(message: Message): void {
    const { event } = message;
    if (message.queue === 'control' && isHostVerb(event)) {
      this.obey(event);
    } else if (message.queue === 'timer' && event.type === 'host.timer') {
      const fire = this.timers.take(event.timer as string);
      if (fire !== undefined) this.step(message, event, fire);
    } else {
      this.step(message, event, SEND);
    }
  }

  private obey(verb: HostVerb): void {
    if (verb.type === 'host.getState') verb.reply(this.getState());
    else if (verb.type === 'host.trace') verb.reply(this.trace(verb.count));
    else if (verb.type === 'host.suspend') this.suspend();
    else if (verb.type === 'host.resume') this.resume();
    else if (verb.type === 'host.stop') this.stop();
    else this.die(new NightjarError('actor.drill', `${this.id}: ${verb.reason}`), verb, this.value);
  }

  /** Runs one piece of work to completion and settles what it left: a crash, a transition, emitted events, the end. */
  private step(message: Message | null, event: AnyEventObject, work: Work): void {
    const before = this.value;
    this.emitted = null;
    try {
      if (work === SEND) this.actor!.send(event);
      else if (work === BUILD) this.build();
      else work();
      if (this.failure === null) this.settle(message, event, before);
    } catch (error) {
      this.failure ??= { error };
    }
    if (this.failure !== null) this.die(this.failure.error, event, before);
    else if (this.now === 'running' && this.actor?.getSnapshot().status === 'done') this.finish();
  }

  private settle(message: Message | null, event: AnyEventObject, before: StateValue | null): void {
    const { mailbox, nowMs, onEmit, onTransition } = this.options;
    const after = (this.actor!.getSnapshot() as unknown as { value: StateValue }).value;
    this.value = after;
    this.events.note(nowMs(), message?.queue ?? 'start', event.type, before ?? '', after);
    if (before === null || !isSameState(before, after)) {
      mailbox.unstash();
      onTransition?.({ from: before === null ? '' : stateName(before), to: stateName(after), event });
    }
    if (this.emitted === null) return;
    for (const each of this.emitted) {
      if (each.type !== STASH_EVENT_TYPE) onEmit(each);
      else if (message !== null) mailbox.stash(message);
    }
  }

  private die(error: unknown, lastEvent: AnyEventObject, stateValue: StateValue | null): void {
    if (this.now !== 'running') return;
    this.now = 'crashed';
    this.silence();
    // Its timers are gone with it; everything else waits for the next incarnation.
    this.options.mailbox.dropQueue('timer', 'stopped');
    const errorChain = errorChainOf(error);
    this.options.onCrash(errorChain[0]!, {
      errorChain,
      lastEvent: toJsonSafe(lastEvent),
      stateValue: stateValue === null ? null : toJsonSafe(stateValue),
    });
  }

  /** Ends the machine, its timers and whatever it spawned. */
  private silence(): void {
    this.timers.cancelAll();
    if (this.actor === null) return;
    try {
      stopOrphans(this.actor);
      if (this.isBusy) this.actor.stop();
      else stopAtRest(this.actor);
    } catch {
      // Cleanup that throws has nobody left to tell: the actor is unreachable from now on.
    }
    this.timers.cancelAll();
  }

  private finish(): void {
    this.now = 'done';
    this.timers.cancelAll();
    this.options.mailbox.stop();
    this.options.onDone?.(this.actor?.getSnapshot().output);
  }
}

/** The work of a step: send the event, build the machine, or what a timer left to do. */
type Work = typeof SEND | typeof BUILD | (() => void);
const SEND = 'send';
const BUILD = 'build';
const NO_LOGGER = () => {};
