import { type AnyEventObject, type AnyStateMachine, createActor, type StateValue } from 'xstate';
import { NightjarError, type PlainError } from '../domain/errors.ts';
import { boundedMachine } from './boundedMachine.ts';
import type { CrashDetails } from './crashRecord.ts';
import { errorChainOf } from './errorChain.ts';
import { createEventTrace, type TraceEntry } from './eventTrace.ts';
import { createHostTimers, type TimerPorts } from './hostTimers.ts';
import { type HostVerb, isHostVerb } from './hostVerbs.ts';
import { toJsonSafe } from './jsonSafe.ts';
import { type Mailbox, type MailboxMessage, QUEUE_NAMES, type QueueName } from './mailbox.ts';
import { stopOrphans } from './orphans.ts';
import { isSameState, stateName } from './stateNames.ts';

export interface Transition {
  /** Empty for the initial state. */
  readonly from: string;
  readonly to: string;
  readonly event: AnyEventObject;
}

export interface MachineHostOptions {
  readonly id: string;
  /** Part of the timer keys, so that a timer of an earlier life fits nothing in this one. */
  readonly incarnation?: number;
  readonly machine: AnyStateMachine;
  readonly input: unknown;
  readonly nowMs: () => number;
  readonly timers: TimerPorts;
  /** Survives a crash: hand it to the next incarnation's host. */
  readonly mailbox: Mailbox<AnyEventObject>;
  /** What the machine `emit`ted in one step, in order, after the step; of a step that crashed nothing is handed on. */
  readonly onEmit: (event: AnyEventObject) => void;
  readonly onTransition?: (transition: Transition) => void;
  /** Once; nothing of the machine runs any more. */
  readonly onCrash: (error: PlainError, details: Required<CrashDetails>) => void;
  /** The machine reached its final state. */
  readonly onDone?: (output: unknown) => void;
}

export type HostStatus = 'new' | 'running' | 'crashed' | 'stopped' | 'done';
export type MachineHost = ReturnType<typeof createMachineHost>;

const TRACE_CAPACITY = 64;
/** More events than this in one drain can only be an actor that feeds itself. */
const MAX_EVENTS_PER_DRAIN = 10_000;
const START_EVENT: AnyEventObject = { type: 'host.start' };
/** Emitted by a machine that wants its current event again after the next change of state. */
export const STASH_EVENT_TYPE = 'host.stash';

/**
 * Runs one XState machine: one event at a time from a mailbox outside it, timers by the kernel's clock, and every way to
 * die ends in `onCrash`, never in an exception, an unhandled rejection, or a half-changed machine that goes on.
 */
export function createMachineHost(options: MachineHostOptions) {
  const { id, mailbox, nowMs } = options;
  const timers = createHostTimers(
    options.incarnation === undefined ? id : `${id}/${options.incarnation}`,
    options.timers,
  );
  const trace = createEventTrace(TRACE_CAPACITY);
  let actor: ReturnType<typeof createActor<AnyStateMachine>> | null = null;
  let status: HostStatus = 'new';
  let failure: { readonly error: unknown } | null = null;
  let emitted: AnyEventObject[] = [];
  /** The state after the last step; null before the first. A crash leaves it where the last whole step ended. */
  let value: StateValue | null = null;
  let isBusy = false;

  function build(): void {
    const { clock } = timers;
    const logger = () => {};
    actor = createActor(boundedMachine(options.machine), { id, input: options.input, clock: clock as never, logger });
    // Without an error observer XState would throw into the process; it must be there before the start.
    actor.subscribe({
      error: (error) => {
        failure ??= { error };
        // Between two events only something asynchronous of the machine's own can fail: nobody else would notice.
        if (!isBusy) die(error, { type: 'host.async' }, value);
      },
    });
    actor.on('*', (event) => {
      emitted.push(event);
    });
    actor.start();
  }

  /**
   * Runs one piece of work to completion (`null`: sends the event) and settles what it left: a crash, a transition,
   * emitted events, the end.
   */
  function step(
    message: MailboxMessage<AnyEventObject> | null,
    event: AnyEventObject,
    work: (() => void) | null,
  ): void {
    const before = value;
    if (emitted.length > 0) emitted = [];
    try {
      if (work === null) actor!.send(event);
      else work();
      if (failure === null) settle(message, event, before);
    } catch (error) {
      failure ??= { error };
    }
    if (failure !== null) die(failure.error, event, before);
    else if (status === 'running' && actor?.getSnapshot().status === 'done') finish();
  }

  function settle(message: MailboxMessage<AnyEventObject> | null, event: AnyEventObject, before: StateValue | null) {
    const after = (actor!.getSnapshot() as { value: StateValue }).value;
    value = after;
    trace.note(nowMs(), message?.queue ?? 'start', event.type, before ?? '', after);
    if (before === null || !isSameState(before, after)) {
      mailbox.unstash();
      options.onTransition?.({ from: before === null ? '' : stateName(before), to: stateName(after), event });
    }
    for (const each of emitted) {
      if (each.type !== STASH_EVENT_TYPE) options.onEmit(each);
      else if (message !== null) mailbox.stash(message);
    }
  }

  function die(error: unknown, lastEvent: AnyEventObject, stateValue: StateValue | null): void {
    if (status !== 'running') return;
    status = 'crashed';
    silence();
    // Its timers are gone with it; everything else waits for the next incarnation.
    mailbox.dropQueue('timer', 'stopped');
    const errorChain = errorChainOf(error);
    options.onCrash(errorChain[0]!, {
      errorChain,
      lastEvent: toJsonSafe(lastEvent),
      stateValue: stateValue === null ? null : toJsonSafe(stateValue),
    });
  }

  /** Ends the machine, its timers and whatever it spawned. */
  function silence(): void {
    timers.cancelAll();
    if (actor === null) return;
    try {
      stopOrphans(actor);
      actor.stop();
    } catch {
      // Cleanup that throws has nobody left to tell: the actor is unreachable from now on.
    }
    timers.cancelAll();
  }

  function finish(): void {
    status = 'done';
    timers.cancelAll();
    mailbox.stop();
    options.onDone?.(actor?.getSnapshot().output);
  }

  function handle(message: MailboxMessage<AnyEventObject>): void {
    const { event } = message;
    if (message.queue === 'control' && isHostVerb(event)) {
      obey(event);
    } else if (message.queue === 'timer' && event.type === 'host.timer') {
      const fire = timers.take(event.timer as string);
      if (fire !== undefined) step(message, event, fire);
    } else {
      step(message, event, null);
    }
  }

  function obey(verb: HostVerb): void {
    if (verb.type === 'host.getState') verb.reply(getState());
    else if (verb.type === 'host.trace') verb.reply(trace.last(verb.count));
    else if (verb.type === 'host.suspend') mailbox.suspend();
    else if (verb.type === 'host.resume') mailbox.resume();
    else if (verb.type === 'host.stop') stop();
    else die(new NightjarError('actor.drill', `${id}: ${verb.reason}`), verb, value);
  }

  function stop({ keepMailbox = false } = {}): void {
    if (status !== 'running' && status !== 'new') return;
    status = 'stopped';
    silence();
    if (!keepMailbox) mailbox.stop();
  }

  function getState() {
    const snapshot = actor?.getSnapshot() as { context?: unknown; tags?: Set<string> } | undefined;
    return {
      id,
      status,
      state: value === null ? null : stateName(value),
      tags: [...(snapshot?.tags ?? [])],
      context: toJsonSafe(snapshot?.context ?? null),
      isSuspended: mailbox.isSuspended(),
      queues: Object.fromEntries(QUEUE_NAMES.map((name) => [name, mailbox.status(name)])),
    };
  }

  return {
    id,
    /** Builds and starts the machine; a throw in its first entry action is a crash like any other. */
    start(): void {
      if (status !== 'new') return;
      status = 'running';
      isBusy = true;
      step(null, START_EVENT, build);
      isBusy = false;
    },
    /** Puts an event into the mailbox, also while crashed: the next incarnation reads it. False when it was dropped. */
    deliver: (queue: QueueName, event: AnyEventObject, conflateKey?: string): boolean =>
      mailbox.offer(queue, event, conflateKey ?? null),
    /** Handles what waits, by priority, until nothing does. Called from within a step it leaves that to the one running. */
    drain(): number {
      if (isBusy) return 0;
      isBusy = true;
      let handled = 0;
      try {
        for (; status === 'running' && handled < MAX_EVENTS_PER_DRAIN; handled += 1) {
          const message = mailbox.take();
          if (message === undefined) return handled;
          handle(message);
        }
        if (status === 'running' && !mailbox.isIdle()) {
          const text = `${id} handled ${handled} events in one drain and has more: it feeds itself`;
          die(new NightjarError('actor.crashed', text), START_EVENT, value);
        }
        return handled;
      } finally {
        isBusy = false;
      }
    },
    /** Queues a due timer. False when it is none of this machine's, or was cancelled. */
    timerDue(key: string): boolean {
      if (status !== 'running' || !timers.isArmed(key)) return false;
      const event = { type: 'host.timer', timer: key };
      // A machine that misses one of its timers may wait for ever: better a fresh one.
      if (!mailbox.offer('timer', event)) {
        die(new NightjarError('mailbox.full', `${id} has no room for its timer ${key}`), event, value);
      }
      return true;
    },
    /**
     * Ends it between two events. XState runs no exit actions then: a machine that must tidy up is sent an event first.
     * `keepMailbox` when a next incarnation follows.
     */
    stop,
    /** A drill, acting at once. */
    crash(reason: string): void {
      if (status !== 'running') return;
      die(new NightjarError('actor.drill', `${id}: ${reason}`), { type: 'host.crash', reason }, value);
    },
    suspend: (): void => mailbox.suspend(),
    resume: (): void => mailbox.resume(),
    trace: (count: number): readonly TraceEntry[] => trace.last(count),
    getState,
    status: (): HostStatus => status,
    snapshotValue: (): StateValue | null => value,
    snapshotContext: (): unknown => (actor?.getSnapshot() as { context?: unknown } | undefined)?.context,
    hasTag(tag: string): boolean {
      const snapshot = actor?.getSnapshot() as { tags?: Set<string> } | undefined;
      return status === 'running' && (snapshot?.tags?.has(tag) ?? false);
    },
  };
}
