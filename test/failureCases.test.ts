import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAILURE_CASES } from '../scripts/failureCases/catalogue.ts';
import { caseTests } from '../scripts/failureCases/titles.ts';
import { occurrences } from '../scripts/mutations/copyTree.ts';
import { MUTATIONS } from '../scripts/mutations/table.ts';

const tests = Map.groupBy(caseTests(), ({ number }) => number);

describe('the index of failure cases', () => {
  it('has every case of the groups A to H', () => {
    const counts = Object.groupBy(FAILURE_CASES, ({ number }) => number[0]!);
    const perGroup = Object.entries(counts).map(([letter, cases]) => [letter, cases!.length]);
    expect(Object.fromEntries(perGroup)).toEqual({ A: 17, B: 19, C: 10, D: 8, E: 6, F: 11, G: 6, H: 9 });
  });

  it.each(FAILURE_CASES)('$number is named by a test, or says why it cannot be: $happens', ({ number, reason }) => {
    if (reason === undefined) expect(tests.get(number)?.length ?? 0).toBeGreaterThan(0);
    else expect(tests.get(number) ?? [], 'a test names it: take the reason out').toEqual([]);
  });

  it('counts no title that names a case which does not exist', () => {
    const known = new Set(FAILURE_CASES.map(({ number }) => number));
    expect([...tests.keys()].filter((number) => !known.has(number))).toEqual([]);
  });

  it('has a mutation for each covered case', () => {
    const mutated = new Set(MUTATIONS.map(({ number }) => number));
    expect([...tests.keys()].filter((number) => !mutated.has(number))).toEqual([]);
  });
});

describe('the mutations', () => {
  it.each(MUTATIONS)('$number: $name: its text stands once in $file', ({ number, test, also = [], ...one }) => {
    for (const { file, search, replace } of [one, ...also]) {
      expect(occurrences(readFileSync(file, 'utf8'), search), file).toBe(1);
      expect(replace).not.toBe(search);
    }
    expect(tests.get(number)?.map(({ file: named }) => named) ?? []).toContain(test);
  });
});
