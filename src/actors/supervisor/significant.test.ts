import { describe, expect, it } from 'vitest';
import type { AutoShutdown, RestartType, Strategy } from './childSpec.ts';
import { CRASH, child, startWorld } from './testWorld.ts';

function startPair(autoShutdown: AutoShutdown, restart: RestartType, strategy: Strategy = 'one_for_one') {
  const children = [
    child('s1', { restart, significant: true }),
    child('s2', { restart, significant: true }),
    child('p'),
  ];
  const world = startWorld({ strategy, autoShutdown, children });
  world.start();
  world.take();
  return world;
}

describe('significant children', () => {
  it.each(
    (['never', 'any_significant', 'all_significant'] as const).flatMap((mode) =>
      ([{ kind: 'normal' }, { kind: 'shutdown' }, { kind: 'killed' }, CRASH] as const).map(
        (end) => [end, mode] as const,
      ),
    ),
  )('C59 the end %o of an insignificant child triggers no shutdown (%s)', (reason, autoShutdown) => {
    const children = [child('t', { restart: 'temporary' }), child('n', { restart: 'transient' }), child('p')];
    const world = startWorld({ autoShutdown, children });
    world.start();
    for (const id of ['t', 'n']) world.exit(id, reason);
    world.advance(100);
    expect(world.ending()).toBeNull();
    expect(world.phase('p')).toBe('running');
  });

  it.each([{ kind: 'killed' }, CRASH, { kind: 'normal' }] as const)(
    'C60 any end %o of a significant temporary child shuts down, a manual stop does not',
    (reason) => {
      const world = startPair('any_significant', 'temporary');
      world.call('child.terminate', 's2');
      expect(world.ending()).toBeNull();
      world.take();
      world.exit('s1', reason);
      expect(world.take()).toEqual(['ask p#1', 'ended autoShutdown']);
    },
  );

  it('C61 of a significant transient child only a normal end shuts down; a crash restarts it', () => {
    const world = startPair('any_significant', 'transient');
    world.exit('s1');
    world.advance(100);
    expect(world.phase('s1')).toBe('running');
    world.exit('s1', { kind: 'normal' });
    expect(world.ending()?.cause).toBe('autoShutdown');
  });

  it.each([
    [{ kind: 'normal' }, 'autoShutdown'],
    [{ kind: 'shutdown' }, 'autoShutdown'],
    [{ kind: 'killed' }, undefined],
    [CRASH, undefined],
  ] as const)(
    'C61 the end %o of a significant transient child gives %s; a manual stop gives nothing',
    (reason, cause) => {
      const world = startPair('any_significant', 'transient');
      world.call('child.terminate', 's2');
      expect(world.ending()).toBeNull();
      world.exit('s1', reason);
      world.advance(100);
      expect(world.ending()?.cause).toBe(cause);
      expect(world.incarnation('s1')).toBe(cause === undefined ? 2 : 1);
    },
  );

  it.each(['transient', 'temporary'] as const)('C62 all_significant fires on the last live one (%s)', (restart) => {
    const world = startPair('all_significant', restart);
    world.exit('s2', { kind: 'normal' });
    expect(world.ending()).toBeNull();
    world.exit('s1', { kind: 'normal' });
    expect(world.take()).toEqual(['ask p#1', 'ended autoShutdown']);
  });

  it.each(
    (['one_for_all', 'rest_for_one', 'one_for_one'] as const).flatMap((strategy) =>
      (['any_significant', 'all_significant'] as const).map((mode) => [strategy, mode] as const),
    ),
  )('C63 sibling cycling never triggers it (%s, %s)', (strategy, mode) => {
    const children = [child('p'), child('s', { restart: 'temporary', significant: true })];
    const world = startWorld({ strategy, autoShutdown: mode, children });
    world.start();
    world.exit('p');
    world.advance(100);
    expect(world.ending()).toBeNull();
    expect(world.phase('p')).toBe('running');
  });
});
