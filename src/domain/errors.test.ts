import { describe, expect, it } from 'vitest';
import { NightjarError, recoveryByCode, toPlainError } from './errors.ts';

describe('a Nightjar error', () => {
  it('crosses a thread boundary and comes back the same', () => {
    const error = new NightjarError('venue.book-gap', 'expected sequence 41, received 43', { venue: 'okx' });
    const back = NightjarError.fromPlain(structuredClone(error.toPlain()));
    expect(back).toMatchObject({ code: 'venue.book-gap', message: error.message, details: { venue: 'okx' } });
    expect(recoveryByCode[back.code]).toBe('resync');
  });

  it('keeps its cause', () => {
    const cause = new Error('ECONNRESET');
    expect(new NightjarError('net.cut', 'socket cut', {}, cause).cause).toBe(cause);
  });

  it.each([
    ['an Error', new TypeError('boom'), 'boom'],
    ['a text', 'boom', 'boom'],
    ['nothing', undefined, 'undefined'],
  ])('is made of %s that somebody threw, with the fallback code', (_name, thrown, message) => {
    expect(toPlainError(thrown, 'thread.lost')).toMatchObject({ code: 'thread.lost', message });
  });

  it('keeps its own code when it is thrown through others', () => {
    expect(toPlainError(new NightjarError('port.busy', 'port 7717'), 'thread.lost').code).toBe('port.busy');
  });
});
