import type { LookupOutcome, OrderRef, OrderReport, TradePort } from '../domain/orders.ts';
import type { Clock } from '../domain/ports.ts';

export interface ResolveOptions {
  readonly clock: Clock;
  /** Epoch ms: when to give up and say `unknown`. */
  readonly deadlineMs: number;
  /** Pause after the first lookup; grows by half each time, at most `longestPollMs`. */
  readonly pollMs: number;
  /** Default 1000. */
  readonly longestPollMs?: number;
  /** The venue has confirmed this order once: then it exists, and no later "not found" is believed. Default false. */
  readonly acknowledged?: boolean;
  /** An order that rests on the book is an answer too (post-only). Default false: only its end is. */
  readonly restingIsEnough?: boolean;
  /**
   * From when on a "no" counts, epoch ms; asked anew at each. Before it the order's request may still be under way.
   * Default: at once.
   */
  readonly absentFromMs?: () => number;
  /** Ends the following early, as `unknown`. */
  readonly abort?: AbortSignal;
}

/**
 * "No such order" ends an order only when the venue repeats it, so often and over so long, without saying otherwise, and
 * all of it after the order's request can have arrived: a venue that has not heard of it yet denies it truly.
 */
export const NOT_FOUND_ANSWERS = 3;
export const NOT_FOUND_WINDOW_MS = 1_000;

/** Nothing about this order can change any more: it has ended and every fill of it is in the report. */
export function isFinal(report: OrderReport): boolean {
  return report.status !== 'open' && fillsAreComplete(report);
}

/**
 * A venue may show an order as ended before it shows its fills. Whoever acts on the end would lose them, so until they
 * are there the order counts as open.
 */
export function withoutEarlyEnd(report: OrderReport): OrderReport {
  return report.status === 'open' || fillsAreComplete(report) ? report : { ...report, status: 'open' };
}

function fillsAreComplete(report: OrderReport): boolean {
  const listedQty = report.fills.reduce((sum, fill) => sum + fill.qty, 0);
  return listedQty >= report.filledQty * (1 - 1e-9);
}

/**
 * Asks the venue until it proves the order's fate: filled, cancelled, expired, rejected, or never arrived. A timeout, a
 * cut or an unreadable answer proves nothing and does not even count as a "no".
 *
 * @returns at the deadline the newest report of an order that is still open, so that its fills are known; else
 *   `found: 'unknown'`, also when a lookup hangs beyond it; never rejects
 */
export function resolveOutcome(port: TradePort, ref: OrderRef, options: ResolveOptions): Promise<LookupOutcome> {
  const { clock, deadlineMs } = options;
  const longestPollMs = Math.max(options.longestPollMs ?? 1_000, options.pollMs);
  return new Promise((resolve) => {
    let over = false;
    let pauseMs = options.pollMs;
    let noes = 0;
    let firstNoMs = 0;
    let last = 'no lookup was answered';
    /** The latest answer, when it was that the order is open. */
    let stillOpen: LookupOutcome | null = null;
    let cancelPoll = () => {};

    const finish = (outcome: LookupOutcome) => {
      if (over) return;
      over = true;
      cancelPoll();
      cancelDeadline();
      options.abort?.removeEventListener('abort', onAbort);
      resolve(outcome);
    };
    const onAbort = () => finish({ found: 'unknown', code: 'stopped', reason: last });

    const judge = (outcome: LookupOutcome, askedAtMs: number) => {
      if (over) return;
      let longestMs = longestPollMs;
      // Consecutive ones only: what interrupts them may have hidden the order's arrival.
      if (outcome.found !== 'no') noes = 0;
      stillOpen = outcome.found === 'yes' ? { ...outcome, report: withoutEarlyEnd(outcome.report) } : null;
      if (outcome.found === 'yes') {
        const enough = options.restingIsEnough === true && outcome.report.status === 'open';
        if (isFinal(outcome.report) || enough) return finish(outcome);
        last = outcome.report.status === 'open' ? 'the order is still open' : 'its fills are not all listed yet';
      } else if (outcome.found === 'no' && options.acknowledged !== true) {
        const absentFromMs = options.absentFromMs?.() ?? Number.NEGATIVE_INFINITY;
        if (askedAtMs < absentFromMs) {
          noes = 0;
          last = 'the venue has no such order, and its request may still be under way';
          // The next question is the first that counts.
          longestMs = Math.min(longestMs, Math.max(1, absentFromMs - clock.nowMs()));
        } else {
          if (noes === 0) firstNoMs = askedAtMs;
          noes += 1;
          last = `the venue said ${noes} times that it has no such order`;
          if (noes >= NOT_FOUND_ANSWERS && clock.nowMs() - firstNoMs >= NOT_FOUND_WINDOW_MS) return finish(outcome);
          longestMs = Math.min(longestMs, NOT_FOUND_WINDOW_MS / 2);
        }
      } else {
        last = outcome.found === 'no' ? 'a confirmed order is not found' : `${outcome.code}: ${outcome.reason}`;
      }
      cancelPoll = clock.after(Math.min(pauseMs, longestMs), ask);
      pauseMs = Math.min(pauseMs * 1.5, longestPollMs);
    };

    const ask = () => {
      const askedAtMs = clock.nowMs();
      port.lookup(ref).then(
        (outcome) => judge(outcome, askedAtMs),
        (error: unknown) => judge({ found: 'unknown', code: 'lookup', reason: String(error) }, askedAtMs),
      );
    };

    const cancelDeadline = clock.after(Math.max(0, deadlineMs - clock.nowMs()), () =>
      finish(stillOpen ?? { found: 'unknown', code: 'deadline', reason: last }),
    );
    options.abort?.addEventListener('abort', onAbort);
    ask();
  });
}
