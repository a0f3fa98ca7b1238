import type { ChildSpecInput } from '../../src/actors/supervisor/childSpec.ts';
import type { ExitReason } from '../../src/domain/exitReason.ts';
import type { Death, OnAsk, WorkerPlan } from './scenario.ts';

/** No time passes in a scenario, so every crash is within the window. */
export const PERIOD_MS = 3_600_000;
export const NO_BACKOFF = { minMs: 0, maxMs: 0, earlyMaxMs: 0, stableAfterMs: PERIOD_MS };

export const CRASH = {
  kind: 'crash',
  error: { code: 'actor.crashed', message: 'boom', details: {} },
} as const satisfies ExitReason;

export function deathReason(how: Death | Exclude<OnAsk, 'deaf'>): ExitReason {
  if (how === 'crash') return CRASH;
  return { kind: how === 'kill' ? 'killed' : how };
}

/** The child as its supervisor knows it; its `start` says how it heeds a request to end. */
export const specOf = ({ id, restart, shutdown, significant, onAsk }: WorkerPlan): ChildSpecInput => ({
  id,
  restart,
  significant,
  shutdownMs: shutdown,
  start: onAsk,
});
