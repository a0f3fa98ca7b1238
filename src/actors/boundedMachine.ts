import type { AnyStateMachine } from 'xstate';

/** XState's own default is no limit: a circle of `always` transitions would hang the thread (stack.md §4). */
const MAX_ITERATIONS = 1000;

const boundedByMachine = new WeakMap<AnyStateMachine, AnyStateMachine>();

/** The same machine, that dies instead of circling for ever. */
export function boundedMachine(machine: AnyStateMachine): AnyStateMachine {
  const known = boundedByMachine.get(machine);
  if (known !== undefined) return known;
  // A copy, since the option is read from the machine object, and the caller's object is not ours to change.
  const bounded = machine.provide({}) as AnyStateMachine & { options?: { maxIterations?: number } };
  const ownLimit = bounded.options?.maxIterations ?? MAX_ITERATIONS;
  bounded.options = { ...bounded.options, maxIterations: Math.min(ownLimit, MAX_ITERATIONS) };
  boundedByMachine.set(machine, bounded);
  return bounded;
}
