import { statSync } from 'node:fs';
import { createTokenCheck, ROLES, type Role, readTokens, type Tokens } from './tokens.ts';

/** The tokens that count now. A changed file (`nightjar tokens rotate`) is taken over without a restart. */
export interface TokenStore {
  roleOf(presented: string): Role | null;
  /** Looks whether the file has changed. @throws NightjarError data.unreadable: the tokens of before stay in force */
  refresh(): boolean;
}

export interface TokenStoreDeps {
  readonly path: string;
  readonly initial: Tokens;
  /** New values that no output may show. */
  readonly keepSecret: (value: string) => void;
}

export function createTokenStore({ path, initial, keepSecret }: TokenStoreDeps): TokenStore {
  let check = createTokenCheck(initial);
  let seen = stampOf(path);
  const keep = (tokens: Tokens) => {
    for (const role of ROLES) keepSecret(tokens[role]);
  };
  keep(initial);
  return {
    roleOf: (presented) => check(presented),
    refresh() {
      const stamp = stampOf(path);
      // A file that is gone takes nobody's token away: the next start makes a new one.
      if (stamp === null || stamp === seen) return false;
      seen = stamp;
      const tokens = readTokens(path);
      keep(tokens);
      check = createTokenCheck(tokens);
      return true;
    },
  };
}

/** Another file under the same name, or the same one written anew. */
function stampOf(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? null : `${found.ino}/${found.mtimeNs}/${found.mode}`;
}
