import type { ArbEvaluation } from '../../strategies/arb/arbEvaluation.ts';
import { ARB_REASONS, type ArbReason, type StageVerdict } from '../../strategies/arb/arbStages.ts';
import type { RecoveredBot } from '../recovery/recoveredState.ts';
import type { ArbBotConfig, ArbBotDeps, ArbBotView } from './arbBotTypes.ts';
import type { JudgedLook } from './arbJudge.ts';
import { createLookBook, type LookBook, type OpenLook } from './lookBook.ts';

const STAGES = ['near', 'auto', 'go'] as const;
type Stage = (typeof STAGES)[number];
const REASONS_KEPT = 10;

/** What a bot looked at: numbers each look, sees to it that it ends once, and counts the stages of near-episodes. */
export interface ArbLooks {
  /** The look in hand: its evaluation, and its number until the chart has said something about it. */
  begin(evaluation: ArbEvaluation, judged: JudgedLook): OpenLook;
  /** The chart has had its chance: a look that it died of, or never heard of, ends here. */
  settle(end: ArbReason, verdict: StageVerdict | null): void;
  /** A look that waited in the mailbox is dropped: it ends at once. */
  dropped(lookId: number, needDeltaPx: number | null, end: ArbReason, verdict: StageVerdict | null): void;
  ended(lookId: number, end: ArbReason | 'trade', verdict: StageVerdict | null): void;
  /** The look in hand stays open: a first hit. */
  pending(): void;
  /** The look in hand was the second hit of an open one: none of its own. */
  served(): void;
  countStage(stage: Stage, first: boolean): void;
  noteNeed(needDeltaPx: number | null): void;
  endAll(end: ArbReason): void;
  restore(found: RecoveredBot): void;
  view(): Pick<ArbBotView, 'looks' | 'near' | 'auto' | 'go' | 'trades' | 'why' | 'lastReasons' | 'needDeltaPx'>;
}

export function createArbLooks(
  { id, symbol }: ArbBotConfig,
  { nowMs, rows, metrics, log }: Pick<ArbBotDeps, 'nowMs' | 'rows' | 'metrics' | 'log'>,
): ArbLooks {
  const name = id.replace(/^bot:/, '');
  const counts = { near: 0, auto: 0, go: 0 };
  const stageTotals = {
    near: metrics.counter('arb_near_total', { symbol }),
    auto: metrics.counter('arb_auto_total', { symbol }),
    go: metrics.counter('arb_go_total', { symbol }),
  };
  const needHistogram = metrics.histogram('arb_need_delta_px', { symbol });
  let sequence = 0;
  let episode = 0;
  let judging: { readonly evaluation: ArbEvaluation; readonly judged: JudgedLook } | null = null;
  let undecided: OpenLook | null = null;
  let lastReasons: ArbBotView['lastReasons'] = [];
  let lastNeed: number | null = null;

  const book: LookBook = createLookBook({
    symbol,
    metrics,
    reasons: ARB_REASONS,
    onEnded(look, end, verdict) {
      const { value = null, limit = null, need = null } = verdict ?? {};
      lastReasons = [{ atMs: nowMs(), end, value, limit, need }, ...lastReasons.slice(0, REASONS_KEPT - 1)];
      const { lookId, beganAtMs, needDeltaPx } = look;
      rows.write('decisions', id, 'look.ended', { lookId, end, beganAtMs, value, limit, need, needDeltaPx });
      if (end !== 'trade') {
        const text = (number: number | null) => (number === null ? '' : String(number));
        const figures = `value=${text(value)} limit=${text(limit)} need=${text(need)}`;
        log.log('debug', 'why', `[WHY] stage=${end} bot=${name} ${figures}`);
      }
    },
    onPending: (look) => rows.write('decisions', id, 'look.pending', { ...look }),
  });

  return {
    begin(evaluation, judged) {
      sequence += 1;
      const { needDeltaPx } = judged.judgement;
      lastNeed = needDeltaPx;
      if (needDeltaPx !== null) needHistogram.observe(needDeltaPx);
      judging = { evaluation, judged };
      undecided = { lookId: sequence, beganAtMs: evaluation.beganAtMs ?? nowMs(), needDeltaPx };
      return undecided;
    },
    settle(end, verdict) {
      judging = null;
      if (undecided !== null) book.judged(undecided, end, verdict);
      undecided = null;
    },
    dropped(lookId, needDeltaPx, end, verdict) {
      // The very look being delivered was dropped: it ends here, once.
      if (undecided?.lookId === lookId) undecided = null;
      book.judged({ lookId, beganAtMs: nowMs(), needDeltaPx }, end, verdict);
    },
    ended(lookId, end, verdict) {
      if (undecided?.lookId !== lookId) return book.end(lookId, end, verdict);
      book.judged(undecided, end, verdict);
      undecided = null;
    },
    pending() {
      if (undecided !== null) book.hold(undecided);
      undecided = null;
    },
    served() {
      undecided = null;
    },
    countStage(stage, first) {
      if (!first) return;
      if (stage === 'near') episode += 1;
      counts[stage] += 1;
      stageTotals[stage].inc();
      const snapshot = judging === null ? null : { ...judging.judged.judgement, evaluation: judging.evaluation };
      rows.write('decisions', id, stage, { episode, snapshot });
      if (stage !== 'near') return;
      const need = judging?.judged.judgement.needDeltaPx?.toFixed(4) ?? '?';
      log.log('info', 'near', `NEAR ${symbol} need ${need} USDT`, { bot: id });
    },
    noteNeed(needDeltaPx) {
      lastNeed = needDeltaPx;
    },
    endAll: (end) => book.endAll(end),
    restore(found) {
      book.restore(found);
      sequence = found.lastLookId;
      episode = found.lastEpisode;
      for (const stage of STAGES) {
        counts[stage] += found.stages[stage];
        stageTotals[stage].inc(found.stages[stage]);
      }
    },
    view() {
      const { looks, trades, why } = book.totals();
      return { looks, ...counts, trades, why: { ...why }, lastReasons, needDeltaPx: lastNeed };
    },
  };
}
