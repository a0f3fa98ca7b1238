import { expect, it } from 'vitest';
import { parseCoreRestarts, parseDrill, parseDuration } from './startOptions.ts';

it('reads the time, target and mode of a drill, and refuses what is none with what would do', () => {
  expect(parseDrill('20s:lane:0', 0)).toEqual({ id: 0, atMs: 20_000, target: 'lane:0' });
  expect(parseDrill('2m:bot:arb:SOL', 1)).toEqual({ id: 1, atMs: 120_000, target: 'bot:arb:SOL' });
  expect(parseDrill('5s:core=spin', 2)).toEqual({ id: 2, atMs: 5000, target: 'core', mode: 'spin' });
  expect(() => parseDrill('5s:edge=dance', 0)).toThrow(/mode dance is unknown; use one of spin, hang, memory/);
  expect(() => parseDrill('edge', 0)).toThrow(/give time:target, like 20s:lane:0/);
  expect(() => parseDrill('soon:edge', 0)).toThrow(/--drill "soon": give at least one second/);
});

it('reads durations and restart budgets', () => {
  expect(['1500ms', '90', '90s', '10m', '2h'].map((text) => parseDuration('--for', text))).toEqual([
    1500, 90_000, 90_000, 600_000, 7_200_000,
  ]);
  expect(parseCoreRestarts('50/10m')).toEqual({ most: 50, withinMs: 600_000 });
  expect(() => parseCoreRestarts('0/10m')).toThrow(/give count\/time, like 3\/60s/);
});
