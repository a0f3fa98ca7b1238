import { addE8, fromE8, type MoneyE8, toE8, ZERO_E8 } from '../../domain/money.ts';
import type { EpisodePayload, EvParts, JournalRow, LookEndedPayload, TradeClosedPayload } from '../../journal/rows.ts';
import { createLossWatch, type LossState } from '../../risk/lossWatch.ts';
import type { RecoveredAttempt, RecoveredBot } from './recoveredState.ts';

/** The `attempt.began` row: what a next core needs to book the attempt. */
export type AttemptBegan = Omit<RecoveredAttempt, 'fills' | 'failedFeesSol'>;

const PARTS = ['spread', 'adverse', 'fees', 'slippage', 'net'] as const;

/** The fold's only one. */
const BOT = 'bot';

/** Where a fold stands, as JSON can hold it. Sums in whole units of 1e-8, as text. */
export interface BotFoldState {
  readonly stages: Readonly<Record<'near' | 'auto' | 'go', number>>;
  readonly why: Readonly<Record<string, number>>;
  readonly pending: readonly number[];
  readonly attempts: readonly AttemptBegan[];
  readonly gains: SumState;
  readonly losses: SumState;
  readonly net: string;
  readonly lossState: LossState | null;
  readonly looks: number;
  readonly trades: number;
  readonly lastLookId: number;
  readonly lastEpisode: number;
  readonly lastAttempt: number;
}

type SumState = Readonly<Record<(typeof PARTS)[number], string>>;

/** Reads one bot's `decisions` rows in order, from the first one or from where a fold before it stood. */
export function createBotFold(saved?: BotFoldState) {
  const stages = { ...(saved?.stages ?? { near: 0, auto: 0, go: 0 }) };
  const why: Record<string, number> = { ...saved?.why };
  const pending = new Set<number>(saved?.pending);
  const attempts = new Map<number, AttemptBegan>(saved?.attempts.map((one) => [one.number, one]));
  const gains = createSum(saved?.gains);
  const losses = createSum(saved?.losses);
  const lossWatch = createLossWatch();
  if (saved !== undefined && saved.lossState !== null) lossWatch.restore(BOT, saved.lossState);
  let net = saved === undefined ? ZERO_E8 : (BigInt(saved.net) as MoneyE8);
  let looks = saved?.looks ?? 0;
  let trades = saved?.trades ?? 0;
  let lastLookId = saved?.lastLookId ?? 0;
  let lastEpisode = saved?.lastEpisode ?? 0;
  let lastAttempt = saved?.lastAttempt ?? 0;

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
    take({ kind, payload, timeMs }: JournalRow): void {
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
          net = addE8(net, toE8(closed.net));
          lossWatch.note(BOT, fromE8(net), timeMs);
          for (const part of PARTS) (closed[part] >= 0 ? gains : losses).add(part, closed[part]);
          return;
        }
      }
    },
    hasOpen: (attempt: number) => attempts.has(attempt),
    save: (): BotFoldState => ({
      stages: { ...stages },
      why: { ...why },
      pending: [...pending],
      attempts: [...attempts.values()],
      gains: gains.save(),
      losses: losses.save(),
      net: String(net),
      lossState: lossWatch.state(BOT),
      looks,
      trades,
      lastLookId,
      lastEpisode,
      lastAttempt,
    }),
    /** @param book  adds to an open attempt what other tables say about it */
    end(book: (began: AttemptBegan) => RecoveredAttempt): RecoveredBot {
      const crashed = pending.size > 0 ? { crashed: (why.crashed ?? 0) + pending.size } : {};
      const lossState = lossWatch.state(BOT);
      return {
        looks,
        trades,
        why: { ...why, ...crashed },
        lastLookId,
        lastEpisode,
        lastAttempt,
        stages: { ...stages },
        gains: gains.total(),
        losses: losses.total(),
        ...(lossState === null ? {} : { lossState }),
        attempts: [...attempts.values()].map(book),
      };
    },
  };
}

/** Exact to 1e-8, as the rows are. */
function createSum(saved?: SumState) {
  const sums = Object.fromEntries(
    PARTS.map((part) => [part, saved === undefined ? ZERO_E8 : (BigInt(saved[part]) as MoneyE8)]),
  ) as Record<(typeof PARTS)[number], MoneyE8>;
  return {
    add(part: (typeof PARTS)[number], amount: number): void {
      sums[part] = addE8(sums[part], toE8(amount));
    },
    total: () => Object.fromEntries(PARTS.map((part) => [part, fromE8(sums[part])])) as unknown as EvParts,
    save: () => Object.fromEntries(PARTS.map((part) => [part, String(sums[part])])) as SumState,
  };
}
