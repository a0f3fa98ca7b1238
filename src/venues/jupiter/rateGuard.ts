import type { DurationMs, EpochMs } from '../../domain/units.ts';

/** 429s beyond this widen the interval no further: an hour of refusals must not cost an hour of silence. */
const mostRecent429s = 59;
/** A venue's own Retry-After is honoured up to this. */
const longestHoldMs = 60_000;

/**
 * Spaces the quote polls of one venue account over all bots that share it. One slot is one poll: its quotes leave
 * together, and the firm quote of the same look may follow at once. Interval = guardMs × (1 + recent 429s); a success
 * resets. Pure state: the caller brings the time.
 */
export interface RateGuard {
  /**
   * Takes the slot for the bot whose turn it is: a lifted one first, then round robin.
   * @returns its slot number, or null while the guard holds or no bot is ready
   */
  take(nowMs: EpochMs, ready: (botSlot: number) => boolean): number | null;
  /** Takes a free slot for this very bot, out of turn: the firm quote of a look that no poll opened. */
  takeFor(botSlot: number, nowMs: EpochMs): boolean;
  /** Takes a slot whether free or not, for a last look; refused after a 429 until the slot is free. */
  takeLifted(botSlot: number, nowMs: EpochMs): boolean;
  /** Time until the next slot of any bot; 0 = free. */
  waitMs(nowMs: EpochMs): DurationMs;
  /** The first hit: this bot's next poll need not wait. */
  lift(botSlot: number): void;
  isLifted(botSlot: number): boolean;
  /** A 429: widens the interval and puts every lifted cooldown back. */
  refused(nowMs: EpochMs, retryAfterMs: DurationMs | null): void;
  succeeded(): void;
  readonly intervalMs: DurationMs;
}

export function createRateGuard(guardMs: DurationMs, botSlots: readonly number[]): RateGuard {
  const lifted = new Set<number>();
  let recent429s = 0;
  let lastTakenAtMs = Number.NEGATIVE_INFINITY;
  let heldUntilMs = Number.NEGATIVE_INFINITY;
  let nextTurn = 0;

  const intervalMs = () => guardMs * (1 + recent429s);
  const waitMs = (nowMs: EpochMs) => Math.max(0, lastTakenAtMs + intervalMs() - nowMs, heldUntilMs - nowMs);
  const spend = (botSlot: number, nowMs: EpochMs) => {
    lastTakenAtMs = nowMs;
    lifted.delete(botSlot);
  };

  return {
    take(nowMs, ready) {
      for (const botSlot of botSlots) {
        if (!lifted.has(botSlot) || !ready(botSlot)) continue;
        // Out of turn, so the round goes on where it was.
        spend(botSlot, nowMs);
        return botSlot;
      }
      if (waitMs(nowMs) > 0) return null;
      for (let i = 0; i < botSlots.length; i += 1) {
        const turn = (nextTurn + i) % botSlots.length;
        const botSlot = botSlots[turn]!;
        if (!ready(botSlot)) continue;
        nextTurn = (turn + 1) % botSlots.length;
        spend(botSlot, nowMs);
        return botSlot;
      }
      return null;
    },
    takeFor(botSlot, nowMs) {
      if (waitMs(nowMs) > 0) return false;
      spend(botSlot, nowMs);
      return true;
    },
    takeLifted(botSlot, nowMs) {
      if (recent429s > 0 && waitMs(nowMs) > 0) return false;
      // A lifted poll that is still due keeps its lift: poll and last look are one each.
      const keepsLift = lifted.has(botSlot);
      spend(botSlot, nowMs);
      if (keepsLift) lifted.add(botSlot);
      return true;
    },
    waitMs,
    lift(botSlot) {
      if (recent429s === 0 && botSlots.includes(botSlot)) lifted.add(botSlot);
    },
    isLifted: (botSlot) => lifted.has(botSlot),
    refused(nowMs, retryAfterMs) {
      recent429s = Math.min(recent429s + 1, mostRecent429s);
      lifted.clear();
      if (retryAfterMs !== null) heldUntilMs = Math.max(heldUntilMs, nowMs + Math.min(retryAfterMs, longestHoldMs));
    },
    succeeded() {
      recent429s = 0;
    },
    get intervalMs() {
      return intervalMs();
    },
  };
}
