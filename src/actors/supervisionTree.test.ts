import { describe, expect, it } from 'vitest';
import { growTree, START_TREE } from './treeTestWorld.ts';

function startTree() {
  const world = growTree();
  world.tree.start();
  world.take();
  return world;
}

describe('the supervision tree', () => {
  it('starts every worker in order, through nested supervisors, and says when all run', () => {
    const { tree, log } = growTree();
    tree.start();
    expect(log).toEqual([
      ...['edge', 'journal', 'gateway', 'risk', 'lane:0', 'lane:1', 'bot:arb:SOL', 'bot:arb:RAY', 'control'].map(
        (id) => `start ${id}#1`,
      ),
      'started',
    ]);
    expect(tree.status()).toMatchObject({ id: 'root', kind: 'supervisor', state: 'running' });
  });

  it('awaits each start, also inside a nested supervisor', () => {
    const { tree, behaviours, take, node } = growTree();
    behaviours['lane:1'] = { start: 'never' };
    tree.start();
    expect(take().at(-1)).toBe('start lane:1#1');
    expect(node('lanes').state).toBe('starting');
    tree.workerStarted('lane:1', 1);
    expect(take()[0]).toBe('start bot:arb:SOL#1');
  });

  it('stops in reverse, nested ones inside their supervisor', () => {
    const { tree, take, timers } = startTree();
    tree.stop();
    expect(take()).toEqual([
      ...['control', 'bot:arb:RAY', 'bot:arb:SOL', 'lane:1', 'lane:0', 'risk', 'gateway', 'journal', 'edge'].map(
        (id) => `ask ${id}#1`,
      ),
      'stopped shutdown',
    ]);
    expect(timers.size).toBe(0);
  });

  it('C15 a worker that cannot start at first fails the whole tree, in reverse, with a record that names it', () => {
    const { tree, behaviours, take, crashes } = growTree();
    behaviours['lane:1'] = { start: 'throw' };
    tree.start();
    expect(take().slice(-6)).toEqual([
      'ask lane:0#1',
      'ask risk#1',
      'ask gateway#1',
      'ask journal#1',
      'ask edge#1',
      'stopped escalated',
    ]);
    expect(crashes.map(({ supervisor, child, error }) => [supervisor, child, error.message])).toEqual([
      ['lanes', 'lane:1', 'no thread'],
      ['root', 'lanes', 'no thread'],
    ]);
  });

  it('C47 an inner crash stays inside: the siblings keep their incarnations', () => {
    const { exit, advance, node, take } = startTree();
    exit('bot:arb:SOL');
    expect(node('bot:arb:SOL')).toMatchObject({
      state: 'backingOff',
      backoffDueMs: 100,
      lastError: { message: 'boom' },
    });
    advance(100);
    expect(take()).toEqual(['start bot:arb:SOL#2']);
    expect(node('bot:arb:SOL')).toMatchObject({ state: 'running', incarnation: 2, restartsInWindow: 1 });
    expect(node('bots').incarnation).toBe(1);
  });

  it('a dead journal takes along all that was started after it, and all of it comes back', () => {
    const { exit, advance, take, node } = startTree();
    exit('journal');
    const down = ['control', 'bot:arb:RAY', 'bot:arb:SOL', 'lane:1', 'lane:0', 'risk', 'gateway'];
    expect(take()).toEqual(down.map((id) => `ask ${id}#1`));
    expect(node('edge').state).toBe('running');
    expect(node('gateway').state).toBe('restarting');
    advance(100);
    const up = ['journal', 'gateway', 'risk', 'lane:0', 'lane:1', 'bot:arb:SOL', 'bot:arb:RAY', 'control'];
    expect(take()).toEqual(up.map((id) => `start ${id}#2`));
  });

  it('C47 an inner give-up cycles the outer: later siblings too, with new incarnations and one entry', () => {
    const children = START_TREE.children.map((each) => (each.id === 'lanes' ? { ...each, intensity: 1 } : each));
    const { tree, exit, advance, take, node, crashes } = growTree({ ...START_TREE, children });
    tree.start();
    exit('lane:0');
    advance(100);
    take();
    exit('lane:0');
    const gaveUp = crashes.at(-1)!;
    expect(gaveUp).toMatchObject({ supervisor: 'root', child: 'lanes', reason: 'actor.gave-up', nextDelayMs: 100 });
    expect(gaveUp.errorChain.map((error) => error.code)).toEqual(['actor.gave-up', 'thread.lost']);
    expect(take()).toEqual(['ask lane:1#1', 'ask control#1', 'ask bot:arb:RAY#1', 'ask bot:arb:SOL#1']);
    advance(100);
    const up = ['lane:0#3', 'lane:1#2', 'bot:arb:SOL#2', 'bot:arb:RAY#2', 'control#2'];
    expect(take()).toEqual(up.map((child) => `start ${child}`));
    expect(node('lanes')).toMatchObject({ incarnation: 2, restartsInWindow: 1 });
    expect(node('risk').incarnation).toBe(1);
  });

  it('C48 a transient supervisor that gave up is not restarted', () => {
    const { tree, exit, node, take } = growTree({
      id: 'root',
      strategy: 'one_for_one',
      children: [{ id: 'inner', strategy: 'one_for_one', intensity: 0, restart: 'transient', children: [{ id: 'w' }] }],
    });
    tree.start();
    exit('w');
    expect(node('inner').state).toBe('stopped');
    expect(take()).toEqual(['start w#1', 'started']);
  });

  it('C64 a significant inner end climbs through supervisors that watch for it, and no further', () => {
    const inner = (outer: 'any_significant' | 'never') =>
      growTree({
        id: 'root',
        strategy: 'one_for_one',
        autoShutdown: outer,
        children: [
          { id: 'bystander' },
          {
            id: 'inner',
            strategy: 'one_for_one',
            autoShutdown: 'any_significant',
            restart: 'transient',
            significant: outer !== 'never',
            children: [{ id: 'w', restart: 'transient', significant: true }],
          },
        ],
      });
    const climbing = inner('any_significant');
    climbing.tree.start();
    climbing.exit('w', { kind: 'normal' });
    expect(climbing.take().at(-1)).toBe('stopped shutdown');
    const staying = inner('never');
    staying.tree.start();
    staying.exit('w', { kind: 'normal' });
    expect(staying.node('inner').state).toBe('stopped');
    expect(staying.node('bystander').state).toBe('running');
  });

  it('C47 dynamic instances of a restarted supervisor are gone, static children are back', () => {
    const { tree, exit, advance, alive, node } = growTree({
      id: 'root',
      strategy: 'one_for_all',
      children: [{ id: 'pool', strategy: 'dynamic', children: [{ id: 'template' }] }, { id: 'w' }],
    });
    tree.start();
    expect(tree.startInstance('pool', 'x')).toEqual({ ok: true });
    expect(tree.startInstance('pool', 'w')).toEqual({ ok: false, refusal: 'already_present' });
    expect([...alive.keys()].sort()).toEqual(['w', 'x']);
    exit('w');
    advance(100);
    expect([...alive.keys()]).toEqual(['w']);
    expect(node('pool').children).toEqual([]);
    expect(tree.startInstance('pool', 'x')).toEqual({ ok: true });
    expect(alive.get('x')).toBe(2);
  });

  it('escalates when the root itself gives up', () => {
    const { exit, advance, take, tree } = startTree();
    for (let crash = 0; crash < 3; crash += 1) {
      exit('edge');
      advance(500);
    }
    take();
    exit('edge');
    expect(take().at(-1)).toBe('stopped escalated');
    expect(tree.totalRestarts()).toBe(3);
  });

  it('N02 the next incarnation waits for the reported end of the one before', () => {
    const { tree, behaviours, take, exit } = startTree();
    behaviours['lane:0'] = { stop: 'never' };
    expect(tree.restartChild('lane:0')).toEqual({ ok: true });
    expect(take()).toEqual(['ask lane:0#1']);
    exit('lane:0', { kind: 'shutdown' });
    expect(take()).toEqual(['start lane:0#2']);
  });

  it('kills a worker that does not heed the request to stop within its budget', () => {
    const { tree, behaviours, advance, take } = startTree();
    behaviours['lane:0'] = { stop: 'deaf' };
    tree.stopChild('lane:0');
    advance(5000);
    expect(take()).toEqual(['ask lane:0#1', 'kill lane:0#1']);
  });

  it('N09 no timer is left when the tree has stopped, whatever it was doing', () => {
    const { tree, exit, timers, behaviours, take, advance } = startTree();
    behaviours['bot:arb:RAY'] = { stop: 'deaf' };
    exit('bot:arb:SOL');
    exit('lane:1');
    tree.stop();
    advance(5000);
    expect(timers.size).toBe(0);
    expect(take().at(-1)).toBe('stopped shutdown');
  });

  it('N06 incarnation numbers are never used twice, also after an earlier life of the run', () => {
    const { tree, alive } = growTree(START_TREE, { incarnationsBefore: { 'bot:arb:SOL': 4 } });
    tree.start();
    expect(alive.get('bot:arb:SOL')).toBe(5);
    expect(alive.get('bot:arb:RAY')).toBe(1);
  });

  it('N10 a restart storm leaves the tree answerable at every moment', () => {
    const { tree, behaviours, exit, advance, node } = startTree();
    behaviours['bot:arb:SOL'] = { start: 'fail' };
    exit('bot:arb:SOL');
    for (let round = 0; round < 5; round += 1) {
      advance(50);
      expect(node('bot:arb:SOL').state).toBe('backingOff');
      expect(tree.restartChild('bot:arb:RAY')).toEqual({ ok: true });
    }
    expect(tree.stopChild('bot:arb:SOL')).toEqual({ ok: true });
    expect(node('bot:arb:SOL').state).toBe('stopped');
  });

  it('refuses an id that is used twice, and a template that is a supervisor', () => {
    const twice = {
      id: 'root',
      strategy: 'one_for_one',
      children: [{ id: 'a' }, { id: 's', strategy: 'one_for_one', children: [{ id: 'a' }] }],
    } as const;
    expect(() => growTree(twice)).toThrow('child id = a is used twice');
    const nested = {
      id: 'root',
      strategy: 'dynamic',
      children: [{ id: 's', strategy: 'one_for_one', children: [] }],
    } as const;
    expect(() => growTree(nested)).toThrow('template');
  });
});
