import { type ArbEvaluation, EvaluationFlag } from './arbEvaluation.ts';
import { directionSign, firmNetBps, grossBps, needDeltaPx, preNetBps } from './arbFormulas.ts';
import type { ArbKnobs } from './arbKnobs.ts';

/** Every reason a look can end with that is not a trade, in the order in which the stages are judged. */
export const ARB_REASONS = [
  'stale',
  'rate_guard',
  'inventory',
  'unit_mismatch',
  'gross0',
  'gross10',
  'depth',
  'dry8',
  'preok_false',
  'time_slot',
  'permit',
  'second_hit_timeout',
  'last_look',
  'risk',
  'not_filled',
  'incomplete',
  'busy',
  'crashed',
  'run_ended',
] as const;
export type ArbReason = (typeof ARB_REASONS)[number];

/** One judged stage: the reason with the numbers that fell short. `need` = what was missing, in the unit of `value`. */
export interface StageVerdict {
  readonly reason: ArbReason;
  readonly value: number | null;
  readonly limit: number | null;
  readonly need: number | null;
}

export interface ArbJudgement {
  /** Price still missing to the execution line; null while it cannot be computed. */
  readonly needDeltaPx: number | null;
  /** From the top of book. */
  readonly grossTopBps: number | null;
  /** From the ladder VWAP (top while undefined). */
  readonly grossBps: number | null;
  readonly preNetBps: number | null;
  readonly firmNetBps: number | null;
  /** The first stage that failed up to and including `preok`; null = a hit. */
  readonly failed: StageVerdict | null;
}

/**
 * Judges the stages `stale` … `preok_false` on one evaluation's numbers. The lane (up to dry8, then preok) and the core
 * call this same function, so their verdicts cannot differ.
 *
 * @param through   the last stage to judge: 'dry8' while no firm quote exists, 'preok' for the whole
 * @param stockShort  a side is short of stock (known to the core only; the lane passes false)
 */
export function judgeArb(
  evaluation: ArbEvaluation,
  knobs: ArbKnobs,
  through: 'dry8' | 'preok',
  stockShort: boolean,
): ArbJudgement {
  const sign = directionSign(knobs.direction);
  const { cbTopPx, cbPx, dqPx, dqFirmPx, midPx, fxBps } = evaluation;
  const flags = evaluation.flags ?? 0;
  const cexPx = cbPx ?? cbTopPx;
  const priced = cexPx !== null && dqPx !== null && midPx !== null && fxBps !== null;

  const need = priced ? needDeltaPx(cexPx, dqPx, midPx, fxBps, sign, knobs.netEdgeMinBps) : null;
  const grossTop = cbTopPx !== null && dqPx !== null ? grossBps(cbTopPx, dqPx, sign) : null;
  const gross = priced ? grossBps(cexPx, dqPx, sign) : null;
  const preNet = gross !== null && fxBps !== null ? preNetBps(gross, fxBps, sign, knobs) : null;
  const firm =
    cbPx !== null && dqFirmPx !== null && midPx !== null && fxBps !== null
      ? firmNetBps(cbPx, dqFirmPx, midPx, fxBps, sign)
      : null;

  const judged = { needDeltaPx: need, grossTopBps: grossTop, grossBps: gross, preNetBps: preNet, firmNetBps: firm };
  const fail = (reason: ArbReason, value: number | null, limit: number | null): ArbJudgement => ({
    ...judged,
    failed: { reason, value, limit, need: value !== null && limit !== null ? Math.abs(limit - value) : null },
  });

  if ((flags & EvaluationFlag.rateGuard) !== 0 && (flags & EvaluationFlag.stale) === 0) {
    return fail('rate_guard', evaluation.quoteAgeMs, evaluation.guardIntervalMs);
  }
  if ((flags & EvaluationFlag.stale) !== 0 || !priced || cbTopPx === null || grossTop === null) {
    return fail('stale', oldest(evaluation.bookAgeMs, evaluation.quoteAgeMs), knobs.maxAgeMs);
  }
  if (stockShort) return fail('inventory', null, null);

  const mismatch = Math.abs(cbTopPx - dqPx) / midPx;
  if (mismatch >= knobs.unitMismatchMax) return fail('unit_mismatch', mismatch, knobs.unitMismatchMax);
  if (grossTop < 0) return fail('gross0', grossTop, 0);
  if (grossTop < knobs.grossMinBps) return fail('gross10', grossTop, knobs.grossMinBps);
  if (cbPx === null) return fail('depth', null, knobs.ladderNotional);
  if (preNet === null || preNet < knobs.preNetMinBps) return fail('dry8', preNet, knobs.preNetMinBps);
  if (through === 'dry8') return { ...judged, failed: null };
  return { ...judged, failed: judgeFirm(firm, knobs.netEdgeMinBps, 'preok_false') };
}

/** The preok function: also the last look, on the newest book and a new firm quote. A missing firm price falls short. */
export function judgeFirm(
  firmNet: number | null,
  netEdgeMinBps: number,
  reason: 'preok_false' | 'last_look',
): StageVerdict | null {
  if (firmNet !== null && firmNet >= netEdgeMinBps) return null;
  return { reason, value: firmNet, limit: netEdgeMinBps, need: firmNet === null ? null : netEdgeMinBps - firmNet };
}

const oldest = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.max(a, b));
