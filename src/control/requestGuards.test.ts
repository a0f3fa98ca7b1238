import { describe, expect, it } from 'vitest';
import { createLoginThrottle } from './loginThrottle.ts';
import { type Access, allowedHosts, checkToken, presentedToken, refuseHost, refuseOrigin } from './requestGuards.ts';
import type { Role } from './tokens.ts';

const allowed = allowedHosts(7717);

function startGuard() {
  let nowMs = 1_000_000;
  const roleOf = (token: string): Role | null =>
    token === 'read' || token === 'operate' || token === 'kill' || token === 'alertmanager' ? token : null;
  const throttle = createLoginThrottle(() => nowMs);
  const login = (token: string | null, access: Access = 'operate', source = '127.0.0.1') => {
    const result = checkToken({ roleOf, throttle }, { access, source, token });
    return 'status' in result ? result.status : 200;
  };
  return { login, wait: (ms: number) => (nowMs += ms) };
}

describe('the Host guard', () => {
  it.each(['127.0.0.1:7717', 'localhost:7717', 'LOCALHOST:7717', '[::1]:7717'])('lets %s in', (host) => {
    expect(refuseHost([host], allowed)).toBeNull();
  });

  it.each([
    'evil.example',
    'evil.example:7717',
    '127.0.0.1',
    '127.0.0.1:80',
    'localhost.:7717',
    'localhost:7717.evil.example',
    '127.0.0.1.evil.example:7717',
    '127.0.0.2:7717',
    '0.0.0.0:7717',
    '[::]:7717',
    '[::ffff:127.0.0.1]:7717',
    '2130706433:7717',
    'localhost:7717 ',
    'user@localhost:7717',
    '',
  ])('keeps %j out', (host) => {
    expect(refuseHost([host], allowed)?.status).toBe(421);
  });

  it('keeps out a request with no Host, or with two', () => {
    expect(refuseHost([], allowed)?.status).toBe(421);
    expect(refuseHost(['localhost:7717', 'localhost:7717'], allowed)?.status).toBe(421);
  });
});

describe('the Origin guard', () => {
  it.each([undefined, 'http://127.0.0.1:7717', 'http://localhost:7717'])('lets %s in', (origin) => {
    expect(refuseOrigin(origin, allowed)).toBeNull();
  });

  it.each([
    'null',
    'http://evil.example',
    'https://localhost:7717',
    'http://localhost',
    'http://localhost:7718',
    'http://localhost:7717.evil.example',
    'file://',
    '',
  ])('keeps %j out', (origin) => {
    expect(refuseOrigin(origin, allowed)?.status).toBe(403);
  });
});

describe('the token guard', () => {
  it.each([
    ['read', 200, 403, 403],
    ['operate', 200, 200, 200],
    ['kill', 200, 200, 200],
    ['alertmanager', 403, 403, 200],
    ['wrong', 401, 401, 401],
    [null, 401, 401, 401],
  ])('token %s: read %i, operate %i, stop %i', (token, read, operate, stop) => {
    const { login } = startGuard();

    expect([login(token, 'read'), login(token, 'operate'), login(token, 'stop')]).toEqual([read, operate, stop]);
  });

  it('asks for no token on open paths, and on loopback ones only from elsewhere', () => {
    const { login } = startGuard();

    expect(login(null, 'open', '10.0.0.9')).toBe(200);
    expect(['127.0.0.1', '::1', '::ffff:127.0.0.1'].map((source) => login(null, 'loopback', source))).toEqual([
      200, 200, 200,
    ]);
    expect(login(null, 'loopback', '10.0.0.9')).toBe(401);
  });

  it('slows a thousand guesses down, and lets the right token in all the while on loopback only', () => {
    const { login } = startGuard();
    const answers = Array.from({ length: 1000 }, (_, i) => login(`guess ${i}`));

    expect(answers.slice(0, 10)).toEqual(Array(10).fill(401));
    expect(answers.filter((status) => status === 429).length).toBeGreaterThanOrEqual(900);
    expect(login('kill')).toBe(200);

    for (let i = 0; i < 20; i += 1) login('guess', 'operate', '10.0.0.9');
    expect(login('kill', 'operate', '10.0.0.9')).toBe(429);
    expect(login('kill', 'operate', '10.0.0.8')).toBe(200);
  });

  it('slows wrong tokens of many sources together, and no right one of another source', () => {
    const { login, wait } = startGuard();
    const answers = Array.from({ length: 1000 }, (_, i) => login('guess', 'read', `10.0.${i >> 8}.${i & 255}`));

    expect(answers.filter((status) => status === 429).length).toBeGreaterThanOrEqual(900);
    expect(login('read', 'read', '10.9.9.9')).toBe(200);
    wait(60_000);
    expect(login('guess', 'read', '10.9.9.9')).toBe(401);
  });

  it('gives a slowed source its tries back with time', () => {
    const { login, wait } = startGuard();
    for (let i = 0; i < 50; i += 1) login('guess');
    expect(login('guess')).toBe(429);

    wait(6_000);

    expect([login('guess'), login('guess')]).toEqual([401, 429]);
  });

  it.each([
    [{ authorization: 'Bearer abc' }, 'abc'],
    [{ authorization: 'bearer  abc ' }, 'abc'],
    [{ 'x-auth-token': ' abc ' }, 'abc'],
    [{ authorization: 'Basic abc', 'x-auth-token': 'def' }, 'def'],
    [{ authorization: 'Basic abc' }, null],
    [{}, null],
  ])('finds the token of %j', (headers, token) => {
    expect(presentedToken(headers)).toBe(token);
  });
});
