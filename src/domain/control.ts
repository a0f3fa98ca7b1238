/** Who closed a permit, when and why. */
export interface Closure {
  readonly reason: string;
  readonly by: string;
  readonly atMs: number;
  /**
   * `permit` refuses opening orders, `kill` everything but cancels and an explicit flatten; `flatten` is a kill under which
   * that was asked for: closing orders go, opening ones do not. Absent = permit.
   */
  readonly level?: 'permit' | 'flatten' | 'kill';
}

/** The permit latch as its file states it: `all` and each bot that is closed. Absent = open. */
export interface LatchState {
  readonly all: Closure | null;
  readonly bots: Readonly<Record<string, Closure>>;
}

const ROLE_NAMES: ReadonlySet<string> = new Set(['read', 'operate', 'kill', 'alertmanager']);

/** Whoever closed a permit, for a sentence: "killed by kill" would not say that the second word is the token's role. */
export const closerText = (by: string) => (ROLE_NAMES.has(by) ? `the role ${by}` : by);

export interface ControlMessage {
  /** Idempotency key: the same id is answered again, not done again. */
  readonly id: string;
  readonly action: string;
  /** A tree id, or `arb:SOL` for a bot; absent = every bot. */
  readonly target?: string;
  readonly reason: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly by: string;
  readonly from: string;
}
