import { type ArbEvaluation, EvaluationFlag, EvaluationKind } from '../../strategies/arb/arbEvaluation.ts';
import { type ArbJudgement, judgeArb, judgeFirm, type StageVerdict } from '../../strategies/arb/arbStages.ts';
import { isUsOpenSlot } from '../../strategies/usOpen.ts';
import { cexVenueAt } from './arbAttempt.ts';
import type { ArbBotConfig, ArbBotDeps } from './arbBotTypes.ts';

const NO_FIGURES = { value: null, limit: null, need: null } as const;

export interface JudgedLook {
  readonly judgement: ArbJudgement;
  readonly slotOpen: boolean;
  /** The first stage that failed, slot and permit included; null = every stage passed. */
  readonly failed: StageVerdict | null;
}

export interface ArbJudge {
  judge(evaluation: ArbEvaluation): JudgedLook;
  /** What the last look falls short of, or null. */
  lastLook(evaluation: ArbEvaluation): StageVerdict | null;
  slotOpen(): boolean;
}

/** The lane's stages again, by the same function, with what only the core knows: waiting time, stock, slot, permit. */
export function createArbJudge(config: ArbBotConfig, deps: Pick<ArbBotDeps, 'nowMs' | 'permits' | 'stock'>): ArbJudge {
  const { id, symbol, knobs } = config;
  const { permits, stock } = deps;
  const slotOpen = () => knobs.slot === 'allDay' || isUsOpenSlot(deps.nowMs(), knobs.slotMinutes);

  /**
   * The lane judged ages when it evaluated; a record that waited since (a pause of this thread, a long queue) has aged by
   * as much. The quote's age does not count for a last look, which rests on its own firm quote.
   */
  function agedOnTheWay(evaluation: ArbEvaluation): ArbEvaluation {
    const flags = evaluation.flags ?? 0;
    if ((flags & (EvaluationFlag.stale | EvaluationFlag.rateGuard)) !== 0) return evaluation;
    const waitedMs = Math.max(0, deps.nowMs() - (evaluation.evaluatedAtMs ?? 0));
    const quoteAgeMs = evaluation.kind === EvaluationKind.lastLook ? 0 : (evaluation.quoteAgeMs ?? 0);
    const ageMs = waitedMs + Math.max(evaluation.bookAgeMs ?? 0, quoteAgeMs);
    return ageMs > knobs.maxAgeMs ? { ...evaluation, flags: flags | EvaluationFlag.stale } : evaluation;
  }

  function stockShort(evaluation: ArbEvaluation): boolean {
    if (!stock.known() || evaluation.orderQty === null || evaluation.midPx === null) return false;
    const cexVenue = cexVenueAt(evaluation.cbVenue ?? evaluation.cbTopVenue);
    const quoteNeeded = evaluation.orderQty * evaluation.midPx * 1.01;
    const buys = knobs.direction === 'buyDex';
    const dexShort = buys
      ? stock.free('jupiter', 'USDC') < quoteNeeded
      : stock.free('jupiter', symbol) < evaluation.orderQty;
    if (dexShort || cexVenue === null) return dexShort;
    return buys
      ? stock.free(cexVenue, symbol) < evaluation.orderQty
      : stock.free(cexVenue, config.pair.split('/')[1]!) < quoteNeeded;
  }

  function closedNow(): StageVerdict | null {
    if (!slotOpen()) return { ...NO_FIGURES, reason: 'time_slot', limit: knobs.slotMinutes };
    return permits.isOpen(id) ? null : { ...NO_FIGURES, reason: 'permit' };
  }

  return {
    slotOpen,
    judge(received) {
      const evaluation = agedOnTheWay(received);
      const judgement = judgeArb(evaluation, knobs, 'preok', stockShort(evaluation));
      return { judgement, slotOpen: slotOpen(), failed: judgement.failed ?? closedNow() };
    },
    lastLook(received) {
      const evaluation = agedOnTheWay(received);
      const isStale = ((evaluation.flags ?? 0) & EvaluationFlag.stale) !== 0;
      const { firmNetBps } = judgeArb(evaluation, knobs, 'preok', false);
      const firm = judgeFirm(isStale ? null : firmNetBps, knobs.netEdgeMinBps, 'last_look');
      // Asked again: since the first hit the slot may have ended, and another bot may have spent the stock.
      return firm ?? closedNow() ?? (stockShort(evaluation) ? { ...NO_FIGURES, reason: 'inventory' } : null);
    },
  };
}
