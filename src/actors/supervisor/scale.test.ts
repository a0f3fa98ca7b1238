import { describe, expect, it } from 'vitest';
import { growTree } from '../treeTestWorld.ts';
import { ChildTable } from './childTable.ts';
import { createChildState } from './supervisorState.ts';
import { child, startWorld } from './testWorld.ts';

const FEW = 1000;
const MANY = 10_000;
/** Per child, ten times as many may cost this much more: caches and sorts, but no walk over all for each of them. */
const MOST_PER_CHILD = 4;

function msOf(work: () => void): number {
  const startedAtMs = performance.now();
  work();
  return performance.now() - startedAtMs;
}

/**
 * Ten runs with few beside one with many, which is as many children. A busy machine can slow one side of a pair, so one
 * good pair of five is enough: a walk over all per child costs about ten times as much in every one.
 */
function expectLinear(work: (count: number) => void): void {
  let ratio = Number.POSITIVE_INFINITY;
  for (let pair = 0; pair < 5 && ratio >= MOST_PER_CHILD; pair += 1) {
    const few = msOf(() => {
      for (let run = 0; run < MANY / FEW; run += 1) work(FEW);
    });
    ratio = Math.min(ratio, msOf(() => work(MANY)) / few);
  }
  expect(ratio).toBeLessThan(MOST_PER_CHILD);
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`);

describe('very many children', { timeout: 60_000 }, () => {
  it('C55 10 000 temporary children stop in time that grows linearly, in exact reverse', () => {
    const run = (count: number) => {
      const children = ids(count).map((id) => child(id, { restart: 'temporary' }));
      const world = startWorld({ children });
      world.start();
      world.take();
      world.stop();
      expect(world.ending()?.cause).toBe('stopped');
      expect(world.log[0]).toBe(`ask c${count - 1}#1`);
      expect(world.log.at(-2)).toBe('ask c0#1');
    };
    expectLinear(run);
  });

  it('C56 10 000 children start and end one by one in time that grows linearly', () => {
    expectLinear((count) => {
      const world = startWorld({ children: [] });
      world.start();
      for (const id of ids(count)) world.add(child(id, { restart: 'temporary' }));
      expect(world.state().children.size).toBe(count);
      for (const id of ids(count)) world.exit(id, { kind: 'normal' });
      expect(world.state().children.size).toBe(0);
    });
  });

  it('C56 10 000 instances of a dynamic supervisor start, crash and stop in time that grows linearly', () => {
    expectLinear((count) => {
      const world = startWorld({ strategy: 'dynamic', intensity: count, children: [child('t')] });
      world.start();
      for (const id of ids(count)) world.add({ id });
      for (const id of ids(count).slice(0, count / 10)) {
        world.exit(id);
        world.send({ type: 'timer.due', key: `sup/backoff/${id}/1` });
      }
      world.stop();
      expect(world.ending()?.cause).toBe('stopped');
      expect(world.alive()).toEqual([]);
    });
  });

  it('C56 a tree holds 10 000 instances that all answer its stop at once', () => {
    expectLinear((count) => {
      const pool = { id: 'pool', strategy: 'dynamic', children: [{ id: 'template' }] } as const;
      const { tree, alive, log } = growTree({ id: 'root', strategy: 'one_for_one', children: [pool] });
      tree.start();
      for (const id of ids(count)) tree.startInstance('pool', id);
      expect(alive.size).toBe(count);
      tree.stop();
      expect(log.at(-1)).toBe('stopped shutdown');
    });
  });
});

describe('the table of children', () => {
  it('is what a Map is, and a copy does not change with its original', () => {
    const table = new ChildTable();
    const map = new Map<string, number>();
    const state = (id: string, incarnation: number) => createChildState({ ...SPEC, id }, incarnation);
    const copies: { readonly table: ChildTable; readonly shown: readonly string[] }[] = [];
    const show = (each: ChildTable) => each.values().map(({ spec, incarnation }) => `${spec.id}#${incarnation}`);
    for (let step = 0; step < 5000; step += 1) {
      const id = `c${(step * 7919) % 997}`;
      if (step % 3 === 2) {
        expect(table.delete(id)).toBe(map.delete(id));
      } else {
        table.set(id, state(id, step));
        map.set(id, step);
      }
      if (step % 1000 === 0) copies.push({ table: table.copy(), shown: show(table) });
    }
    expect(show(table)).toEqual([...map].map(([id, step]) => `${id}#${step}`));
    expect(table.size).toBe(map.size);
    expect(table.get('nobody')).toBeUndefined();
    for (const { table: copy, shown } of copies) expect(show(copy)).toEqual(shown);
  });

  it('is as it was for whoever holds it, however often it was copied and whatever became of the copies', () => {
    const state = (id: string, incarnation: number) => createChildState({ ...SPEC, id }, incarnation);
    const show = (each: ChildTable) => each.values().map(({ spec, incarnation }) => `${spec.id}#${incarnation}`);
    const first = new ChildTable(ids(3).map((id) => state(id, 1)));
    const left = first.copy();
    left.set('c1', state('c1', 2));
    left.set('c1', state('c1', 3));
    left.delete('c0');
    const leftmost = left.copy();
    leftmost.set('c0', state('c0', 9));
    leftmost.delete('c2');
    const right = first.copy();
    right.set('new', state('new', 1));
    left.set('c2', state('c2', 7));

    expect(show(first)).toEqual(['c0#1', 'c1#1', 'c2#1']);
    expect(show(left)).toEqual(['c1#3', 'c2#7']);
    expect(show(leftmost)).toEqual(['c1#3', 'c0#9']);
    expect(show(right)).toEqual(['c0#1', 'c1#1', 'c2#1', 'new#1']);
    expect([first, left, leftmost, right].map(({ size }) => size)).toEqual([3, 2, 2, 4]);
    expect(right.orderOf('c2')).toBeGreaterThan(right.orderOf('c1'));
  });
});

const SPEC = {
  start: 'x',
  restart: 'permanent',
  shutdownMs: 5000,
  type: 'worker',
  significant: false,
} as const;
