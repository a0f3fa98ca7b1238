import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeClientOrderId, parseClientOrderId } from './clientOrderId.ts';
import { NightjarError } from './errors.ts';

const ALPHABET = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
const parts = fc.record({
  runTag: fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 8, maxLength: 8 }),
  botSlot: fc.nat(36 ** 2 - 1),
  coreIncarnation: fc.nat(36 ** 4 - 1),
  botIncarnation: fc.nat(36 ** 4 - 1),
  sequence: fc.nat(36 ** 6 - 1),
});
const first = { runTag: 'abcd1234', botSlot: 0, coreIncarnation: 1, botIncarnation: 1, sequence: 1 };

describe('a client order id', () => {
  it('gives its parts back', () => {
    fc.assert(
      fc.property(parts, (given) => {
        expect(parseClientOrderId(makeClientOrderId(given))).toEqual(given);
      }),
    );
  });

  it('keeps to what the strictest venue takes: 32 letters and digits', () => {
    fc.assert(
      fc.property(parts, (given) => {
        expect(makeClientOrderId(given)).toMatch(/^[a-z0-9]{1,32}$/);
      }),
    );
  });

  it('differs when any part differs', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        expect(makeClientOrderId(a)).not.toBe(makeClientOrderId(b));
      }),
    );
  });

  it.each([
    ['a run tag with a capital', { runTag: 'Abcd1234' }],
    ['a run tag that is too short', { runTag: 'abc' }],
    ['a slot over its width', { botSlot: 36 ** 2 }],
    ['a negative sequence', { sequence: -1 }],
    ['a fraction', { sequence: 1.5 }],
  ])('refuses %s', (_name, change) => {
    expect(() => makeClientOrderId({ ...first, ...change })).toThrow(NightjarError);
  });

  it.each(['', 'web_1234', 'njabcd1234', 'xx'.padEnd(26, '0'), `nj${'A'.repeat(24)}`, `${makeClientOrderId(first)}0`])(
    'does not take "%s" for ours',
    (id) => {
      expect(parseClientOrderId(id)).toBeNull();
    },
  );
});
