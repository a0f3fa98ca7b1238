import { describe, expect, it } from 'vitest';
import type { ChildSpecInput, SupervisorConfigInput } from './childSpec.ts';
import { child, startWorld, type World } from './testWorld.ts';

function startABC(more: Partial<SupervisorConfigInput> = {}) {
  const world = startWorld({ children: ['a', 'b', 'c'].map((id) => child(id)), ...more });
  world.start();
  world.take();
  return world;
}

/** Changes flags and specs, and answers what the supervisor said. */
function change(world: World, children: readonly ChildSpecInput[], flags: Partial<SupervisorConfigInput> = {}) {
  const { strategy } = world.state().config;
  const config = { id: 'sup', strategy, intensity: 10, periodMs: 60_000, ...flags, children };
  world.send({ type: 'change', ref: 'change', config });
  return world.replies.get('change');
}

const started = (world: World) => world.ask('which');

describe('live change', () => {
  it('C57 keeps what runs under its new spec, starts nothing new and stops nothing that is not listed any more', () => {
    const world = startABC();
    expect(change(world, [child('n'), child('b', { shutdownMs: 7 }), child('a')])).toEqual({ ok: true });
    expect(world.take()).toEqual([]);
    expect(started(world)).toMatchObject({
      children: [
        { id: 'c', handle: 1 },
        { id: 'a', handle: 1 },
        { id: 'b', handle: 1 },
        { id: 'n', handle: null },
      ],
    });
    world.behaviours.b = { stop: 'deaf' };
    expect(world.call('child.restart', 'n')).toMatchObject({ ok: true, incarnation: 1 });
    world.call('child.terminate', 'b');
    world.advance(7);
    expect(world.take()).toEqual(['start n#1', 'ask b#1', 'kill b#1']);
  });

  it('C57 new flags count from the next crash on', () => {
    const world = startABC();
    world.exit('a');
    world.advance(100);
    change(
      world,
      ['a', 'b', 'c'].map((id) => child(id)),
      { strategy: 'one_for_all', intensity: 2 },
    );
    world.take();
    world.exit('b');
    world.advance(500);
    expect(world.take()).toEqual(['ask c#1', 'ask a#2', 'start a#3', 'start b#2', 'restarted b#2', 'start c#2']);
    world.exit('c');
    expect(world.ending()?.cause).toBe('gaveUp');
  });

  it('C57 an instance follows the new template, and keeps what it is started with', () => {
    const world = startWorld({ strategy: 'dynamic', children: [child('t')] });
    world.start();
    world.add({ id: 'x', start: 'own' });
    expect(change(world, [child('t', { restart: 'temporary', start: 'other' })])).toEqual({ ok: true });
    expect(world.state().children.get('x')?.spec).toMatchObject({ restart: 'temporary', start: 'own' });
    world.exit('x');
    expect(world.phase('x')).toBeUndefined();
  });

  it.each([
    ['an unknown strategy', { strategy: 'all_for_none' as 'one_for_one' }, [child('a')], 'strategy = all_for_none'],
    ['a child of two specs', {}, [child('a'), child('a')], 'child id = a'],
    ['a significant child that nothing watches', {}, [child('a', { restart: 'transient', significant: true })], 'auto'],
    ['another id', { id: 'other' }, [child('a')], 'id = other (was sup)'],
    ['a template in place of children', { strategy: 'dynamic' as const }, [child('a')], 'was one_for_one'],
  ])('C57 a bad change (%s) leaves the old state as it was', (_what, flags, children, message) => {
    const world = startABC();
    const before = world.state();
    expect(change(world, children, flags)).toMatchObject({
      ok: false,
      error: { code: 'config.invalid', message: expect.stringContaining(message) },
    });
    expect(world.state()).toEqual(before);
    world.exit('c');
    world.advance(100);
    expect(world.take()).toEqual(['start c#2', 'restarted c#2']);
  });

  it('C57 is refused while a cycle stops or starts children, and taken while it only waits', () => {
    const world = startABC({ strategy: 'rest_for_one' });
    world.behaviours.c = { stop: 'hold' };
    world.exit('b');
    const later = ['a', 'b', 'n'].map((id) => child(id));
    expect(change(world, later)).toEqual({ ok: false, refusal: 'restarting' });
    world.exit('c', { kind: 'shutdown' });
    expect(change(world, later, { strategy: 'one_for_one' })).toEqual({ ok: false, refusal: 'restarting' });
    expect(change(world, later)).toEqual({ ok: true });
    world.take();
    world.advance(100);
    expect(world.take()).toEqual(['start b#2', 'restarted b#2', 'start n#1', 'start c#2']);
  });

  it.each(['any_significant', 'all_significant'] as const)(
    'C65 children live on from never to %s and back, and their ends count by the mode of the moment',
    (mode) => {
      const plain = [child('s1', { restart: 'transient' }), child('s2', { restart: 'transient' }), child('p')];
      const marked = plain.map((each) => (each.id === 'p' ? each : { ...each, significant: true }));
      const world = startWorld({ children: plain });
      world.start();
      expect(change(world, marked, { autoShutdown: mode })).toEqual({ ok: true });
      expect(change(world, plain, { autoShutdown: 'never' })).toEqual({ ok: true });
      world.exit('s1', { kind: 'normal' });
      expect(world.ending()).toBeNull();
      world.call('child.restart', 's1');
      const other = mode === 'any_significant' ? 'all_significant' : 'any_significant';
      change(world, marked, { autoShutdown: other });
      change(world, marked, { autoShutdown: mode });
      world.exit('s2', { kind: 'normal' });
      if (mode === 'all_significant') {
        expect(world.ending()).toBeNull();
        world.exit('s1', { kind: 'normal' });
      }
      expect(world.ending()?.cause).toBe('autoShutdown');
      expect(world.alive()).toEqual([]);
    },
  );
});
