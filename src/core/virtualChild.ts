import type { Clock, Transport } from '../domain/ports.ts';
import type { ChildEvents, RunningChild } from './childPort.ts';

/** What one incarnation of a child may use. */
export interface Scope {
  readonly clock: Clock;
  readonly transport: Transport;
  /** Takes both from it: a dead thread hears no timer and no answer. Where nothing outlives its child, does nothing. */
  end(): void;
}

/** A child that lives in the core's own thread: its end is told at once. */
export function inProcess(stop: () => void, events: ChildEvents): RunningChild {
  return {
    stop() {
      stop();
      events.exited({ kind: 'shutdown' });
    },
    kill() {
      stop();
      events.exited({ kind: 'killed' });
    },
  };
}
