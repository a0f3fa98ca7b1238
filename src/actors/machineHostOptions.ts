import type { AnyEventObject, AnyStateMachine } from 'xstate';
import type { PlainError } from '../domain/errors.ts';
import type { CrashDetails } from './crashRecord.ts';
import type { TimerPorts } from './hostTimers.ts';
import type { Mailbox } from './mailbox.ts';

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
