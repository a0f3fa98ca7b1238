import type { ArbReason, StageVerdict } from '../../strategies/arb/arbStages.ts';
import type { MetricSink } from '../../telemetry/metricSink.ts';

export interface OpenLook {
  readonly lookId: number;
  readonly beganAtMs: number;
  readonly needDeltaPx: number | null;
}

export type LookCounts = Readonly<Pick<LookTotals, 'looks' | 'trades'>> & {
  readonly why: Readonly<Record<string, number>>;
};

export interface LookTotals {
  looks: number;
  trades: number;
  readonly why: Record<string, number>;
}

export interface LookBookDeps {
  readonly symbol: string;
  readonly metrics: MetricSink;
  readonly reasons: readonly ArbReason[];
  onEnded(look: OpenLook, end: ArbReason | 'trade', verdict: StageVerdict | null): void;
  onPending(look: OpenLook): void;
}

/**
 * Exactly one end for each look, and the only place where looks, reasons and trades are counted: so trades + Σ reasons =
 * looks − open, whatever the chart does or dies of. It outlives the bot's incarnations.
 */
export interface LookBook {
  /** Counts a look that ends at once. */
  judged(look: OpenLook, end: ArbReason | 'trade', verdict: StageVerdict | null): void;
  /** Counts a look that stays open: a first hit. */
  hold(look: OpenLook): void;
  /** Ends an open look; an id that is not open is ignored: the first end stands. */
  end(lookId: number, end: ArbReason | 'trade', verdict: StageVerdict | null): void;
  endAll(end: ArbReason): void;
  /** Goes on from the counts of a dead core. */
  restore(counts: LookCounts): void;
  isOpen(lookId: number): boolean;
  totals(): Readonly<LookTotals>;
}

export function createLookBook(deps: LookBookDeps): LookBook {
  const { symbol, metrics } = deps;
  const open = new Map<number, OpenLook>();
  const totals: LookTotals = { looks: 0, trades: 0, why: {} };
  const looksTotal = metrics.counter('arb_looks_total', { symbol });
  const tradesTotal = metrics.counter('arb_trades_total', { symbol });
  const whyTotal = new Map(
    deps.reasons.map((stage) => [stage, metrics.counter('arb_why_total', { symbol, stage })] as const),
  );

  const begin = () => {
    totals.looks += 1;
    looksTotal.inc();
  };
  const close = (look: OpenLook, end: ArbReason | 'trade', verdict: StageVerdict | null) => {
    if (end === 'trade') {
      totals.trades += 1;
      tradesTotal.inc();
    } else {
      totals.why[end] = (totals.why[end] ?? 0) + 1;
      whyTotal.get(end)?.inc();
    }
    deps.onEnded(look, end, verdict);
  };
  return {
    judged(look, end, verdict) {
      begin();
      close(look, end, verdict);
    },
    hold(look) {
      begin();
      open.set(look.lookId, look);
      deps.onPending(look);
    },
    end(lookId, end, verdict) {
      const look = open.get(lookId);
      if (look === undefined) return;
      open.delete(lookId);
      close(look, end, verdict);
    },
    endAll(end) {
      for (const look of [...open.values()]) this.end(look.lookId, end, null);
    },
    restore({ looks, trades, why }) {
      totals.looks += looks;
      looksTotal.inc(looks);
      totals.trades += trades;
      tradesTotal.inc(trades);
      for (const [reason, count] of Object.entries(why)) {
        totals.why[reason] = (totals.why[reason] ?? 0) + count;
        whyTotal.get(reason as ArbReason)?.inc(count);
      }
    },
    isOpen: (lookId) => open.has(lookId),
    totals: () => totals,
  };
}
