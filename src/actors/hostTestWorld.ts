import type { AnyEventObject, AnyStateMachine } from 'xstate';
import type { PlainError } from '../domain/errors.ts';
import type { CrashDetails } from './crashRecord.ts';
import { createMachineHost, type MachineHostOptions, type Transition } from './machineHost.ts';
import { createMailbox, type DropReason, type Mailbox, type MailboxOptions } from './mailbox.ts';

/** One hosted machine over a stepped clock; everything it says is collected. */
export function hostMachine(
  machine: AnyStateMachine,
  more: Partial<MachineHostOptions> & { readonly queues?: MailboxOptions<AnyEventObject>['queues'] } = {},
) {
  const clock = { nowMs: 0 };
  const armed = new Map<string, number>();
  const emitted: AnyEventObject[] = [];
  const transitions: Transition[] = [];
  const crashes: { readonly error: PlainError; readonly details: Required<CrashDetails> }[] = [];
  const dropped: { readonly type: string; readonly reason: DropReason }[] = [];
  const outputs: unknown[] = [];
  const mailbox: Mailbox =
    more.mailbox ??
    createMailbox<AnyEventObject>({
      nowMs: () => clock.nowMs,
      onDropped: (message, reason) => dropped.push({ type: message.event.type, reason }),
      ...(more.queues === undefined ? {} : { queues: more.queues }),
    });
  const host = createMachineHost({
    id: 'bot',
    machine,
    input: {},
    nowMs: () => clock.nowMs,
    timers: {
      arm: (key, delayMs) => armed.set(key, clock.nowMs + delayMs),
      cancel: (key) => armed.delete(key),
    },
    onEmit: (event) => emitted.push(event),
    onTransition: (transition) => transitions.push(transition),
    onCrash: (error, details) => crashes.push({ error, details }),
    onDone: (output) => outputs.push(output),
    ...more,
    mailbox,
  });
  return {
    host,
    mailbox,
    clock,
    armed,
    emitted,
    transitions,
    crashes,
    dropped,
    outputs,
    /** Delivers as a signal and handles it. */
    send(event: AnyEventObject): void {
      host.deliver('signal', event);
      host.drain();
    },
    /** Steps from deadline to deadline. */
    advance(ms: number): void {
      const untilMs = clock.nowMs + ms;
      for (;;) {
        const [due] = [...armed].filter(([, atMs]) => atMs <= untilMs).sort((a, b) => a[1] - b[1]);
        if (due === undefined) break;
        armed.delete(due[0]);
        clock.nowMs = due[1];
        host.timerDue(due[0]);
        host.drain();
      }
      clock.nowMs = untilMs;
    },
  };
}
