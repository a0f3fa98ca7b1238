import assert from 'node:assert/strict';
import { createActor } from 'xstate';
import { type BenchSection, compare, median } from '../section.ts';
import { answerer, startActorWorld } from './actorWorld.ts';
import { NO_ERLANG, startErlangPeer } from './erlangPeer.ts';

/**
 * Children of a dynamic supervisor, started one by one: ours are XState machines under their hosts, with a mailbox each;
 * Erlang's are processes under simple_one_for_one. The bare XState actor, nothing around it, shows what of ours is its.
 */
export const childrenSection: BenchSection = {
  title: 'Supervision: 10,000 children started, beside Erlang',
  async run({ quick }) {
    const rounds = quick ? 1 : 9;
    const count = quick ? 1000 : 10_000;
    await using erlang = await startErlangPeer();
    const ours: number[] = [];
    const bare: number[] = [];
    const theirs: number[] = [];
    for (let round = -2; round < rounds; round += 1) {
      const ourMs = startOurs(count);
      const bareMs = startBare(count);
      const their = await erlang?.children(count);
      if (their !== undefined) assert.equal(their.counted, count);
      if (round < 0) continue;
      ours.push(ourMs);
      bare.push(bareMs);
      theirs.push(their?.tookMs ?? Number.NaN);
    }
    const ms = (tookMs: readonly number[]) => median(tookMs).toFixed(0);
    const rows = [
      {
        name: 'supervised, against bare XState actors',
        ...compare(ours, bare),
        absolutes: `${ms(ours)} ms against ${ms(bare)}`,
      },
    ];
    const notes = [`${count} children a round, all running and counted; ours answer afterwards`];
    if (erlang === null) return { rows, notes: [...notes, NO_ERLANG] };
    const row = {
      name: `supervised, against Erlang/OTP ${erlang.release}`,
      ...compare(ours, theirs),
      floor: 1 / 6,
      aim: 1 / 3,
      absolutes: `${ms(ours)} ms against ${ms(theirs)}`,
    };
    return { rows: [row, ...rows], notes };
  },
};

/** @returns milliseconds until the last one runs */
function startOurs(count: number): number {
  const answers = new Map<string, number>();
  const pool = { id: 'pool', strategy: 'dynamic', children: [{ id: 'template' }] } as const;
  const root = { id: 'root', strategy: 'one_for_one', children: [pool] } as const;
  const world = startActorWorld(root, (id, incarnation) => answers.set(id, incarnation));
  const startMs = performance.now();
  for (let i = 0; i < count; i += 1) world.tree.startInstance('pool', `child:${i}`);
  const tookMs = performance.now() - startMs;
  const children = world.tree.status().children[0]!.children;
  assert.equal(children.filter(({ state }) => state === 'running').length, count);
  for (const id of world.actors.keys()) {
    world.tell(id, { type: 'who' });
    world.settle(id);
  }
  assert.equal(answers.size, count);
  return tookMs;
}

function startBare(count: number): number {
  const startMs = performance.now();
  const actors = Array.from({ length: count }, () => createActor(answerer, { input: { incarnation: 1 } }).start());
  const tookMs = performance.now() - startMs;
  assert.ok(actors.every((actor) => actor.getSnapshot().value === 'ready'));
  return tookMs;
}
