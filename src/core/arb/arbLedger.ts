import { addE8, fromE8, type MoneyE8, toE8, ZERO_E8 } from '../../domain/money.ts';
import type { Fill } from '../../domain/orders.ts';
import type { Logger } from '../../domain/ports.ts';
import type { EvParts } from '../../journal/rows.ts';
import type { ArbLeg } from '../../machines/arbEvents.ts';
import type { ArbEvaluation } from '../../strategies/arb/arbEvaluation.ts';
import type { MetricSink } from '../../telemetry/metricSink.ts';
import type { OtherCommand } from '../commands.ts';
import type { RecoveredBot } from '../recovery/recoveredState.ts';
import type { RowWriter } from '../rowWriter.ts';
import { type ArbAttempt, createArbAttempt } from './arbAttempt.ts';
import type { ArbBotConfig } from './arbBotTypes.ts';

/** How long a closed attempt waits for the mid that closes its books; then the last known mid serves, and the row says so. */
const CLOSE_MID_TIMEOUT_MS = 1000;
const PARTS = ['spread', 'adverse', 'fees', 'slippage'] as const;

export interface ArbLedger {
  begin(init: {
    readonly lookId: number;
    readonly tapAtMs: number;
    readonly firedAtMs: number;
    readonly lastLook: ArbEvaluation;
  }): void;
  applyFill(leg: ArbLeg, fill: Fill, shownPx: number): void;
  openAttempt(): ArbAttempt | null;
  /** Goes on from a dead core's books: the newest attempt is open again, older ones only lack their closing row. */
  restore(found: RecoveredBot): void;
  /** Closes the restored attempts before the open one. */
  endRestored(): void;
  /** Number of ended attempts that still wait for their closing mid. */
  closing(): number;
  /** @param why  the reason of the look, when nothing filled */
  end(residual: boolean, why: string): void;
  /** Keeps the newest composite mid, from any evaluation. */
  noteMid(evaluation: ArbEvaluation): void;
  /** @returns true when the answer was for the ledger */
  pricesAnswered(requestId: number, evaluation: ArbEvaluation): boolean;
  timerDue(key: string): boolean;
  totals(): EvParts;
}

export interface ArbLedgerDeps {
  readonly config: ArbBotConfig;
  nowMs(): number;
  readonly rows: RowWriter;
  readonly metrics: MetricSink;
  readonly log: Logger;
  command(command: OtherCommand): void;
  armTimer(key: string, delayMs: number): void;
  cancelTimer(key: string): void;
  /** Asks the lane for prices now; @returns the request's id */
  askPrices(): number;
  /** What the attempt holds is less than can be traded. */
  isFlat(attempt: ArbAttempt): boolean;
  /** What the bot has made since its start, after each change: the loss limits watch it. */
  onNet(net: number): void;
}

/** Attempts of one bot: fills with the mid at their time, and the closed row with its exact parts. */
export function createArbLedger(deps: ArbLedgerDeps): ArbLedger {
  const { config, rows, metrics } = deps;
  const { id, symbol } = config;
  let sequence = 0;
  let open: ArbAttempt | null = null;
  let restored: ArbAttempt[] = [];
  let lastMidPx: number | null = null;
  let lastSolMidPx: number | null = null;
  const marks = new Map<number, ArbAttempt>();
  const closings = new Map<
    string,
    { readonly attempt: ArbAttempt; readonly residual: boolean; readonly why: string; readonly requestId: number }
  >();
  const sums: Record<(typeof PARTS)[number] | 'net', MoneyE8> = {
    spread: ZERO_E8,
    adverse: ZERO_E8,
    fees: ZERO_E8,
    slippage: ZERO_E8,
    net: ZERO_E8,
  };
  const counters = PARTS.map((part) => ({
    part,
    gain: metrics.counter('arb_ev_total', { symbol, part, sign: 'gain' }),
    loss: metrics.counter('arb_ev_total', { symbol, part, sign: 'loss' }),
  }));

  const book = (parts: EvParts) => {
    for (const { part, gain, loss } of counters) {
      if (parts[part] >= 0) gain.inc(parts[part]);
      else loss.inc(-parts[part]);
    }
    for (const part of [...PARTS, 'net'] as const) sums[part] = addE8(sums[part], toE8(parts[part]));
    deps.onNet(fromE8(sums.net));
  };

  /** Journalled, so that the next core splits the spread from the adverse move as this one would have. */
  const mark = (attempt: ArbAttempt, midPx: number) => {
    const tradeIds = attempt.mark(midPx);
    if (tradeIds.length > 0) rows.write('decisions', id, 'fills.marked', { attempt: attempt.number, tradeIds, midPx });
  };

  const finish = (key: string, closeMidPx: number, midIsFresh: boolean) => {
    const closing = closings.get(key);
    if (closing === undefined) return;
    closings.delete(key);
    const { attempt, residual, why } = closing;
    attempt.mark(closeMidPx);
    const parts = attempt.close(closeMidPx, lastSolMidPx);
    book(parts);
    const traded = attempt.anyFill();
    const outcome = traded ? (residual ? 'residual' : 'trade') : why;
    const line = attempt.execLog({
      bot: id.replace(/^bot:/, ''),
      run: config.run,
      outcome,
      why: traded ? '' : why,
    });
    rows.write('decisions', id, 'attempt.closed', {
      attempt: attempt.number,
      lookId: attempt.lookId,
      traded,
      residual,
      residualBaseQty: attempt.netBaseQty(),
      closeMidPx,
      midIsFresh,
      notional: attempt.notional(),
      ...parts,
      execLog: line,
    });
    deps.command({ type: 'exec.log', line: { ...line, ...parts } });
    deps.log.log(
      'info',
      'trade',
      `${headOf(traded, residual)} ${symbol} ${residual ? 'unrealised net' : 'net'} ${signed(parts.net)} = spread ${signed(parts.spread)} adverse ${signed(parts.adverse)} fees ${signed(parts.fees)} slippage ${signed(parts.slippage)} USDT${residual ? `; ${attempt.netBaseQty()} ${symbol} stay open, valued at the mid ${closeMidPx}` : ''}`,
      { bot: id, attempt: attempt.number },
    );
    if (residual) {
      deps.log.log(
        'error',
        'risk',
        `${id} could not unwind: ${attempt.netBaseQty()} ${symbol} stay open; its permit closes`,
      );
    }
  };

  const settle = (attempt: ArbAttempt, residual: boolean, why: string) => {
    const key = `${id}/close/${attempt.number}`;
    closings.set(key, { attempt, residual, why, requestId: deps.askPrices() });
    deps.armTimer(key, CLOSE_MID_TIMEOUT_MS);
    if (!residual) return;
    // At once, not when the books close: the next look must not fire beside an open position.
    deps.command({ type: 'latch.close', bot: id, reason: 'unwind_incomplete', by: id });
  };

  return {
    begin(init) {
      sequence += 1;
      open = createArbAttempt({ number: sequence, knobs: config.knobs, ...init });
      rows.write('decisions', id, 'attempt.began', { number: sequence, ...init });
    },
    applyFill(leg, fill, shownPx) {
      if (open === null) return;
      open.addFill(leg, fill, shownPx);
      marks.set(deps.askPrices(), open);
    },
    openAttempt: () => open,
    closing: () => closings.size,
    end(residual, why) {
      if (open === null) return;
      const attempt = open;
      open = null;
      settle(attempt, residual, why);
    },
    restore(found) {
      sequence = found.lastAttempt;
      for (const { part, gain, loss } of counters) {
        gain.inc(found.gains[part]);
        loss.inc(-found.losses[part]);
      }
      for (const part of [...PARTS, 'net'] as const) {
        sums[part] = addE8(sums[part], toE8(found.gains[part]), toE8(found.losses[part]));
      }
      deps.onNet(fromE8(sums.net));
      const attempts = found.attempts.map(({ fills, failedFeesSol, ...began }) => {
        const attempt = createArbAttempt({ knobs: config.knobs, ...began });
        for (const { leg, fill, shownPx, midPx } of fills) attempt.addFill(leg, fill, shownPx, midPx);
        if (failedFeesSol > 0) attempt.addChainFee(failedFeesSol);
        return attempt;
      });
      open = attempts.pop() ?? null;
      restored = attempts;
    },
    endRestored() {
      // They had ended before the death and waited for their closing mid; one that could not unwind holds its rest.
      for (const attempt of restored) settle(attempt, !deps.isFlat(attempt), 'crashed');
      restored = [];
    },
    noteMid(evaluation) {
      if (evaluation.compositeMidPx !== null) lastMidPx = evaluation.compositeMidPx;
      if (evaluation.solMidPx !== null) lastSolMidPx = evaluation.solMidPx;
    },
    pricesAnswered(requestId, evaluation) {
      const marked = marks.get(requestId);
      if (marked !== undefined) {
        marks.delete(requestId);
        if (evaluation.compositeMidPx !== null) mark(marked, evaluation.compositeMidPx);
        return true;
      }
      for (const [key, closing] of closings) {
        if (closing.requestId !== requestId) continue;
        if (evaluation.compositeMidPx !== null) {
          deps.cancelTimer(key);
          finish(key, evaluation.compositeMidPx, true);
        }
        return true;
      }
      return false;
    },
    timerDue(key) {
      const closing = closings.get(key);
      if (closing === undefined) return false;
      finish(key, lastMidPx ?? closing.attempt.lastLook.compositeMidPx ?? closing.attempt.lastLook.midPx ?? 0, false);
      return true;
    },
    totals: () => ({
      spread: fromE8(sums.spread),
      adverse: fromE8(sums.adverse),
      fees: fromE8(sums.fees),
      slippage: fromE8(sums.slippage),
      net: fromE8(sums.net),
    }),
  };
}

const headOf = (traded: boolean, residual: boolean) => (residual ? 'INCOMPLETE' : traded ? 'TRADE' : 'NO FILL');

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(6)}`;
