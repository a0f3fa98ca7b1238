import { describe, expect, it } from 'vitest';
import { CRASH, child, startWorld } from './testWorld.ts';

describe('stopping', () => {
  it.each(['worker', 'supervisor'] as const)('C18 waits for ever for a %s with infinity', (type) => {
    const world = startWorld({ children: [child('a', { type, shutdownMs: 'infinity' })] }, { a: { stop: 'deaf' } });
    world.start();
    world.stop();
    world.advance(1e9);
    expect(world.log.at(-1)).toBe('ask a#1');
    world.exit('a', { kind: 'shutdown' });
    expect(world.ending()?.cause).toBe('stopped');
  });

  it('C19 kills a slow child after its own budget and asks the next one only then', () => {
    const children = [child('quick'), child('slow', { shutdownMs: 300 })];
    const world = startWorld({ children }, { slow: { stop: 'deaf' } });
    world.start();
    world.take();
    world.stop();
    world.advance(299);
    expect(world.take()).toEqual(['ask slow#1']);
    world.advance(1);
    expect(world.take()).toEqual(['kill slow#1', 'ask quick#1', 'ended stopped']);
    expect(world.reports.filter((report) => report.context === 'shutdown_error')).toMatchObject([
      { reason: { kind: 'killed' }, offender: { id: 'slow' } },
    ]);
  });

  it('C20 never asks a brutal child', () => {
    const world = startWorld({ children: [child('a', { shutdownMs: 'brutal' })] });
    world.start();
    world.take();
    world.stop();
    expect(world.take()).toEqual(['kill a#1', 'ended stopped']);
    expect(world.reports.map((report) => report.context)).toEqual(['progress']);
  });

  it('C21 stops in exact reverse of the start order', () => {
    const world = startWorld({ children: ['m', 'z', 'a', 'k'].map((id) => child(id)) });
    world.start();
    world.take();
    world.stop();
    expect(world.take()).toEqual(['ask k#1', 'ask a#1', 'ask z#1', 'ask m#1', 'ended stopped']);
  });

  it('C22 a rest_for_one cycle stops only later ones in reverse, and restarts in order', () => {
    const world = startWorld({ strategy: 'rest_for_one', children: ['m', 'z', 'a', 'k'].map((id) => child(id)) });
    world.start();
    world.take();
    world.exit('z');
    expect(world.take()).toEqual(['ask k#1', 'ask a#1']);
    world.advance(100);
    expect(world.take()).toEqual(['start z#2', 'restarted z#2', 'start a#2', 'start k#2']);
  });

  it('C23 stops instances together: one budget in all, not one each', () => {
    const world = startWorld({ strategy: 'dynamic', children: [child('t', { shutdownMs: 500 })] });
    world.start();
    for (const id of ['x', 'y', 'z']) {
      world.behaviours[id] = { stop: 'deaf' };
      world.add({ id });
    }
    world.behaviours.y = {};
    world.take();
    world.stop();
    expect(world.take()).toEqual(['ask x#1', 'ask y#1', 'ask z#1']);
    world.advance(500);
    expect(world.take()).toEqual(['kill x#1', 'kill z#1', 'ended stopped']);
    expect(world.timers.size).toBe(0);
  });

  it('C24 a child that answers nothing cannot hang its supervisor beyond the budget', () => {
    const world = startWorld({ children: [child('a', { shutdownMs: 50 })] }, { a: { start: 'hold', stop: 'deaf' } });
    world.start();
    world.stop();
    world.advance(50);
    expect(world.log).toEqual(['start a#1', 'ask a#1', 'kill a#1', 'ended stopped']);
  });

  it.each([
    ['permanent', { kind: 'shutdown' }, 0],
    ['permanent', { kind: 'normal' }, 1],
    ['transient', { kind: 'normal' }, 0],
    ['permanent', CRASH, 1],
    ['transient', CRASH, 1],
  ] as const)('C25 a %s child that ends with %o while stopping gives %i error reports', (restart, stop, count) => {
    const world = startWorld({ children: [child('a', { restart })] }, { a: { stop } });
    world.start();
    world.stop();
    expect(world.reports.filter((report) => report.context === 'shutdown_error')).toHaveLength(count);
    expect(world.ending()?.cause).toBe('stopped');
  });

  it('a kill ends all children at once, also those that were asked before', () => {
    const world = startWorld({ children: [child('a'), child('b')] }, { b: { stop: 'deaf' } });
    world.start();
    world.take();
    world.stop();
    world.stop('kill');
    expect(world.take()).toEqual(['ask b#1', 'kill a#1', 'kill b#1', 'ended killed']);
    expect(world.timers.size).toBe(0);
  });

  it('a child that dies before its turn is not asked any more', () => {
    const world = startWorld({ children: [child('a'), child('b')] }, { b: { stop: 'hold' } });
    world.start();
    world.take();
    world.stop();
    world.exit('a');
    world.exit('b', { kind: 'shutdown' });
    expect(world.take()).toEqual(['ask b#1', 'ended stopped']);
    expect(world.crashes).toEqual([]);
  });
});
