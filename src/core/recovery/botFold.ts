import { addE8, fromE8, type MoneyE8, toE8, ZERO_E8 } from '../../domain/money.ts';
import type { EpisodePayload, EvParts, JournalRow, LookEndedPayload, TradeClosedPayload } from '../../journal/rows.ts';
import type { RecoveredAttempt, RecoveredBot } from './recoveredState.ts';

/** The `attempt.began` row: what a next core needs to book the attempt. */
export type AttemptBegan = Omit<RecoveredAttempt, 'fills' | 'failedFeesSol'>;

const PARTS = ['spread', 'adverse', 'fees', 'slippage', 'net'] as const;

/** Reads one bot's `decisions` rows in order. */
export function createBotFold() {
  const stages = { near: 0, auto: 0, go: 0 };
  const why: Record<string, number> = {};
  const pending = new Set<number>();
  const attempts = new Map<number, AttemptBegan>();
  const gains = createSum();
  const losses = createSum();
  let looks = 0;
  let trades = 0;
  let lastLookId = 0;
  let lastEpisode = 0;
  let lastAttempt = 0;

  const began = (lookId: number) => {
    looks += 1;
    lastLookId = Math.max(lastLookId, lookId);
  };
  const ended = ({ lookId, end }: LookEndedPayload) => {
    if (!pending.delete(lookId)) began(lookId);
    if (end === 'trade') trades += 1;
    else why[end] = (why[end] ?? 0) + 1;
  };

  return {
    take({ kind, payload }: JournalRow): void {
      switch (kind) {
        case 'look.pending':
          began((payload as { lookId: number }).lookId);
          pending.add((payload as { lookId: number }).lookId);
          return;
        case 'look.ended':
          ended(payload as LookEndedPayload);
          return;
        case 'near':
        case 'auto':
        case 'go':
          stages[kind] += 1;
          lastEpisode = Math.max(lastEpisode, (payload as EpisodePayload).episode);
          return;
        case 'attempt.began': {
          const attempt = payload as AttemptBegan;
          lastAttempt = Math.max(lastAttempt, attempt.number);
          attempts.set(attempt.number, attempt);
          return;
        }
        case 'attempt.closed': {
          const closed = payload as TradeClosedPayload;
          attempts.delete(closed.attempt);
          for (const part of PARTS) (closed[part] >= 0 ? gains : losses).add(part, closed[part]);
          return;
        }
      }
    },
    /** @param book  adds to an open attempt what other tables say about it */
    end(book: (began: AttemptBegan) => RecoveredAttempt): RecoveredBot {
      if (pending.size > 0) why.crashed = (why.crashed ?? 0) + pending.size;
      pending.clear();
      return {
        looks,
        trades,
        why,
        lastLookId,
        lastEpisode,
        lastAttempt,
        stages,
        gains: gains.total(),
        losses: losses.total(),
        attempts: [...attempts.values()].map(book),
      };
    },
  };
}

/** Exact to 1e-8, as the rows are. */
function createSum() {
  const sums: Record<(typeof PARTS)[number], MoneyE8> = {
    spread: ZERO_E8,
    adverse: ZERO_E8,
    fees: ZERO_E8,
    slippage: ZERO_E8,
    net: ZERO_E8,
  };
  return {
    add(part: (typeof PARTS)[number], amount: number): void {
      sums[part] = addE8(sums[part], toE8(amount));
    },
    total: () => Object.fromEntries(PARTS.map((part) => [part, fromE8(sums[part])])) as unknown as EvParts,
  };
}
