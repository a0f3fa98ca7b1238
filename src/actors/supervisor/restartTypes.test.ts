import { describe, expect, it } from 'vitest';
import { CRASH, child, startWorld } from './testWorld.ts';

const NORMAL = { kind: 'normal' } as const;
const SHUTDOWN = { kind: 'shutdown' } as const;

describe('restart types', () => {
  it.each([
    ['C26', NORMAL],
    ['C27', SHUTDOWN],
    ['C28', CRASH],
  ] as const)('%s restarts a permanent child after %o, and reports each', (_number, reason) => {
    const world = startWorld({ children: [child('a')] });
    world.start();
    world.exit('a', reason);
    world.advance(100);
    expect(world.incarnation('a')).toBe(2);
    expect(world.phase('a')).toBe('running');
    expect(world.reports.map((report) => report.context)).toEqual(['progress', 'child_terminated', 'progress']);
  });

  it.each([
    ['C29', NORMAL, 'stopped', 0],
    ['C30', SHUTDOWN, 'stopped', 0],
    ['C31', CRASH, 'running', 1],
  ] as const)('%s a transient child after %o is %s', (_number, reason, phase, reported) => {
    const world = startWorld({ children: [child('a', { restart: 'transient' })] });
    world.start();
    world.exit('a', reason);
    world.advance(100);
    expect(world.phase('a')).toBe(phase);
    expect(world.reports.filter((report) => report.context === 'child_terminated')).toHaveLength(reported);
  });

  it.each([
    ['C32', NORMAL],
    ['C33', SHUTDOWN],
    ['C34', CRASH],
  ] as const)('%s removes a temporary child after %o, and its id can be started again', (_number, reason) => {
    const world = startWorld({ children: [child('a', { restart: 'temporary' })] });
    world.start();
    world.exit('a', reason);
    world.advance(60_000);
    expect(world.phase('a')).toBeUndefined();
    expect(world.add(child('a', { restart: 'temporary' }))).toMatchObject({ ok: true });
  });

  it.each(['one_for_all', 'rest_for_one'] as const)(
    'C35 a temporary bystander of a %s cycle is not restarted and burns no restart',
    (strategy) => {
      const children = [child('a'), child('t', { restart: 'temporary' }), child('b')];
      const world = startWorld({ strategy, intensity: 1, children });
      world.start();
      world.exit('a');
      world.advance(100);
      expect(world.phase('t')).toBeUndefined();
      expect(world.alive()).toEqual(['a', 'b']);
      expect(world.state().restarts).toHaveLength(1);
    },
  );

  it('C36 holds nothing of temporary children that ended', () => {
    const world = startWorld({ children: [] });
    world.start();
    for (let i = 0; i < 200; i += 1) {
      world.add(child(`t${i}`, { restart: 'temporary', start: { payload: 'x'.repeat(100) } }));
      world.exit(`t${i}`);
    }
    expect(world.state().children.size).toBe(0);
    expect(JSON.stringify(world.state())).not.toContain('payload');
  });

  it.each([
    ['permanent', 'already_present'],
    ['transient', 'already_present'],
    ['temporary', null],
  ] as const)('C37 after a manual stop the spec of a %s child is kept or not (%s)', (restart, refusal) => {
    const world = startWorld({ children: [child('a', { restart })] });
    world.start();
    expect(world.call('child.terminate', 'a')).toEqual({ ok: true });
    const answer = world.add(child('a', { restart }));
    if (refusal === null) expect(answer).toMatchObject({ ok: true });
    else expect(answer).toMatchObject({ ok: false, refusal });
  });

  it('a child killed from outside is restarted even when transient', () => {
    const world = startWorld({ children: [child('a', { restart: 'transient' })] });
    world.start();
    world.exit('a', { kind: 'killed' });
    world.advance(100);
    expect(world.incarnation('a')).toBe(2);
  });
});
