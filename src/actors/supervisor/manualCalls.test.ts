import { describe, expect, it } from 'vitest';
import { child, startWorld } from './testWorld.ts';

describe('manual calls', () => {
  it('C52 the whole table: twice, running, unknown, stopped', () => {
    const world = startWorld({ children: [child('a')] });
    world.start();
    expect(world.add(child('a'))).toMatchObject({ ok: false, refusal: 'already_started' });
    expect(world.call('child.restart', 'a')).toEqual({ ok: false, refusal: 'running' });
    expect(world.call('child.delete', 'a')).toEqual({ ok: false, refusal: 'running' });
    expect(world.call('child.terminate', 'a')).toEqual({ ok: true });
    expect(world.call('child.terminate', 'a')).toEqual({ ok: true });
    expect(world.add(child('a'))).toMatchObject({ ok: false, refusal: 'already_present' });
    expect(world.call('child.delete', 'a')).toEqual({ ok: true });
    for (const type of ['child.restart', 'child.delete', 'child.terminate', 'child.cycle'] as const) {
      expect(world.call(type, 'a')).toEqual({ ok: false, refusal: 'not_found' });
    }
    expect(world.add(child('a', { shutdownMs: -5 }))).toMatchObject({ ok: false, error: { code: 'config.invalid' } });
  });

  it('C53 a template supervisor takes handles only', () => {
    const world = startWorld({ strategy: 'dynamic', children: [child('t')] });
    world.start();
    expect(world.add({ id: 'x' })).toMatchObject({ ok: true, incarnation: 1 });
    expect(world.call('child.restart', 'x')).toEqual({ ok: false, refusal: 'not_for_dynamic' });
    expect(world.call('child.delete', 'x')).toEqual({ ok: false, refusal: 'not_for_dynamic' });
    expect(world.call('child.terminate', 't')).toEqual({ ok: false, refusal: 'not_for_dynamic' });
    expect(world.add({ id: 'x' })).toMatchObject({ ok: false, refusal: 'already_started', incarnation: 1 });
    expect(world.ask('count')).toMatchObject({ count: { specs: 1, active: 1, workers: 1 } });
    expect(world.call('child.terminate', 'x')).toEqual({ ok: true });
    expect(world.alive()).toEqual([]);
    expect(world.call('child.terminate', 'x')).toEqual({ ok: true });
    expect(world.ask('count')).toMatchObject({ count: { specs: 1, active: 0, workers: 0 } });
  });

  it('C54 lists children in reverse start order', () => {
    const world = startWorld({ children: ['m', 'z', 'a'].map((id) => child(id)) });
    world.start();
    expect(world.ask('which')).toMatchObject({ children: [{ id: 'a' }, { id: 'z' }, { id: 'm' }] });
  });

  it('manual stop and start spend no restart', () => {
    const world = startWorld({ intensity: 0, children: [child('a')] });
    world.start();
    for (let round = 0; round < 5; round += 1) {
      world.call('child.terminate', 'a');
      world.call('child.restart', 'a');
    }
    expect(world.call('child.cycle', 'a')).toEqual({ ok: true, incarnation: 7, info: 'a-info' });
    expect(world.state().restarts).toEqual([]);
  });

  it('terminate is answered when the child has ended, not when it was asked', () => {
    const world = startWorld({ children: [child('a')] }, { a: { stop: 'hold' } });
    world.start();
    expect(world.call('child.terminate', 'a')).toBeUndefined();
    world.exit('a', { kind: 'shutdown' });
    expect(world.reply(1)).toEqual({ ok: true });
  });

  it('a manual cycle takes along the siblings that the strategy names', () => {
    const world = startWorld({
      strategy: 'rest_for_one',
      intensity: 0,
      children: ['a', 'b', 'c'].map((id) => child(id)),
    });
    world.start();
    world.take();
    expect(world.call('child.cycle', 'b')).toMatchObject({ ok: true, incarnation: 2 });
    expect(world.take()).toEqual(['ask c#1', 'ask b#1', 'start b#2', 'start c#2']);
  });

  it('a manual cycle ends a backoff early', () => {
    const world = startWorld({ children: [child('a')] });
    world.start();
    world.exit('a');
    expect(world.call('child.cycle', 'a')).toMatchObject({ ok: true, incarnation: 2 });
    expect(world.timers.size).toBe(0);
  });

  it('refuses manual changes before the first start is complete and while stopping', () => {
    const world = startWorld({ children: [child('a')] }, { a: { start: 'hold', stop: 'hold' } });
    world.start();
    expect(world.call('child.terminate', 'a')).toEqual({ ok: false, refusal: 'starting' });
    world.stop();
    expect(world.add(child('b'))).toEqual({ ok: false, refusal: 'stopping' });
    expect(world.ask('count')).toMatchObject({ count: { specs: 1 } });
  });
});
