import { createRandom } from '../domain/random.ts';
import { type AttemptRecord, countReasons, type LookTally } from './lookTally.ts';
import { meanInterval, quantile } from './statistics.ts';

/** The last so many looks are reported unless told. */
export const DEFAULT_WINDOW_LOOKS = 200;
const LAST_TRADES = 5;

export interface ReasonShare {
  readonly reason: string;
  readonly count: number;
  /** Of the window's looks, 0 to 1. */
  readonly share: number;
}

/** Amounts in reportCcy per trade. */
export interface TradesSummary {
  readonly count: number;
  /** Share of trades with a net above 0; null without a trade. */
  readonly winRate: number | null;
  readonly meanNet: number | null;
  /** 95 % bootstrap interval of meanNet; null below two trades. */
  readonly meanNetInterval: { readonly low: number; readonly high: number } | null;
}

export interface FunnelReport {
  readonly bot: string;
  readonly window: {
    readonly asked: number;
    readonly looks: number;
    readonly fromMs: number | null;
    readonly toMs: number | null;
  };
  /** Looks of the run that still wait for their end. */
  readonly open: number;
  /** Near-episodes that began in the window, each at most once per stage. */
  readonly near: number;
  readonly auto: number;
  readonly go: number;
  readonly trades: number;
  /** Null where the divisor is 0. */
  readonly ratios: {
    readonly nearToAuto: number | null;
    readonly autoToGo: number | null;
    readonly goToTrade: number | null;
  };
  readonly why: readonly ReasonShare[];
  /** Price still missing to the execution line, quote units; null when no look of the window could compute it. */
  readonly needDeltaPx: {
    readonly p10: number;
    readonly p50: number;
    readonly p90: number;
    readonly count: number;
  } | null;
  readonly lastTrades: TradesSummary;
  /** The rows cannot come from one run of one bot, for the reasons given. */
  readonly mixedSources: boolean;
  readonly mixed: readonly string[];
}

/** The funnel over the last `asked` look records. */
export function makeFunnelReport(bot: string, tally: LookTally, asked = DEFAULT_WINDOW_LOOKS): FunnelReport {
  const looks = tally.looks.slice(-asked);
  // The whole run where the window holds all of it: an episode may begin with a look that is still open.
  const fromSeq = looks.length < tally.looks.length ? looks[0]!.seq : 0;
  const episodes = tally.episodes.filter(({ seq }) => seq >= fromSeq);
  const near = episodes.length;
  const auto = episodes.filter((episode) => episode.auto).length;
  const go = episodes.filter((episode) => episode.go).length;
  const trades = looks.filter(({ end }) => end === 'trade').length;
  const needs = looks.flatMap(({ needDeltaPx }) => (needDeltaPx === null ? [] : [needDeltaPx])).sort((a, b) => a - b);
  const ratio = (part: number, whole: number) => (whole === 0 ? null : part / whole);

  return {
    bot,
    window: {
      asked,
      looks: looks.length,
      fromMs: looks[0]?.beganAtMs ?? null,
      toMs: looks[looks.length - 1]?.endedAtMs ?? null,
    },
    open: tally.open,
    near,
    auto,
    go,
    trades,
    ratios: { nearToAuto: ratio(auto, near), autoToGo: ratio(go, auto), goToTrade: ratio(trades, go) },
    why: shareReasons(tally.looks.slice(-asked)),
    needDeltaPx:
      needs.length === 0
        ? null
        : { p10: quantile(needs, 0.1), p50: quantile(needs, 0.5), p90: quantile(needs, 0.9), count: needs.length },
    lastTrades: summariseTrades(bot, tally.attempts),
    mixedSources: tally.mixed.length > 0,
    mixed: tally.mixed,
  };
}

export function shareReasons(looks: LookTally['looks']): readonly ReasonShare[] {
  return Object.entries(countReasons(looks)).map(([reason, count]) => ({ reason, count, share: count / looks.length }));
}

function summariseTrades(bot: string, attempts: readonly AttemptRecord[]): TradesSummary {
  const nets = attempts
    .filter(({ isTrade }) => isTrade)
    .slice(-LAST_TRADES)
    .map(({ net }) => net);
  if (nets.length === 0) return { count: 0, winRate: null, meanNet: null, meanNetInterval: null };
  return {
    count: nets.length,
    winRate: nets.filter((net) => net > 0).length / nets.length,
    meanNet: nets.reduce((sum, net) => sum + net, 0) / nets.length,
    // Seeded by what it is about, so that the same journal prints the same interval.
    meanNetInterval: meanInterval(nets, createRandom(`${bot}/${nets.join()}`)),
  };
}
