import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { NightjarError } from '../domain/errors.ts';
import { canonicalJson } from '../journal/canonicalJson.ts';
import { errorChainOf } from './errorChain.ts';
import { hostMachine } from './hostTestWorld.ts';

/** Counts who reads its stack. */
function watchedError(message: string) {
  const error = new TypeError(message);
  const words = error.stack!;
  const reads = { count: 0 };
  Object.defineProperty(error, 'stack', {
    get() {
      reads.count += 1;
      return words;
    },
  });
  return { error, words, reads };
}

describe('an error chain', () => {
  it('puts the stack into words when somebody reads it, and not before', () => {
    const { error, words, reads } = watchedError('boom');
    const chain = errorChainOf(new Error('outer', { cause: error }));
    expect(reads.count).toBe(0);
    expect(chain[1]!.details.stack).toBe(words);
    expect(reads.count).toBe(1);
  });

  it('of a machine that died is worded by whoever writes the record, after the death', () => {
    const { error, words, reads } = watchedError('boom');
    const boom = () => {
      throw error;
    };
    const world = hostMachine(createMachine({ on: { die: { actions: boom } } }));
    world.host.start();
    world.send({ type: 'die' });
    const [crash] = world.crashes;
    expect(world.host.status()).toBe('crashed');
    expect(reads.count).toBe(0);
    expect(canonicalJson(crash!.details.errorChain)).toContain(JSON.stringify(words));
  });

  it('holds the stack for JSON, for copies and for other threads alike', () => {
    const { error, words } = watchedError('boom');
    const [link] = errorChainOf(error);
    const plain = { code: 'actor.crashed', message: 'boom', details: { name: 'TypeError', stack: words } };
    expect(JSON.parse(canonicalJson(link))).toEqual(plain);
    expect(structuredClone(link)).toEqual(plain);
    expect({ ...link!.details }).toEqual(plain.details);
  });

  it('cuts a long stack, and goes without one that cannot be read', () => {
    const long = Object.assign(new Error('long'), { stack: 'x'.repeat(5000) });
    expect(errorChainOf(long)[0]!.details.stack).toBe(`${'x'.repeat(2000)}… (5000 characters)`);
    const refusing = Object.defineProperty(new Error('refuses'), 'stack', {
      get() {
        throw new Error('no stack for you');
      },
    });
    expect(errorChainOf(refusing)[0]!.details).toEqual({ name: 'Error', stack: '' });
  });

  it('follows the causes, cuts a circle, and keeps at most eight', () => {
    const inner = new NightjarError('venue.book-gap', 'gap', { at: Number.NaN });
    expect(errorChainOf(new Error('outer', { cause: inner })).map(({ code }) => code)).toEqual([
      'actor.crashed',
      'venue.book-gap',
    ]);
    expect(errorChainOf(inner)[0]!.details).toEqual({ at: null });
    const first: Error = new Error('first');
    first.cause = new Error('second', { cause: first });
    expect(errorChainOf(first).map(({ message }) => message)).toEqual(['first', 'second']);
    let deep = new Error('link 0');
    for (let i = 1; i < 20; i += 1) deep = new Error(`link ${i}`, { cause: deep });
    expect(errorChainOf(deep)).toHaveLength(8);
    expect(errorChainOf('text')).toEqual([{ code: 'actor.crashed', message: 'text', details: {} }]);
  });
});
