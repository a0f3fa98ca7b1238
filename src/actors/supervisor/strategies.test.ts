import { describe, expect, it } from 'vitest';
import type { Strategy } from './childSpec.ts';
import { BOOM, child, startWorld } from './testWorld.ts';

const ABC = ['a', 'b', 'c'].map((id) => child(id));

function startStrategy(strategy: Strategy, more: { intensity?: number; periodMs?: number } = {}) {
  const world = startWorld({ strategy, ...more, children: strategy === 'dynamic' ? [child('t')] : ABC });
  world.start();
  if (strategy === 'dynamic') for (const { id } of ABC) world.add({ id });
  world.take();
  return world;
}

const ALL = ['one_for_one', 'one_for_all', 'rest_for_one', 'dynamic'] as const;

describe('strategies', () => {
  it.each([
    ['C38', 'one_for_one', [1, 2, 1]],
    ['C39', 'one_for_all', [2, 2, 2]],
    ['C40', 'rest_for_one', [1, 2, 2]],
    ['C38', 'dynamic', [1, 2, 1]],
  ] as const)('%s a crash of b under %s leaves incarnations %o', (_number, strategy, incarnations) => {
    const world = startStrategy(strategy);
    world.exit('b');
    world.advance(100);
    expect(ABC.map(({ id }) => world.incarnation(id))).toEqual(incarnations);
    expect(world.alive().sort()).toEqual(['a', 'b', 'c']);
    expect(world.state().restarts).toHaveLength(1);
  });

  it('stops the siblings of a one_for_all crash at once, not after the backoff', () => {
    const world = startStrategy('one_for_all');
    world.exit('b');
    expect(world.take()).toEqual(['ask c#1', 'ask a#1']);
    world.advance(99);
    expect(world.take()).toEqual([]);
    world.advance(1);
    expect(world.take()).toEqual(['start a#2', 'start b#2', 'restarted b#2', 'start c#2']);
  });

  it('starts nothing of a cycle before every stop was reported, however long the backoff is over', () => {
    const world = startStrategy('rest_for_one');
    world.behaviours.c = { stop: 'hold' };
    world.exit('a');
    world.advance(4000);
    expect(world.take()).toEqual(['ask c#1']);
    world.exit('c', { kind: 'shutdown' });
    expect(world.take()).toEqual(['ask b#1', 'start a#2', 'restarted a#2', 'start b#2', 'start c#2']);
  });

  it('a crash left of a running rest_for_one cycle widens it', () => {
    const world = startStrategy('rest_for_one');
    world.exit('c');
    world.exit('a');
    expect(world.take()).toEqual(['ask b#1']);
    world.advance(100);
    expect(world.take()).toEqual(['start a#2', 'restarted a#2', 'start b#2', 'start c#2', 'restarted c#2']);
    expect(world.state().restarts).toHaveLength(2);
  });

  it('a widened cycle waits for the backoff of the newest crash, not for the older one', () => {
    const world = startStrategy('rest_for_one');
    world.exit('c');
    world.advance(50);
    world.exit('a');
    world.take();
    world.advance(99);
    expect(world.take()).toEqual([]);
    world.advance(1);
    expect(world.take()[0]).toBe('start a#2');
  });

  it('a sibling that dies while it waits to be stopped costs no entry, but has its record', () => {
    const world = startStrategy('one_for_all');
    world.behaviours.c = { stop: 'hold' };
    world.exit('b');
    world.exit('a');
    world.exit('c', { kind: 'shutdown' });
    expect(world.state().restarts).toHaveLength(1);
    expect(world.crashes).toMatchObject([
      { id: 'b', nextDelayMs: 100 },
      { id: 'a', nextDelayMs: 100 },
    ]);
    world.advance(100);
    expect(world.alive()).toEqual(['a', 'b', 'c']);
    expect(world.log).toContain('restarted a#2');
  });
});

describe('escalation', () => {
  it.each(ALL)('C41 exceeding the intensity under %s ends all children and the supervisor', (strategy) => {
    const world = startStrategy(strategy, { intensity: 2 });
    for (let crash = 0; crash < 2; crash += 1) {
      world.exit('b');
      world.advance(500);
    }
    expect(world.ending()).toBeNull();
    world.exit('b');
    expect(world.ending()).toMatchObject({
      cause: 'gaveUp',
      error: { code: 'actor.gave-up', details: { child: 'b' } },
    });
    expect(world.alive()).toEqual([]);
    expect(world.reports).toContainEqual(
      expect.objectContaining({ context: 'shutdown', reason: { kind: 'reached_max_intensity' } }),
    );
    expect(world.crashes.map((crash) => crash.nextDelayMs === null)).toEqual([false, false, true]);
  });

  it('intensity 0 allows no restart at all', () => {
    const world = startStrategy('one_for_one', { intensity: 0 });
    world.exit('a');
    expect(world.ending()?.cause).toBe('gaveUp');
  });

  it('C42 crashes below the rate never end it, over many periods', () => {
    const world = startStrategy('one_for_one', { intensity: 2, periodMs: 10_000 });
    for (let crash = 0; crash < 50; crash += 1) {
      world.exit('b');
      world.advance(35_000);
    }
    expect(world.ending()).toBeNull();
    expect(world.incarnation('b')).toBe(51);
  });

  it.each([
    [10_000, 'gaveUp'],
    [10_001, undefined],
  ])('C43 a first crash %i ms old counts on the edge of a window of 10000 (%s)', (gapMs, cause) => {
    const world = startStrategy('one_for_one', { intensity: 1, periodMs: 10_000 });
    world.exit('a');
    world.advance(gapMs);
    world.exit('b');
    expect(world.ending()?.cause).toBe(cause);
  });

  it.each(ALL)('C44 a restart that always fails escalates after the allowed retries (%s)', (strategy) => {
    const world = startStrategy(strategy, { intensity: 4 });
    world.behaviours.b = { start: 'fail' };
    world.exit('b');
    world.advance(59_000);
    expect(world.log.filter((line) => line.startsWith('start b'))).toEqual([
      'start b#2',
      'start b#3',
      'start b#4',
      'start b#5',
    ]);
    expect(world.ending()).toMatchObject({ cause: 'gaveUp' });
    expect(world.crashes).toHaveLength(5);
    expect(world.reports.filter((report) => report.context === 'start_error')).toHaveLength(4);
  });

  it('C45 one_for_all: when child 2 fails while cycling, the freshly started child 1 is stopped and started again', () => {
    const world = startStrategy('one_for_all');
    world.behaviours.b = { start: 'fail' };
    world.exit('c');
    world.advance(100);
    expect(world.take()).toEqual(['ask b#1', 'ask a#1', 'start a#2', 'start b#2', 'ask a#2']);
    world.behaviours.b = {};
    world.advance(100);
    expect(world.take()).toEqual(['start a#3', 'start b#3', 'restarted b#3', 'start c#2', 'restarted c#2']);
  });

  it('C46 rest_for_one: the same failure does not touch child 1 again', () => {
    const world = startStrategy('rest_for_one');
    world.behaviours.b = { start: 'fail' };
    world.exit('a');
    world.advance(100);
    expect(world.take()).toEqual(['ask c#1', 'ask b#1', 'start a#2', 'restarted a#2', 'start b#2']);
    world.behaviours.b = {};
    world.advance(100);
    expect(world.take()).toEqual(['start b#3', 'restarted b#3', 'start c#2']);
    expect(world.incarnation('a')).toBe(2);
  });

  it.each(['one_for_one', 'rest_for_one', 'dynamic'] as const)(
    'C49 while a child of a %s supervisor flaps it answers, and it can stop at once',
    (strategy) => {
      const world = startStrategy(strategy);
      world.exit('b');
      expect(world.ask('which')).toMatchObject({
        children: expect.arrayContaining([{ id: 'b', handle: 'restarting', type: 'worker' }]),
      });
      expect(world.add(child('b'))).toMatchObject({ refusal: 'already_present' });
      const refusal = strategy === 'dynamic' ? 'not_for_dynamic' : 'restarting';
      expect(world.call('child.restart', 'b')).toEqual({ ok: false, refusal });
      expect(world.call('child.delete', 'b')).toEqual({ ok: false, refusal });
      expect(world.call('child.terminate', 'b')).toEqual({ ok: true });
      world.exit('a');
      world.stop();
      expect(world.ending()?.cause).toBe('stopped');
      expect(world.timers.size).toBe(0);
    },
  );

  it('C49 what depends on a flapping child that is terminated ends, and stands still until it is started by hand', () => {
    const world = startStrategy('rest_for_one');
    world.behaviours.c = { stop: 'hold' };
    world.exit('b');
    expect(world.call('child.terminate', 'b')).toEqual({ ok: true });
    world.exit('c', { kind: 'shutdown' });
    world.advance(60_000);
    expect(world.alive()).toEqual(['a']);
    expect(world.timers.size).toBe(0);
    expect(world.call('child.restart', 'b')).toMatchObject({ ok: true, incarnation: 2 });
    expect(world.call('child.restart', 'c')).toMatchObject({ ok: true, incarnation: 2 });
  });

  it('C50 counts are right while some are restarting', () => {
    const world = startStrategy('one_for_one');
    world.exit('a');
    expect(world.ask('count')).toEqual({ ok: true, count: { specs: 3, active: 2, supervisors: 0, workers: 3 } });
    world.advance(100);
    expect(world.ask('count')).toMatchObject({ count: { active: 3 } });
  });

  it.each(['permanent', 'transient'] as const)(
    'C51 an instance of a %s template that answers "not now" on restart is removed',
    (restart) => {
      const world = startWorld({ strategy: 'dynamic', children: [child('t', { restart })] });
      world.start();
      world.add({ id: 'x' });
      world.behaviours.x = { start: 'ignore' };
      world.exit('x');
      world.advance(100);
      expect(world.ask('which')).toEqual({ ok: true, children: [] });
    },
  );

  it('a child that dies before it answered its start counts as a failed start', () => {
    const world = startStrategy('one_for_one');
    world.behaviours.a = { start: 'hold' };
    world.exit('a');
    world.advance(100);
    world.exit('a');
    expect(world.phase('a')).toBe('backingOff');
    expect(world.state().restarts).toHaveLength(2);
    expect(world.reports.at(-1)).toMatchObject({ context: 'start_error', reason: { error: BOOM } });
  });

  it('news of an incarnation that is over changes nothing', () => {
    const world = startStrategy('one_for_one');
    world.exit('a');
    world.advance(100);
    const before = world.state();
    world.send({ type: 'child.exited', id: 'a', incarnation: 1, reason: { kind: 'killed' } });
    world.send({ type: 'child.started', id: 'a', incarnation: 1 });
    world.send({ type: 'timer.due', key: 'sup/backoff/a/1' });
    expect(world.state()).toEqual(before);
  });
});
