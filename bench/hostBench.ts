import assert from 'node:assert/strict';
import { createActor, emit, setup } from 'xstate';
import { createMachineHost } from '../src/actors/machineHost.ts';
import { createMailbox } from '../src/actors/mailbox.ts';
import { type BenchSection, compare, interleave, median } from './section.ts';

/** Four states as the arbitrage chart has them: idle → near → auto → go → idle, with a guard and an assignment. */
const machine = setup({
  types: {} as {
    context: { hits: number; need: number };
    events: { type: 'look'; edgeBps: number } | { type: 'hit' } | { type: 'settled' };
  },
  guards: { isNear: ({ event }) => event.type === 'look' && event.edgeBps > 10 },
  actions: { say: emit({ type: 'said' }) },
}).createMachine({
  context: { hits: 0, need: 2 },
  initial: 'idle',
  states: {
    idle: { on: { look: { guard: 'isNear', target: 'near' } } },
    near: { on: { look: { guard: 'isNear', target: 'auto' } } },
    auto: { on: { hit: { target: 'go', actions: 'say' } } },
    go: { on: { settled: 'idle' } },
  },
});

/** One round of the chart, and a look that opens nothing. */
const ROUND = [
  { type: 'look', edgeBps: 3 },
  { type: 'look', edgeBps: 12 },
  { type: 'look', edgeBps: 14 },
  { type: 'hit' },
  { type: 'settled' },
] as const;

const ROUNDS = 2000;
/** Many short turns: a busy machine then disturbs both sides alike. */
const TURNS = { rounds: 31, warmUps: 4 };
const EVENTS = ROUNDS * ROUND.length;

function runBare(): void {
  const actor = createActor(machine);
  let emitted = 0;
  actor.subscribe({ error: (error) => Promise.reject(error) });
  actor.on('*', () => {
    emitted += 1;
  });
  actor.start();
  for (let round = 0; round < ROUNDS; round += 1) for (const event of ROUND) actor.send(event);
  actor.stop();
  assert.equal(emitted, ROUNDS);
}

function runHosted(): void {
  let emitted = 0;
  let transitions = 0;
  let nowMs = 0;
  const mailbox = createMailbox({ nowMs: () => nowMs, onDropped: () => {} });
  const host = createMachineHost({
    id: 'bench',
    machine,
    input: {},
    nowMs: () => nowMs,
    timers: { arm: () => {}, cancel: () => {} },
    mailbox,
    onEmit: () => {
      emitted += 1;
    },
    onTransition: () => {
      transitions += 1;
    },
    onCrash: (error) => assert.fail(error.message),
  });
  host.start();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const event of ROUND) {
      nowMs += 1;
      host.deliver('signal', event, 'SOL');
      host.drain();
    }
  }
  host.stop();
  assert.equal(emitted, ROUNDS);
  assert.equal(transitions, 4 * ROUNDS + 1);
}

/** Events per second of the arb-like machine under the host, beside a bare XState actor: what mailbox and trace cost. */
export const hostSection: BenchSection = {
  title: 'Machine host: a four-state arb-like machine under the host, against a bare XState actor',
  async run({ quick }) {
    const times = interleave({ hosted: runHosted, bare: runBare }, quick ? { rounds: 1, warmUps: 0 } : TURNS);
    const rate = (ms: readonly number[]) => `${Math.round(EVENTS / median(ms))} k events/s`;
    const row = {
      name: 'events under the host / bare actor',
      ...compare(times.hosted, times.bare),
      floor: 0.6,
      aim: 0.9,
      absolutes: `${rate(times.hosted)} against ${rate(times.bare)}`,
    };
    return { rows: [row], notes: [`${EVENTS} events a round; transitions and emitted events checked in each`] };
  },
};
