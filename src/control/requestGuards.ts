import { isIP } from 'node:net';
import type { LoginThrottle } from './loginThrottle.ts';
import type { Role } from './tokens.ts';

export const MAX_BODY_BYTES = 64 * 1024;

/** Who may use a path. `loopback`: open there, else `read`. */
export type Access = 'open' | 'loopback' | 'read' | 'operate' | 'stop';

export interface Refusal {
  readonly status: number;
  /** Label of `nightjar_auth_failures_total`. */
  readonly reason: 'host' | 'origin' | 'missing' | 'wrong' | 'role' | 'throttled';
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** The names under which this server may be called: loopback and its own port, nothing else. */
export function allowedHosts(port: number): ReadonlySet<string> {
  return new Set(['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`));
}

/** Keeps a rebound name (evil.example → 127.0.0.1) out before anything else is looked at. */
export function refuseHost(hosts: readonly string[], allowed: ReadonlySet<string>): Refusal | null {
  if (hosts.length === 1 && allowed.has(hosts[0]!.toLowerCase())) return null;
  return {
    status: 421,
    reason: 'host',
    message: `Host ${JSON.stringify(hosts.join(', ').slice(0, 100))} is not served here: use ${[...allowed].join(' or ')}`,
  };
}

/** A browser page of another origin may not act; programs send no Origin. */
export function refuseOrigin(origin: string | undefined, allowed: ReadonlySet<string>): Refusal | null {
  if (origin === undefined) return null;
  const scheme = 'http://';
  if (origin.startsWith(scheme) && allowed.has(origin.slice(scheme.length).toLowerCase())) return null;
  return {
    status: 403,
    reason: 'origin',
    message: `Origin ${JSON.stringify(origin.slice(0, 100))} is not this server's own`,
  };
}

/** `Authorization: Bearer T`, else `X-Auth-Token: T`. */
export function presentedToken(headers: Readonly<Record<string, string | string[] | undefined>>): string | null {
  const { authorization } = headers;
  const bearer = typeof authorization === 'string' ? /^Bearer +(\S+) *$/i.exec(authorization)?.[1] : undefined;
  if (bearer !== undefined) return bearer;
  const plain = headers['x-auth-token'];
  return typeof plain === 'string' && plain.trim() !== '' ? plain.trim() : null;
}

export interface TokenGuardDeps {
  readonly roleOf: (token: string) => Role | null;
  readonly throttle: LoginThrottle;
}

/** @returns the caller's role (null on an open path without a token), or the refusal */
export function checkToken(
  deps: TokenGuardDeps,
  request: { readonly access: Access; readonly source: string; readonly token: string | null },
): { readonly role: Role | null } | Refusal {
  const { access, source, token } = request;
  const isLocal = isLoopback(source);
  if (access === 'open' || (access === 'loopback' && isLocal)) return { role: null };
  if (token === null) {
    return {
      status: 401,
      reason: 'missing',
      message:
        'a token is needed: send "Authorization: Bearer TOKEN" with a token of the data directory’s file "tokens"',
    };
  }
  const role = deps.roleOf(token);
  const waitMs = role === null ? deps.throttle.waitWrongMs(source) : deps.throttle.waitMs(source);
  // The operator's stop must get through while somebody else on the machine guesses.
  if (waitMs > 0 && (role === null || !isLocal)) {
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    return { status: 429, reason: 'throttled', message: 'too many wrong tokens: wait', retryAfterSeconds };
  }
  if (role === null) {
    deps.throttle.failed(source);
    return {
      status: 401,
      reason: 'wrong',
      message: 'this token is not known here: read the data directory’s file "tokens"',
    };
  }
  if (!mayUse(role, access)) {
    return { status: 403, reason: 'role', message: `the token's role "${role}" may not do this` };
  }
  return { role };
}

/** `operate` covers every control action here; `kill` itself asks for more when its action is known. */
function mayUse(role: Role, access: Access): boolean {
  switch (access) {
    case 'operate':
      return role === 'operate' || role === 'kill';
    case 'stop':
      return role !== 'read';
    default:
      return role !== 'alertmanager';
  }
}

export function isLoopback(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}
