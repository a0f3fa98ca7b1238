import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { NightjarError } from '../domain/errors.ts';
import { writeFileDurably } from '../journal/durableFile.ts';

/** `read` < `operate` < `kill`; `alertmanager` stands beside them and may only stop. */
export const ROLES = ['read', 'operate', 'kill', 'alertmanager'] as const;
export type Role = (typeof ROLES)[number];
export type Tokens = Readonly<Record<Role, string>>;

const TOKEN_BYTES = 32;
const token = z.string().min(43, 'at least 256 bits as base64url');
const tokenFile = z.object({ read: token, operate: token, kill: token, alertmanager: token });

/** @throws NightjarError data.unreadable, with the remedy */
export function readTokens(path: string): Tokens {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  const refuse = (what: string, remedy: string) =>
    new NightjarError('data.unreadable', `token file ${path} ${what}: ${remedy}`, { path });
  if (mode === undefined) throw refuse('is missing', 'start the system once, which makes it');
  if ((mode & 0o077) !== 0) {
    throw refuse(
      `may be read by others (mode ${(mode & 0o777).toString(8)})`,
      'delete it for new tokens, or "chmod 600" it',
    );
  }
  try {
    return tokenFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw refuse('does not hold four tokens', 'delete it, the next start makes new ones');
  }
}

/** Makes new tokens at the first start. @throws NightjarError data.unreadable, or the system's error */
export function loadOrMakeTokens(path: string): Tokens {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return readTokens(path);
  const tokens = makeTokens();
  writeTokens(path, tokens);
  return tokens;
}

export function makeTokens(): Tokens {
  const make = () => randomBytes(TOKEN_BYTES).toString('base64url');
  return { read: make(), operate: make(), kill: make(), alertmanager: make() };
}

/** @throws the system's error; the old file is then untouched */
export function writeTokens(path: string, tokens: Tokens): void {
  writeFileDurably(path, `${JSON.stringify(tokens, null, 2)}\n`, 0o600);
}

/** Whose token this is, or null. Only digests are kept, and every digest is compared, so timing tells nothing. */
export function createTokenCheck(tokens: Tokens): (presented: string) => Role | null {
  const digests = ROLES.map((role) => [role, digestOf(tokens[role])] as const);
  return (presented) => {
    const digest = digestOf(presented);
    let found: Role | null = null;
    for (const [role, known] of digests) if (timingSafeEqual(digest, known)) found = role;
    return found;
  };
}

const digestOf = (text: string) => createHash('sha256').update(text).digest();
