import type { Random } from '../../domain/ports.ts';

export interface BackoffPolicy {
  readonly minMs: number;
  readonly maxMs: number;
  /** Upper bound of the second and third delay: the first tries after a crash stay quick. */
  readonly earlyMaxMs: number;
  /** Only a run at least this long clears the memory of earlier restarts. */
  readonly stableAfterMs: number;
}

export const DEFAULT_BACKOFF: BackoffPolicy = { minMs: 100, maxMs: 30_000, earlyMaxMs: 500, stableAfterMs: 30_000 };

/** What a child's restarts so far mean for the next delay. */
export interface BackoffMemory {
  readonly restarts: number;
  readonly lastDelayMs: number;
}

export const NO_RESTARTS: BackoffMemory = { restarts: 0, lastDelayMs: 0 };

const EARLY_RESTARTS = 3;

/**
 * Decorrelated jitter: the first delay is `minMs` exactly, each later one uniform between `minMs` and three times the
 * one before, in whole milliseconds.
 *
 * @source  AWS Architecture Blog 2015, "Exponential backoff and jitter" (decorrelated)
 */
export function nextBackoff(memory: BackoffMemory, policy: BackoffPolicy, random: Pick<Random, 'next'>): BackoffMemory {
  const restarts = memory.restarts + 1;
  if (memory.restarts === 0) return { restarts, lastDelayMs: policy.minMs };
  const capMs = restarts <= EARLY_RESTARTS ? Math.min(policy.earlyMaxMs, policy.maxMs) : policy.maxMs;
  const spanMs = Math.max(0, 3 * memory.lastDelayMs - policy.minMs);
  const delayMs = Math.round(policy.minMs + random.next() * spanMs);
  return { restarts, lastDelayMs: Math.min(capMs, delayMs) };
}

/** The memory that counts for a child which ran from `startedAtMs` (null: never came up) until now. */
export function forgetIfStable(
  memory: BackoffMemory,
  startedAtMs: number | null,
  nowMs: number,
  policy: BackoffPolicy,
): BackoffMemory {
  return startedAtMs !== null && nowMs - startedAtMs >= policy.stableAfterMs ? NO_RESTARTS : memory;
}
