import assert from 'node:assert/strict';
import { createActor } from 'xstate';
import { answerer, startActorWorld } from '../supervision/actorWorld.ts';

/**
 * Runs in a process of its own, with --expose-gc: heap per idle bot with all that the supervision brings along (host,
 * mailbox, tree), and per bare XState actor of the same machine. `idleBots.ts COUNT` prints both as JSON, in bytes.
 */
const count = Number(process.argv[2]);
const gc = globalThis.gc;
if (gc === undefined || !(count > 0)) throw new Error('run me as: node --expose-gc idleBots.ts COUNT');

// Once without looking: what code and caches take is nobody's bot.
grow(100);
growBare(100);
const supervisedBytes = bytesPer(() => grow(count));
const bareBytes = bytesPer(() => growBare(count));
console.log(JSON.stringify({ supervisedBytes, bareBytes }));

function bytesPer(make: () => unknown): number {
  const beforeBytes = heapBytes();
  const kept = make();
  const tookBytes = heapBytes() - beforeBytes;
  assert.ok(kept);
  return tookBytes / count;
}

function heapBytes(): number {
  for (let i = 0; i < 3; i += 1) gc!();
  return process.memoryUsage().heapUsed;
}

/** Each has answered once, as a bot that waits for its next look has. */
function grow(bots: number) {
  let answers = 0;
  const pool = { id: 'pool', strategy: 'dynamic', children: [{ id: 'template' }] } as const;
  const world = startActorWorld({ id: 'root', strategy: 'one_for_one', children: [pool] }, () => {
    answers += 1;
  });
  for (let i = 0; i < bots; i += 1) {
    assert.deepEqual(world.tree.startInstance('pool', `bot:${i}`), { ok: true });
    world.tell(`bot:${i}`, { type: 'who' });
    world.settle(`bot:${i}`);
  }
  assert.equal(answers, bots);
  return world;
}

function growBare(bots: number) {
  return Array.from({ length: bots }, () => {
    const actor = createActor(answerer, { input: { incarnation: 1 } }).start();
    actor.send({ type: 'who' });
    return actor;
  });
}
