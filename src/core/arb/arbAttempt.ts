import { CEX_VENUES, type CexVenue } from '../../domain/instruments.ts';
import type { Fill } from '../../domain/orders.ts';
import type { EvParts } from '../../journal/rows.ts';
import { closeAttempt, type LedgerFill } from '../../ledger/closeAttempt.ts';
import type { ArbLeg } from '../../machines/arbEvents.ts';
import type { ArbEvaluation } from '../../strategies/arb/arbEvaluation.ts';
import { directionSign, grossBps, preNetBps } from '../../strategies/arb/arbFormulas.ts';
import type { ArbKnobs } from '../../strategies/arb/arbKnobs.ts';
import { judgeArb } from '../../strategies/arb/arbStages.ts';

interface AttemptFill {
  readonly leg: ArbLeg;
  readonly fill: Fill;
  /** Price shown for this size when the order was decided, raw quote per base. */
  readonly shownPx: number;
  /** Composite mid at the fill; set by the prices answer that follows it. */
  midPx: number | null;
}

/** One firing, from its last look to its ledger row. Outlives the bot's incarnations. */
export interface ArbAttempt {
  readonly number: number;
  readonly lookId: number;
  readonly tapAtMs: number;
  readonly firedAtMs: number;
  readonly lastLook: ArbEvaluation;
  readonly orderQty: number;
  /** @param midPx  composite mid at the fill, where it is known already */
  addFill(leg: ArbLeg, fill: Fill, shownPx: number, midPx?: number): void;
  /** SOL charged for a swap that failed. */
  addChainFee(feeSol: number): void;
  anyFill(): boolean;
  /** Base bought minus base sold. */
  netBaseQty(): number;
  /** Gives fills that have none yet the mid at their time; @returns the trades that were given it. */
  mark(compositeMidPx: number): readonly string[];
  /** The exact parts in reportCcy. @throws NightjarError ledger.mismatch when they do not add up to the cash ledger */
  close(closeMidPx: number, solMidPx: number | null): EvParts;
  notional(): number;
  execLog(fields: {
    readonly bot: string;
    readonly run: string;
    readonly outcome: string;
    readonly why: string;
  }): Record<string, unknown>;
}

export function createArbAttempt(init: {
  readonly number: number;
  readonly lookId: number;
  readonly tapAtMs: number;
  readonly firedAtMs: number;
  readonly lastLook: ArbEvaluation;
  readonly knobs: ArbKnobs;
}): ArbAttempt {
  const { lastLook, knobs } = init;
  const sign = directionSign(knobs.direction);
  const usdtPerUsdc = 1 + (lastLook.fxBps ?? 0) / 1e4;
  const fills: AttemptFill[] = [];
  let failedFeesSol = 0;

  const inReportCcy = (entry: AttemptFill, rawPx: number) => (entry.leg === 'dex' ? rawPx * usdtPerUsdc : rawPx);
  const meanPx = (leg: ArbLeg) => {
    const ofLeg = fills.filter((entry) => entry.leg === leg);
    const qty = ofLeg.reduce((sum, { fill }) => sum + fill.qty, 0);
    return qty === 0 ? null : ofLeg.reduce((sum, { fill }) => sum + fill.qty * fill.price, 0) / qty;
  };
  /** Fees in any token, valued at fill time. */
  const feeReportCcy = ({ fill, midPx }: AttemptFill, solMidPx: number | null) => {
    if (fill.venue === 'jupiter') return solMidPx === null ? knobs.chainCostUsd : fill.fee * solMidPx;
    const [base] = fill.pair.split('/');
    return fill.feeCurrency === base ? fill.fee * (midPx ?? fill.price) : fill.fee;
  };

  return {
    number: init.number,
    lookId: init.lookId,
    tapAtMs: init.tapAtMs,
    firedAtMs: init.firedAtMs,
    lastLook,
    orderQty: lastLook.orderQty ?? 0,
    addFill(leg, fill, shownPx, midPx) {
      fills.push({ leg, fill, shownPx, midPx: midPx ?? null });
    },
    addChainFee(feeSol) {
      failedFeesSol += feeSol;
    },
    anyFill: () => fills.length > 0,
    netBaseQty: () => fills.reduce((sum, { fill }) => sum + (fill.side === 'buy' ? fill.qty : -fill.qty), 0),
    mark(compositeMidPx) {
      const unmarked = fills.filter(({ midPx }) => midPx === null);
      for (const entry of unmarked) entry.midPx = compositeMidPx;
      return unmarked.map(({ fill }) => fill.tradeId);
    },
    close(closeMidPx, solMidPx) {
      const failedFees = solMidPx === null ? (failedFeesSol > 0 ? knobs.chainCostUsd : 0) : failedFeesSol * solMidPx;
      const chainCost = fills
        .filter(({ leg }) => leg === 'dex')
        .reduce((sum, entry) => sum + feeReportCcy(entry, solMidPx), failedFees);
      const ledgerFills: LedgerFill[] = fills.map((entry) => ({
        side: entry.fill.side,
        price: inReportCcy(entry, entry.fill.price),
        qty: entry.fill.qty,
        feeReportCcy: entry.leg === 'dex' ? 0 : feeReportCcy(entry, solMidPx),
        midAtFillPx: entry.midPx ?? closeMidPx,
        shownVwapPx: inReportCcy(entry, entry.shownPx),
      }));
      return closeAttempt({ fills: ledgerFills, closeMidPx, chainCostReportCcy: chainCost });
    },
    notional: () => init.lastLook.orderQty! * (lastLook.midPx ?? 0),
    execLog({ bot, run, outcome, why }) {
      const { needDeltaPx: need } = judgeArb(lastLook, knobs, 'dry8', false);
      const cexPx = lastLook.cbPx ?? lastLook.cbTopPx;
      const gross = cexPx !== null && lastLook.dqPx !== null ? grossBps(cexPx, lastLook.dqPx, sign) : null;
      return {
        ts: new Date(init.firedAtMs).toISOString(),
        bot,
        run,
        tap: `${init.lookId}@${new Date(init.tapAtMs).toISOString()}`,
        tap_age_sec: round((init.firedAtMs - init.tapAtMs) / 1000, 3),
        pre_net: gross === null ? null : round(preNetBps(gross, lastLook.fxBps ?? 0, sign, knobs), 3),
        gross: gross === null ? null : round(gross, 3),
        fx_bp: lastLook.fxBps,
        ladder: knobs.ladderNotional,
        dq: lastLook.dqFirmPx,
        df: meanPx('dex'),
        cb: lastLook.cbPx,
        cf: meanPx('cex'),
        dex_fee_bp: knobs.dexFeeBps,
        cex_fee_bp: knobs.cexFeeBps,
        need_delta_px: need === null ? null : round(need, 6),
        outcome,
        why,
      };
    },
  };
}

export function cexVenueAt(index: number | null): CexVenue | null {
  return index === null ? null : (CEX_VENUES[index] ?? null);
}

const round = (value: number, decimals: number) => Math.round(value * 10 ** decimals) / 10 ** decimals;
