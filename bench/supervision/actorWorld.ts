import assert from 'node:assert/strict';
import { type AnyEventObject, emit, setup } from 'xstate';
import { createMachineHost, type MachineHost } from '../../src/actors/machineHost.ts';
import { createMailbox, type Mailbox } from '../../src/actors/mailbox.ts';
import { createSupervisionTree, type SupervisionTree } from '../../src/actors/supervisionTree.ts';
import type { SupervisorSpec } from '../../src/actors/treeSpec.ts';
import { createRandom } from '../../src/domain/random.ts';

/** Answers `who` with the incarnation that it was started as; `boom` kills it in the middle of a step. */
export const answerer = setup({
  types: {} as {
    context: { incarnation: number };
    input: { incarnation: number };
    events: { type: 'who' } | { type: 'boom' };
  },
  actions: {
    answer: emit(({ context }) => ({ type: 'answered', incarnation: context.incarnation })),
    boom: () => {
      throw new Error('boom');
    },
  },
}).createMachine({
  context: ({ input }) => input,
  initial: 'ready',
  states: { ready: { on: { who: { actions: 'answer' }, boom: { actions: 'boom' } } } },
});

interface Actor {
  readonly mailbox: Mailbox<AnyEventObject>;
  host: MachineHost;
  incarnation: number;
}

export type ActorWorld = ReturnType<typeof startActorWorld>;

/**
 * A supervision tree over real hosts of XState machines, each with a mailbox that outlives its crashes, as the core has
 * it; timers that are due at once fire as soon as the step in hand is over.
 */
export function startActorWorld(root: SupervisorSpec, onAnswer: (id: string, incarnation: number) => void) {
  const actors = new Map<string, Actor>();
  const due: string[] = [];
  let nowMs = 0;
  const clock = () => nowMs;
  let crashes = 0;

  function startActor(id: string, incarnation: number): void {
    const mailbox = actors.get(id)?.mailbox ?? createMailbox({ nowMs: clock, onDropped: () => {} });
    const host = createMachineHost({
      id,
      incarnation,
      machine: answerer,
      input: { incarnation },
      nowMs: clock,
      timers: NO_TIMERS,
      mailbox,
      onEmit: (event) => onAnswer(id, event.incarnation as number),
      onCrash: (error, details) => tree.workerExited(id, incarnation, { kind: 'crash', error }, details),
    });
    actors.set(id, { mailbox, host, incarnation });
    host.start();
    tree.workerStarted(id, incarnation);
  }

  const tree: SupervisionTree = createSupervisionTree({
    root,
    nowMs: clock,
    random: createRandom(1),
    ports: {
      startWorker: startActor,
      stopWorker(id, incarnation, how) {
        // A killed one comes back: what waits for it stays.
        actors.get(id)?.host.stop({ keepMailbox: how === 'kill' });
        if (how === 'ask') actors.delete(id);
        tree.workerExited(id, incarnation, { kind: how === 'kill' ? 'killed' : 'shutdown' });
      },
      armTimer(key, delayMs) {
        assert.equal(delayMs, 0, `timer ${key} of ${delayMs} ms: no backoff is wanted here`);
        due.push(key);
      },
      cancelTimer: () => {},
      onCrash: () => {
        crashes += 1;
      },
      onRestarted: () => {},
      onReport: () => {},
      onStopped: () => {},
    },
  });
  tree.start();

  return {
    tree,
    actors,
    crashes: () => crashes,
    /** Puts an event into the actor's mailbox: whoever lives then, or the next incarnation, reads it. */
    tell(id: string, event: AnyEventObject): void {
      nowMs += 1;
      actors.get(id)!.mailbox.offer('signal', event);
    },
    /** Runs what waits until nothing does: mailboxes, and restarts that are due. */
    settle(id: string): void {
      actors.get(id)?.host.drain();
      while (due.length > 0) {
        tree.timerDue(due.shift()!);
        actors.get(id)?.host.drain();
      }
    },
  };
}

const NO_TIMERS = { arm: () => {}, cancel: () => {} };
