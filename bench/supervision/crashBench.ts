import assert from 'node:assert/strict';
import { type BenchSection, compare, median, quantile } from '../section.ts';
import { startActorWorld } from './actorWorld.ts';
import { type Death, NO_ERLANG, startErlangPeer } from './erlangPeer.ts';

const ACTOR = 'answerer';
/** Deaths per life of the supervisor, on both sides: the list of spent restarts stays as short as in a system that works. */
const DEATHS_PER_LIFE = 10;
/** V8 goes on compiling what runs for some ten thousand deaths of each kind. */
const WARM_UPS = 10;
const WARM_UP_DEATHS = 2000;
/** Many short rounds in turn: a busy moment of the machine spoils a few rounds of both sides and no median. */
const ROUNDS = 41;
const ROUND_DEATHS = 500;
const NO_BACKOFF = { minMs: 0, maxMs: 0, earlyMaxMs: 0, stableAfterMs: 1 };

/**
 * An actor dies, and who asks it next is answered by its next incarnation. Ours: an XState machine under its host in a
 * supervision tree without backoff, its mailbox kept. Erlang's: a process under one_for_one. `killed` is ended from
 * outside; `error` throws in the middle of a message, and a crash record (Erlang: a crash report) is made that nobody
 * prints. Either holds the stack as it was at the throw and puts it into words only for whoever reads the report.
 */
export const crashSection: BenchSection = {
  title: 'Supervision: crash of an actor → its next incarnation answers, beside Erlang',
  async run({ quick }) {
    const warmUps = quick ? 0 : WARM_UPS;
    const rounds = quick ? 1 : ROUNDS;
    const roundDeaths = quick ? 200 : ROUND_DEATHS;
    await using erlang = await startErlangPeer();
    const tookMs: Record<Death, { ours: (readonly number[])[]; theirs: (readonly number[])[] }> = {
      kill: { ours: [], theirs: [] },
      crash: { ours: [], theirs: [] },
    };
    for (let round = -warmUps; round < rounds; round += 1) {
      const deaths = round < 0 ? WARM_UP_DEATHS : roundDeaths;
      for (const how of ['kill', 'crash'] as const) {
        const ours = await dieOurs(how, deaths);
        const theirs = (await erlang?.deaths(how, deaths)) ?? [];
        if (erlang !== null) assert.equal(theirs.length, deaths);
        if (round < 0) continue;
        tookMs[how].ours.push(ours);
        tookMs[how].theirs.push(theirs);
      }
    }
    const notes = [
      `${rounds} rounds of ${roundDeaths} deaths of each kind; each answer names the very next incarnation, on both sides`,
    ];
    if (erlang === null) return { rows: [], notes: [...notes, NO_ERLANG] };
    const row = (name: string, how: Death, share: number) => {
      const { ours, theirs } = tookMs[how];
      return {
        name: `${name}, against Erlang/OTP ${erlang.release}`,
        ...compare(at(ours, share), at(theirs, share)),
        absolutes: `${us(ours, share)} µs against ${us(theirs, share)}`,
      };
    };
    const rows = [
      { ...row('killed, p50', 'kill', 0.5), floor: 0.5, aim: 1 },
      row('killed, p99', 'kill', 0.99),
      { ...row('error with its record, p50', 'crash', 0.5), floor: 0.4, aim: 1 },
      row('error with its record, p99', 'crash', 0.99),
    ];
    return { rows, notes };
  },
};

const at = (rounds: readonly (readonly number[])[], share: number) => rounds.map((tookMs) => quantile(tookMs, share));
const us = (rounds: readonly (readonly number[])[], share: number) => (median(at(rounds, share)) * 1000).toFixed(1);

/** @returns milliseconds from each death until the awaited answer */
async function dieOurs(how: Death, count: number): Promise<number[]> {
  const tookMs: number[] = [];
  for (let life = 0; life < count / DEATHS_PER_LIFE; life += 1) {
    let answered = (_incarnation: number): void => {};
    const spec = { id: 'root', strategy: 'one_for_one', intensity: DEATHS_PER_LIFE, backoff: NO_BACKOFF } as const;
    const world = startActorWorld({ ...spec, children: [{ id: ACTOR }] }, (_id, incarnation) => answered(incarnation));
    for (let death = 1; death <= DEATHS_PER_LIFE; death += 1) {
      const startMs = performance.now();
      const answer = new Promise<number>((resolve) => {
        answered = resolve;
      });
      if (how === 'kill') world.tree.crash(ACTOR);
      else world.tell(ACTOR, { type: 'boom' });
      world.tell(ACTOR, { type: 'who' });
      world.settle(ACTOR);
      const incarnation = await answer;
      tookMs.push(performance.now() - startMs);
      assert.equal(incarnation, death + 1, 'the next incarnation answers, and no other');
    }
    assert.equal(world.crashes(), DEATHS_PER_LIFE);
  }
  return tookMs;
}
