import { describe, expect, it } from 'vitest';
import {
  type ChildSpecInput,
  checkChildSpecs,
  checkSupervisorConfig,
  type SupervisorConfigInput,
} from './childSpec.ts';
import { BOOM, child, startWorld } from './testWorld.ts';

describe('first start', () => {
  it('C01 starts and stops cleanly without children', () => {
    const world = startWorld({ children: [] });
    world.start();
    world.stop();
    expect(world.log).toEqual(['started', 'ended stopped']);
  });

  it('starts left to right and awaits each start', () => {
    const world = startWorld({ children: [child('b'), child('a'), child('c')] }, { a: { start: 'hold' } });
    world.start();
    expect(world.take()).toEqual(['start b#1', 'start a#1']);
    world.answerStart('a', 'ok');
    expect(world.take()).toEqual(['start c#1', 'started']);
  });

  it.each(['permanent', 'transient'] as const)('C05 keeps the spec of a %s child that answers "not now"', (restart) => {
    const world = startWorld({ children: [child('a', { restart }), child('b')] }, { a: { start: 'ignore' } });
    world.start();
    expect(world.log).toEqual(['start a#1', 'start b#1', 'started']);
    expect(world.ask('which')).toMatchObject({
      children: [
        { id: 'b', handle: 1 },
        { id: 'a', handle: null },
      ],
    });
  });

  it('C06 keeps nothing of a temporary child that answers "not now", at first start or later', () => {
    const world = startWorld(
      { children: [child('a', { restart: 'temporary' })] },
      { a: { start: 'ignore' }, b: { start: 'ignore' } },
    );
    world.start();
    expect(world.add(child('b', { restart: 'temporary' }))).toEqual({ ok: true });
    expect(world.ask('count')).toMatchObject({ count: { specs: 0, active: 0 } });
  });

  it('C07 leaves no entry of an instance that answers "not now", and stops without error', () => {
    const world = startWorld({ strategy: 'dynamic', children: [child('t')] }, { x: { start: 'ignore' } });
    world.start();
    expect(world.add({ id: 'x' })).toEqual({ ok: true });
    expect(world.ask('count')).toEqual({ ok: true, count: { specs: 1, active: 0, supervisors: 0, workers: 0 } });
    world.stop();
    expect(world.ending()).toMatchObject({ cause: 'stopped' });
    expect(world.reports).toEqual([]);
  });

  it.each(['dynamic', 'one_for_one'] as const)(
    'C08 keeps nothing of an added child whose start fails (%s)',
    (strategy) => {
      const children = strategy === 'dynamic' ? [child('t')] : [];
      const world = startWorld({ strategy, children }, { x: { start: 'fail' } });
      world.start();
      expect(world.add(child('x'))).toEqual({ ok: false, error: BOOM });
      expect(world.ask('which')).toEqual({ ok: true, children: [] });
      world.advance(60_000);
      expect(world.take()).toEqual(['started', 'start x#1']);
    },
  );

  it('C09 leaves a child stopped whose manual restart fails', () => {
    const world = startWorld({ children: [child('a')] });
    world.start();
    world.call('child.terminate', 'a');
    world.behaviours.a = { start: 'fail' };
    expect(world.call('child.restart', 'a')).toEqual({ ok: false, error: BOOM });
    world.advance(60_000);
    expect(world.phase('a')).toBe('stopped');
    expect(world.incarnation('a')).toBe(2);
  });

  it('C15 stops what runs in reverse when child 3 of 5 fails, and names it', () => {
    const children = ['e', 'd', 'c', 'b', 'a'].map((id) => child(id));
    const world = startWorld({ children }, { c: { start: 'fail' } });
    world.start();
    expect(world.log).toEqual(['start e#1', 'start d#1', 'start c#1', 'ask d#1', 'ask e#1', 'ended startFailed']);
    expect(world.ending()?.error).toEqual(BOOM);
    expect(world.reports.find((report) => report.context === 'start_error')?.offender?.id).toBe('c');
    expect(world.crashes).toMatchObject([{ id: 'c', nextDelayMs: null }]);
  });

  it('C16 passes extra information of a start through, also on restart', () => {
    const world = startWorld({ children: [child('a')] });
    world.start();
    expect(world.call('child.terminate', 'a')).toEqual({ ok: true });
    expect(world.call('child.restart', 'a')).toEqual({ ok: true, incarnation: 2, info: 'a-info' });
  });

  it('C17 refuses to start a child under a taken name, with the incarnation of the other', () => {
    const world = startWorld({ children: [child('a')] });
    world.start();
    expect(world.add(child('a'))).toEqual({ ok: false, refusal: 'already_started', incarnation: 1 });
  });
});

describe('specs', () => {
  const config = (more: object) => ({ id: 's', children: [], ...more }) as SupervisorConfigInput;

  it('C10 fills in the defaults', () => {
    expect(checkSupervisorConfig(config({ children: [child('a'), child('s', { type: 'supervisor' })] }))).toMatchObject(
      {
        strategy: 'one_for_one',
        intensity: 1,
        periodMs: 5000,
        autoShutdown: 'never',
        children: [
          { restart: 'permanent', type: 'worker', shutdownMs: 5000, significant: false },
          { type: 'supervisor', shutdownMs: 'infinity' },
        ],
      },
    );
  });

  it('C10 tells the spec of a child with its defaults, and that an unknown child is not found', () => {
    const world = startWorld({ children: [child('a', { restart: 'transient' })] });
    world.start();
    const spec = { restart: 'transient', type: 'worker', shutdownMs: 5000, significant: false };
    expect(world.spec('a')).toEqual({ ok: true, spec: { id: 'a', start: 'a', ...spec } });
    expect(world.spec('b')).toEqual({ ok: false, refusal: 'not_found' });
    const pool = startWorld({ strategy: 'dynamic', children: [child('t')] });
    pool.start();
    pool.add({ id: 'x' });
    expect(pool.spec('t')).toMatchObject({ ok: true, spec: { id: 't', restart: 'permanent' } });
    expect(pool.spec('x')).toMatchObject({ ok: true, spec: { id: 'x', restart: 'permanent' } });
  });

  it('C11 ignores keys it does not know, and names what is missing', () => {
    expect(checkChildSpecs([{ ...child('a'), colour: 'red' } as ChildSpecInput])).toHaveLength(1);
    expect(() => checkChildSpecs([{ start: 1 } as unknown as ChildSpecInput])).toThrow('child id = undefined');
    expect(() => checkChildSpecs([{ id: 'a' } as unknown as ChildSpecInput])).toThrow('child a: start = undefined');
    expect(() => checkChildSpecs(['a' as unknown as ChildSpecInput])).toThrow('give an object');
  });

  it.each([
    [{ strategy: 'all_for_none' }, 'strategy = all_for_none'],
    [{ intensity: Number.POSITIVE_INFINITY }, 'intensity = Infinity'],
    [{ intensity: -1 }, 'intensity = -1'],
    [{ periodMs: 0 }, 'periodMs = 0'],
    [{ periodMs: Number.POSITIVE_INFINITY }, 'periodMs = Infinity'],
    [{ autoShutdown: 'often' }, 'autoShutdown = often'],
    [{ children: [child('a', { shutdownMs: -1 })] }, 'child a: shutdownMs = -1'],
    [{ children: [child('a', { type: 'boss' as 'worker' })] }, 'child a: type = boss'],
    [{ children: [child('a', { restart: 'maybe' as 'permanent' })] }, 'child a: restart = maybe'],
    [{ children: [child('a', { significant: true, restart: 'transient' })] }, 'child a: significant = true'],
    [
      { autoShutdown: 'any_significant', children: [child('a', { significant: true })] },
      'a permanent child never ends by itself',
    ],
  ])('C12 refuses %o', (more, message) => {
    expect(() => checkSupervisorConfig(config(more))).toThrow(message);
  });

  it('C13 refuses an id given twice', () => {
    expect(() => checkSupervisorConfig(config({ children: [child('a'), child('a')] }))).toThrow('child id = a');
  });

  it('C14 takes exactly one template', () => {
    expect(() => checkSupervisorConfig(config({ strategy: 'dynamic' }))).toThrow('0 specs');
    expect(() => checkSupervisorConfig(config({ strategy: 'dynamic', children: [child('a'), child('b')] }))).toThrow(
      '2 specs',
    );
  });
});
