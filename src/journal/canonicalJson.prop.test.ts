import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from './canonicalJson.ts';

/** The same object with its members, at every depth, in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

it('writes a value as one text, in whatever order its members were set, and JSON reads it back', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(reversed(value))).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

it('sorts members, leaves out undefined ones, and refuses what JSON cannot hold', () => {
  expect(canonicalJson({ b: 1, a: [true, null, -0, 'é"'], c: undefined, A: {} })).toBe(
    '{"A":{},"a":[true,null,0,"é\\""],"b":1}',
  );
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, undefined, [undefined]]) {
    expect(() => canonicalJson({ deep: [value] }), String(value)).toThrow(/cannot be journalled/);
  }
});

it('writes the same text once it remembers no more shapes', () => {
  const texts = Array.from({ length: 20_000 }, (_, i) => canonicalJson({ [`z${i}`]: 1, [`a${i}`]: 2 }));
  expect(texts).toEqual(texts.map((_, i) => `{"a${i}":2,"z${i}":1}`));
});
