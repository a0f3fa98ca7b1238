import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RestartType, Strategy } from './childSpec.ts';
import { type Behaviour, CRASH, child, startWorld, type World } from './testWorld.ts';

const IDS = ['a', 'b', 'c', 'd'];
const id = fc.constantFrom(...IDS);

type Act =
  | { readonly do: 'crash' | 'normal' | 'cycle' | 'terminate' | 'restart'; readonly id: string }
  | { readonly do: 'behave'; readonly id: string; readonly behaviour: Behaviour }
  | { readonly do: 'answer'; readonly id: string }
  | { readonly do: 'wait'; readonly ms: number };

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  start: fc.constantFrom<NonNullable<Behaviour['start']>[]>('ok', 'ok', 'ok', 'fail', 'hold', 'ignore'),
  stop: fc.constantFrom<NonNullable<Behaviour['stop']>[]>('ok', 'ok', 'deaf', 'hold', CRASH),
});

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('crash', 'normal'), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('cycle', 'terminate', 'restart'), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('behave' as const), id, behaviour }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('answer' as const), id }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(3000) }) },
);

const setup = fc.record({
  strategy: fc.constantFrom<Strategy>('one_for_one', 'one_for_all', 'rest_for_one'),
  restarts: fc.array(fc.constantFrom<RestartType>('permanent', 'permanent', 'transient', 'temporary'), {
    minLength: IDS.length,
    maxLength: IDS.length,
  }),
  intensity: fc.integer({ min: 0, max: 6 }),
  script: fc.array(act, { maxLength: 40 }),
  seed: fc.nat(1000),
});

type Setup = typeof setup extends fc.Arbitrary<infer T> ? T : never;

function startScripted({ strategy, restarts, intensity, seed }: Setup): World {
  const children = IDS.map((each, i) => child(each, { restart: restarts[i]!, shutdownMs: 200 }));
  const world = startWorld({ strategy, intensity, periodMs: 10_000, children }, {}, seed);
  world.start();
  return world;
}

/** The world itself throws when an incarnation starts while another one of the same child lives. */
function play(world: World, script: readonly Act[], afterEach: (world: World) => void = () => {}): void {
  for (const each of script) {
    if (each.do === 'wait') world.advance(each.ms);
    else if (each.do === 'behave') world.behaviours[each.id] = each.behaviour;
    else if (each.do === 'crash') world.exit(each.id);
    else if (each.do === 'normal') world.exit(each.id, { kind: 'normal' });
    else if (each.do === 'cycle') world.call('child.cycle', each.id);
    else if (each.do === 'terminate') world.call('child.terminate', each.id);
    else if (each.do === 'restart') world.call('child.restart', each.id);
    else if (world.phase(each.id) === 'starting') world.answerStart(each.id, 'ok');
    else if (world.phase(each.id) === 'stopping') world.exit(each.id, { kind: 'shutdown' });
    afterEach(world);
  }
}

/** Lets everything answer and every timer pass. */
function comeToRest(world: World): void {
  for (let round = 0; round < 20; round += 1) {
    for (const each of IDS) {
      world.behaviours[each] = {};
      if (world.phase(each) === 'starting') world.answerStart(each, 'ok');
      if (world.phase(each) === 'stopping') world.exit(each, { kind: 'shutdown' });
    }
    world.advance(5000);
  }
}

describe('any script of crashes', () => {
  it('spends at most one restart per crash record and never more than the intensity within the window', () => {
    fc.assert(
      fc.property(setup, (given) => {
        const world = startScripted(given);
        play(world, given.script, () => {
          const inWindow = world.state().restarts.filter((entry) => entry.atMs >= world.nowMs() - 10_000);
          if (world.state().phase === 'running') expect(inWindow.length).toBeLessThanOrEqual(given.intensity);
          expect(world.state().restarts.length).toBeLessThanOrEqual(world.crashes.length);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('comes to rest: permanent children run, or the supervisor has ended with nothing alive', () => {
    fc.assert(
      fc.property(setup, (given) => {
        const world = startScripted(given);
        const stopped = new Set<string>();
        play(
          world,
          given.script.filter((each) => each.do !== 'terminate'),
        );
        for (const each of given.script)
          if (each.do === 'behave' && each.behaviour.start === 'ignore') stopped.add(each.id);
        comeToRest(world);
        if (world.ending() !== null) {
          expect(world.alive()).toEqual([]);
          expect(world.timers.size).toBe(0);
          return;
        }
        for (const [i, each] of IDS.entries()) {
          if (given.restarts[i] === 'permanent' && !stopped.has(each)) expect(world.phase(each)).toBe('running');
        }
        expect(world.state().walk).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it('can always be stopped: right to left, with nothing and no timer left', () => {
    fc.assert(
      fc.property(setup, (given) => {
        const world = startScripted(given);
        play(world, given.script);
        world.take();
        world.stop();
        // Whatever is deaf is killed by its own budget.
        world.advance(200 * (IDS.length + 1));
        expect(world.alive()).toEqual([]);
        expect(world.ending()).not.toBeNull();
        expect(world.timers.size).toBe(0);
        const asked = world.take().flatMap((line) => (line.startsWith('ask ') ? [line.slice(4, 5)] : []));
        expect(asked).toEqual([...asked].sort().reverse());
      }),
      { numRuns: 500 },
    );
  });

  it('decides the same twice', () => {
    fc.assert(
      fc.property(setup, (given) => {
        const [one, two] = [startScripted(given), startScripted(given)];
        play(one, given.script);
        play(two, given.script);
        expect(one.log).toEqual(two.log);
        expect(one.state()).toEqual(two.state());
      }),
      { numRuns: 100 },
    );
  });

  it('under rest_for_one nothing runs behind a child that is down for a restart', () => {
    fc.assert(
      fc.property(setup, (given) => {
        const world = startScripted({ ...given, strategy: 'rest_for_one' });
        const quiet = given.script.filter((each) => each.do !== 'behave');
        play(world, quiet, () => {
          const down = IDS.findIndex((each) => world.phase(each) === 'backingOff');
          if (down === -1) return;
          for (const later of IDS.slice(down + 1)) expect(world.alive()).not.toContain(later);
        });
      }),
      { numRuns: 300 },
    );
  });
});
