/** What a supervisor or caller does with an error of this code: the whole policy, read in one place. */
export const recoveryByCode = {
  'config.invalid': 'halt',
  'data.locked': 'halt',
  'data.unreadable': 'halt',
  'schema.newer': 'halt',
  'port.busy': 'halt',
  'build.mismatch': 'halt',
  'net.timeout': 'retry',
  'net.refused': 'retry',
  'net.cut': 'retry',
  'net.closed': 'retry',
  'venue.rate-limited': 'retry',
  'venue.unavailable': 'retry',
  'venue.rejected': 'ignore',
  'venue.bad-frame': 'ignore',
  'venue.unknown-message': 'ignore',
  'venue.bad-response': 'retry',
  'venue.book-gap': 'resync',
  'venue.book-crossed': 'resync',
  'venue.subscription-refused': 'restart',
  'venue.auth-refused': 'halt',
  'recording.truncated': 'ignore',
  'recording.bad-line': 'ignore',
  'order.invalid': 'ignore',
  'control.bad-request': 'ignore',
  'control.unauthorized': 'ignore',
  'control.unknown-target': 'ignore',
  'control.unavailable': 'retry',
  'journal.failed': 'halt',
  'thread.lost': 'restart',
  'run.failed': 'halt',
  'actor.crashed': 'restart',
  'actor.drill': 'restart',
  'actor.gave-up': 'restart',
  'mailbox.full': 'ignore',
  'replay.mismatch': 'halt',
  'ledger.mismatch': 'halt',
} as const satisfies Record<string, 'retry' | 'restart' | 'resync' | 'halt' | 'ignore'>;

export type ErrorCode = keyof typeof recoveryByCode;

export type ErrorDetails = Readonly<Record<string, unknown>>;

/** The form in which an error crosses a thread boundary. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}

/** Trouble from outside (venue, network, config, operator). Broken invariants are `assert`s instead. */
export class NightjarError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'NightjarError';
    this.code = code;
    this.details = details;
  }

  toPlain(): PlainError {
    return { code: this.code, message: this.message, details: this.details };
  }

  static fromPlain(plain: PlainError): NightjarError {
    return new NightjarError(plain.code, plain.message, plain.details);
  }
}

/** Any thrown value as a plain error; what is not ours becomes `fallback`. */
export function toPlainError(error: unknown, fallback: ErrorCode = 'actor.crashed'): PlainError {
  if (error instanceof NightjarError) return error.toPlain();
  if (error instanceof Error) {
    return { code: fallback, message: error.message, details: { name: error.name, stack: error.stack ?? '' } };
  }
  return { code: fallback, message: String(error), details: {} };
}
