import { describe, expect, it } from 'vitest';
import type { SupervisorSpec } from './treeSpec.ts';
import { growTree } from './treeTestWorld.ts';

/** A tree whose inner supervisor, or root, asks `init` at each start. */
const withInner = (init: () => unknown): SupervisorSpec => ({
  id: 'root',
  strategy: 'one_for_one',
  children: [{ id: 'first' }, { id: 'inner', strategy: 'one_for_one', children: [{ id: 'w' }], init }, { id: 'last' }],
});
const asRoot = (init: () => unknown): SupervisorSpec => ({ ...withInner(() => ({})), init });

const boom = () => {
  throw new Error('no flags today');
};

describe('init of a supervisor', () => {
  it('C02 that answers ignore: nothing of it runs, and those around it do', () => {
    const { tree, log, node, alive } = growTree(withInner(() => 'ignore'));
    tree.start();
    expect(log).toEqual(['start first#1', 'start last#1', 'started']);
    expect(node('inner').state).toBe('stopped');
    expect([...alive.keys()]).toEqual(['first', 'last']);
  });

  it('C02 of the root that answers ignore: it is over, and nothing was started', () => {
    const { tree, log, alive } = growTree(asRoot(() => 'ignore'));
    tree.start();
    expect(log).toEqual(['stopped shutdown']);
    expect(alive.size).toBe(0);
  });

  it.each([[42], [undefined], [null], [['one_for_one']], ['start'], [{ intensity: -1 }], [{ strategy: 'dynamic!' }]])(
    'C03 that answers garbage (%o) fails with a typed error that names it',
    (garbage) => {
      const { tree, log, crashes } = growTree(withInner(() => garbage));
      tree.start();
      expect(log).toEqual(['start first#1', 'ask first#1', 'stopped escalated']);
      expect(crashes).toMatchObject([{ supervisor: 'root', child: 'inner', reason: 'config.invalid' }]);
      expect(crashes[0]!.error.message).toContain('supervisor inner: ');
      const root = growTree(asRoot(() => garbage));
      expect(() => root.tree.start()).toThrow(expect.objectContaining({ code: 'config.invalid' }));
      expect(root.alive.size).toBe(0);
    },
  );

  it('C04 that throws fails with the cause', () => {
    const { tree, crashes } = growTree(withInner(boom));
    tree.start();
    expect(crashes).toMatchObject([{ child: 'inner', reason: 'actor.crashed' }]);
    expect(crashes[0]!.error.message).toBe('supervisor inner: init threw: no flags today');
    const root = growTree(asRoot(boom));
    expect(() => root.tree.start()).toThrow(
      expect.objectContaining({ code: 'actor.crashed', cause: expect.objectContaining({ message: 'no flags today' }) }),
    );
  });

  it('C03 is asked again at each restart, and a later garbage answer counts as a failed restart', () => {
    const answers: unknown[] = [{ intensity: 0 }, 7, {}];
    const { tree, exit, advance, crashes, node } = growTree(withInner(() => answers.shift()));
    tree.start();
    exit('w');
    advance(100);
    expect(crashes.map(({ child, reason }) => [child, reason])).toEqual([
      ['w', 'thread.lost'],
      ['inner', 'actor.gave-up'],
      ['inner', 'config.invalid'],
    ]);
    advance(500);
    expect(node('inner').state).toBe('running');
    expect(node('w').incarnation).toBe(2);
  });
});

describe('live change of a tree', () => {
  const pool = { id: 'pool', strategy: 'dynamic', children: [{ id: 'template' }] } as const;

  it('C57 brings new workers, which can be started, and keeps the others running', () => {
    const { tree, take, node, exit, advance } = growTree(withInner(() => ({})));
    tree.start();
    take();
    const inner: SupervisorSpec = { id: 'inner', strategy: 'one_for_all', children: [{ id: 'w' }, { id: 'new' }] };
    expect(tree.changeSupervisor('inner', inner)).toEqual({ ok: true });
    expect(take()).toEqual([]);
    expect(tree.startChild('new')).toEqual({ ok: true });
    exit('new');
    expect(take()).toEqual(['start new#1', 'ask w#1']);
    advance(100);
    expect(take()).toEqual(['start w#2', 'start new#2']);
    expect(tree.restartChild('inner')).toEqual({ ok: true });
    expect(take()).toEqual(['ask new#2', 'ask w#2', 'start w#3', 'start new#3']);
    expect(node('inner').children.map(({ id }) => id)).toEqual(['w', 'new']);
  });

  it('C57 a bad change leaves everything as it was', () => {
    const { tree, node } = growTree(withInner(() => ({})));
    tree.start();
    const before = tree.status();
    const inner = (more: Partial<SupervisorSpec>): SupervisorSpec => ({
      id: 'inner',
      strategy: 'one_for_one',
      children: [{ id: 'w' }],
      ...more,
    });
    for (const bad of [
      inner({ intensity: -1 }),
      inner({ children: [{ id: 'first' }] }),
      inner({ children: [{ id: 'deep', strategy: 'one_for_one', children: [] }] }),
      inner({ init: boom }),
    ]) {
      expect(tree.changeSupervisor('inner', bad)).toMatchObject({ ok: false, refusal: 'failed' });
    }
    expect(tree.changeSupervisor('nobody', inner({}))).toEqual({ ok: false, refusal: 'not_found' });
    expect(tree.status()).toEqual(before);
    expect(node('w').state).toBe('running');
  });

  it('C53 an instance is ended by its own supervisor only; one that has ended already is fine', () => {
    const { tree, alive } = growTree({ id: 'root', strategy: 'one_for_one', children: [pool, { id: 'w' }] });
    tree.start();
    tree.startInstance('pool', 'x');
    expect(tree.stopInstance('pool', 'w')).toEqual({ ok: false, refusal: 'not_found' });
    expect(tree.stopInstance('root', 'x')).toEqual({ ok: false, refusal: 'not_found' });
    expect(tree.stopInstance('pool', 'never-was')).toEqual({ ok: false, refusal: 'not_found' });
    expect([...alive.keys()]).toEqual(['w', 'x']);
    expect(tree.stopInstance('pool', 'x')).toEqual({ ok: true });
    expect(tree.stopInstance('pool', 'x')).toEqual({ ok: true });
    expect([...alive.keys()]).toEqual(['w']);
  });
});
