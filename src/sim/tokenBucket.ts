import type { Clock } from '../domain/ports.ts';

/** Requests per second with a burst: `take()` answers whether one more is allowed now. */
export function createTokenBucket(clock: Clock, perSecond: number, burst: number) {
  let tokens = burst;
  let filledAtMs = clock.nowMs();
  const fill = () => {
    const nowMs = clock.nowMs();
    tokens = Math.min(burst, tokens + ((nowMs - filledAtMs) / 1000) * perSecond);
    filledAtMs = nowMs;
  };
  return {
    take(): boolean {
      fill();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    remaining: (): number => {
      fill();
      return Math.floor(tokens);
    },
    /** When the next request will be allowed, epoch ms. */
    nextAtMs: (): number => {
      fill();
      return clock.nowMs() + Math.max(0, ((1 - tokens) / perSecond) * 1000);
    },
  };
}

export type TokenBucket = ReturnType<typeof createTokenBucket>;
