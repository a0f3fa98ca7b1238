import { type ReasonShare, shareReasons } from './funnelReport.ts';
import type { LookRecord, LookTally } from './lookTally.ts';

const NEAREST = 10;

export interface WhyReport {
  readonly bot: string;
  /** The last looks of the run, or those nearest in time to `aroundMs`. */
  readonly window: {
    readonly looks: number;
    readonly aroundMs: number | null;
    readonly fromMs: number | null;
    readonly toMs: number | null;
  };
  readonly trades: number;
  readonly open: number;
  readonly reasons: readonly ReasonShare[];
  /** Looks that did not become a trade: those that missed the execution line by least first; around a time, in order of time. */
  readonly misses: readonly LookRecord[];
}

/** @param aroundMs  null = the newest looks */
export function makeWhyReport(bot: string, tally: LookTally, last: number, aroundMs: number | null): WhyReport {
  const looks = aroundMs === null ? tally.looks.slice(-last) : nearestInTime(tally.looks, aroundMs, last);
  const misses = looks.filter(({ end }) => end !== 'trade');
  return {
    bot,
    window: {
      looks: looks.length,
      aroundMs,
      fromMs: looks[0]?.beganAtMs ?? null,
      toMs: looks[looks.length - 1]?.endedAtMs ?? null,
    },
    trades: looks.length - misses.length,
    open: tally.open,
    reasons: shareReasons(looks),
    misses: aroundMs === null ? nearestMisses(misses) : misses,
  };
}

/** By price still missing, then by how far the stage got; what could not be computed comes last. */
function nearestMisses(misses: readonly LookRecord[]): readonly LookRecord[] {
  const orLast = (value: number | null) => value ?? Number.POSITIVE_INFINITY;
  const order = (a: number, b: number) => (a === b ? 0 : a - b);
  return [...misses]
    .sort(
      (a, b) =>
        order(orLast(a.needDeltaPx), orLast(b.needDeltaPx)) || order(orLast(a.need), orLast(b.need)) || b.seq - a.seq,
    )
    .slice(0, NEAREST);
}

function nearestInTime(looks: readonly LookRecord[], atMs: number, count: number): readonly LookRecord[] {
  const distanceMs = ({ beganAtMs, endedAtMs }: LookRecord) =>
    atMs < beganAtMs ? beganAtMs - atMs : Math.max(0, atMs - endedAtMs);
  return [...looks]
    .sort((a, b) => distanceMs(a) - distanceMs(b) || a.seq - b.seq)
    .slice(0, count)
    .sort((a, b) => a.endedAtMs - b.endedAtMs || a.seq - b.seq);
}

/** Units of `value`, `limit` and `need` per reason of the arbitrage bot (`docs/BOTS.md`); '' = a pure number or none. */
const UNIT_BY_REASON: Readonly<Record<string, string>> = {
  stale: 'ms',
  rate_guard: 'ms',
  gross0: 'bp',
  gross10: 'bp',
  depth: 'USDT',
  dry8: 'bp',
  preok_false: 'bp',
  last_look: 'bp',
  second_hit_timeout: 'ms',
  time_slot: 'min',
};

export function unitOfReason(reason: string): string {
  return UNIT_BY_REASON[reason] ?? '';
}
