import { expect, it } from 'vitest';
import { editDistance, nearestName } from './nearestName.ts';

const names = ['port', 'data', 'seed', 'netEdgeMinBps', 'preNetMinBps', 'grossMinBps'];

it.each([
  ['prot', 'port'],
  ['Port', 'port'],
  ['netEdgMinBps', 'netEdgeMinBps'],
  ['netEdgeMin', 'netEdgeMinBps'],
  ['sed', 'seed'],
  ['zzz', null],
  ['', null],
])('the name nearest to "%s" is %s', (typed, meant) => {
  expect(nearestName(typed, names)).toBe(meant);
});

it.each([
  ['', 'abc', 3],
  ['abc', 'abc', 0],
  ['abc', 'acb', 1],
  ['kitten', 'sitting', 3],
])('"%s" and "%s" are %d edits apart', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});
