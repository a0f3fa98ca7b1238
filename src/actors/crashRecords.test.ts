import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../journal/canonicalJson.ts';
import { BOOM, growTree } from './treeTestWorld.ts';

function startTree() {
  const world = growTree();
  world.tree.start();
  world.take();
  return world;
}

describe('crash records', () => {
  it('say everything at the crash, and again with restartedAt once the child runs', () => {
    const { exit, advance, crashes, restarts, clock, tree } = startTree();
    clock.nowMs = 5000;
    exit('bot:arb:SOL', { kind: 'crash', error: BOOM }, { lastEvent: { type: 'look' }, stateValue: 'near' });
    const record = {
      supervisor: 'bots',
      child: 'bot:arb:SOL',
      incarnation: 1,
      reason: 'thread.lost',
      error: BOOM,
      errorChain: [BOOM],
      lastEvent: { type: 'look' },
      stateValue: 'near',
      restartsInWindow: 1,
      nextDelayMs: 100,
      crashedAt: 5000,
    };
    expect(crashes).toEqual([record]);
    expect(restarts).toEqual([]);
    advance(100);
    expect(restarts).toEqual([{ ...record, restartedAt: 5100 }]);
    expect(tree.totalRestarts()).toBe(1);
    expect(JSON.parse(canonicalJson(restarts[0]))).toEqual(restarts[0]);
  });

  it('a retry that fails has a record of its own, and all are completed by the start that succeeds', () => {
    const { exit, advance, crashes, restarts, behaviours, tree } = startTree();
    behaviours['lane:0'] = { start: 'fail' };
    exit('lane:0');
    advance(100);
    expect(crashes.map((record) => [record.incarnation, record.restartsInWindow])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    behaviours['lane:0'] = {};
    advance(500);
    expect(restarts.map((record) => record.incarnation)).toEqual([1, 2]);
    expect(new Set(restarts.map((record) => record.restartedAt)).size).toBe(1);
    expect(tree.totalRestarts()).toBe(1);
  });

  it('a drill kills the worker, counts as a crash and says that it was one', () => {
    const { tree, take, advance, crashes } = startTree();
    expect(tree.crash('bot:arb:SOL')).toBe(true);
    expect(take()).toEqual(['kill bot:arb:SOL#1']);
    expect(crashes).toMatchObject([{ child: 'bot:arb:SOL', reason: 'actor.drill', restartsInWindow: 1 }]);
    expect(tree.crash('bot:arb:SOL')).toBe(false);
    expect(tree.crash('nobody')).toBe(false);
    advance(100);
    expect(tree.crash('bot:arb:SOL')).toBe(true);
  });

  it('a drill on a supervisor ends all its children at once and cycles what depends on it', () => {
    const { tree, take, advance, crashes } = startTree();
    expect(tree.crash('lanes')).toBe(true);
    expect(take()).toEqual([
      'kill lane:0#1',
      'kill lane:1#1',
      'ask control#1',
      'ask bot:arb:RAY#1',
      'ask bot:arb:SOL#1',
    ]);
    expect(crashes).toMatchObject([{ supervisor: 'root', child: 'lanes', reason: 'actor.drill' }]);
    advance(100);
    expect(take().slice(0, 2)).toEqual(['start lane:0#2', 'start lane:1#2']);
  });

  it('a child that was killed by nobody of us is a crash with words for it', () => {
    const { exit, crashes } = startTree();
    exit('gateway', { kind: 'killed' });
    expect(crashes).toMatchObject([{ child: 'gateway', reason: 'actor.crashed' }]);
    expect(crashes[0]!.error.message).toContain('was killed');
  });
});

describe('manual work', () => {
  it('restarts a child with what depends on it, without spending a restart', () => {
    const { tree, take, crashes } = startTree();
    expect(tree.restartChild('lanes')).toEqual({ ok: true });
    expect(take()).toEqual([
      ...['control#1', 'bot:arb:RAY#1', 'bot:arb:SOL#1', 'lane:1#1', 'lane:0#1'].map((child) => `ask ${child}`),
      ...['lane:0#2', 'lane:1#2', 'bot:arb:SOL#2', 'bot:arb:RAY#2', 'control#2'].map((child) => `start ${child}`),
    ]);
    expect(crashes).toEqual([]);
    expect(tree.totalRestarts()).toBe(0);
  });

  it('stops and starts one bot; refuses to stop what others depend on', () => {
    const { tree, take, node } = startTree();
    expect(tree.stopChild('journal')).toEqual({ ok: false, refusal: 'dependents_running' });
    expect(tree.stopChild('bot:arb:SOL')).toEqual({ ok: true });
    expect(node('bot:arb:SOL').state).toBe('stopped');
    expect(tree.startChild('bot:arb:SOL')).toEqual({ ok: true });
    expect(tree.startChild('bot:arb:SOL')).toEqual({ ok: false, refusal: 'running' });
    expect(tree.startChild('bot:arb:BTC')).toEqual({ ok: false, refusal: 'not_found' });
    expect(take()).toEqual(['ask bot:arb:SOL#1', 'start bot:arb:SOL#2']);
  });

  it('answers why a manual start failed', () => {
    const { tree, behaviours } = startTree();
    tree.stopChild('lane:0');
    behaviours['lane:0'] = { start: 'fail' };
    expect(tree.startChild('lane:0')).toEqual({ ok: false, refusal: 'failed', error: BOOM });
  });
});
