import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type StatusDelta, statusDelta } from './statusDelta.ts';

type Fields = Record<string, unknown>;

/** What a reader does with a delta. */
function applied(state: Fields, delta: StatusDelta | null): Fields {
  const next = structuredClone(state);
  const at = (pointer: string) => {
    const keys = pointer
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const holder = keys.slice(0, -1).reduce<Fields>((inner, key) => inner[key] as Fields, next);
    return { holder, key: keys.at(-1)! };
  };
  for (const pointer of delta?.unset ?? []) {
    const { holder, key } = at(pointer);
    delete holder[key];
  }
  for (const [pointer, value] of Object.entries(delta?.set ?? {})) {
    const { holder, key } = at(pointer);
    holder[key] = value;
  }
  return next;
}

const key = fc.constantFrom('a', 'b', 'a/b', '~', 'bot:arb:SOL');
const leaf = fc.oneof(fc.integer(), fc.constant(null), fc.string(), fc.array(fc.integer(), { maxLength: 2 }));
const status = fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf)))));

describe('a status delta', () => {
  it('makes the later status of the earlier one, whatever both are', () => {
    fc.assert(
      fc.property(status, status, (before, after) => {
        expect(applied(before, statusDelta(before, after))).toEqual({ ...after });
      }),
    );
  });

  it('is null when nothing changed, and names only what did', () => {
    expect(statusDelta({ a: { b: 1 } }, { a: { b: 1 } })).toBeNull();
    expect(statusDelta({ a: { b: 1, c: 2 }, d: 3 }, { a: { b: 1 }, d: 4 })).toEqual({
      set: { '/d': 4 },
      unset: ['/a/c'],
    });
  });
});
