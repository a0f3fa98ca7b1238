import type { Role } from './tokens.ts';

export type PermitAction = 'disable_live' | 'drain' | 'flatten' | 'kill' | 'enable_live';

export interface PermitVerb {
  /** The least role that may say it. */
  readonly role: Role;
  /** What it does and what it leaves, as the operator is told before and after. */
  readonly consequences: readonly string[];
}

const SENT = 'orders already handed to a venue are followed to their fate, not called back';
const FOREIGN = "orders and positions that are not this run's are never touched";

/** What each permit verb does, said once for `--plan`, for the answer and for the command line. */
export const PERMIT_VERBS: Readonly<Record<PermitAction, PermitVerb>> = {
  disable_live: {
    role: 'operate',
    consequences: [
      'opening orders are refused; closing orders and cancels pass',
      'the bots go on watching and counting',
      'survives restarts; enable_live opens it',
    ],
  },
  drain: {
    role: 'operate',
    consequences: [
      'opening orders are refused; attempts under way finish, closing orders and cancels pass',
      'survives restarts; enable_live opens it',
    ],
  },
  flatten: {
    role: 'operate',
    consequences: [
      'opening orders are refused; closing orders pass, also of a killed bot',
      'bots bring what their open attempt holds back to zero; inventory outside an attempt stays',
      'survives restarts; enable_live opens it, after a kill with the role kill and a typed phrase',
    ],
  },
  kill: {
    role: 'kill',
    consequences: [
      'every order is refused, closing ones too; only cancels and an explicit flatten pass',
      'positions are held as they are',
      'survives restarts; enable_live lifts it, with the role kill and a typed phrase',
    ],
  },
  enable_live: { role: 'operate', consequences: ['opening orders may go again'] },
};

/** What no permit verb covers: said by `--plan`, so that nobody counts on it. */
export const NOT_COVERED: readonly string[] = [SENT, 'a swap already on the chain may still land', FOREIGN];

export const isPermitAction = (action: string): action is PermitAction => Object.hasOwn(PERMIT_VERBS, action);
