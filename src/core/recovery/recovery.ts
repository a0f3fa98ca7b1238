import type { Logger } from '../../domain/ports.ts';
import type { ArbBot } from '../arb/arbBotTypes.ts';
import type { InputPayload } from '../inputs.ts';
import type { DeskOrder, OrderDesk } from '../orderDesk.ts';
import type { RowWriter } from '../rowWriter.ts';
import type { Stock } from '../stock.ts';
import { differenceText, recoveryDifference } from './recoveryDifference.ts';

type Truth = Extract<InputPayload, { type: 'reconciled' }>;

export interface RecoveryDeps {
  readonly desk: OrderDesk;
  readonly stock: Stock;
  readonly bots: ReadonlyMap<string, ArbBot>;
  readonly rows: RowWriter;
  readonly log: Logger;
  requestReconcile(): void;
  isReconciling(): boolean;
}

/**
 * The way back after the death of a core: what the journal left open is adopted, each fate is asked of the venue, then
 * the venues' truth is taken and its difference to the journal is told; only then do the bots hear that they may go on.
 */
export interface Recovery {
  adopt(): void;
  /** After any news about an order. */
  orderHeard(): void;
  /**
   * @param truth  whole: no venue failed to answer
   * @returns false while this answer may be older than a fill that is still to be heard of
   */
  takesTruth(truth: Truth): boolean;
  isDone(): boolean;
}

export function createRecovery(started: Extract<InputPayload, { type: 'core.started' }>, deps: RecoveryDeps): Recovery {
  const found = started.recovered;
  let adopted: readonly DeskOrder[] = [];
  let step: 'fates' | 'truth' | 'done' = found === undefined ? 'done' : 'fates';
  /** An answer that was asked for before the last fate was known. */
  let answersTooOld = 0;

  const fatesKnown = () => adopted.every(({ done }) => done);

  return {
    adopt() {
      if (found === undefined) return;
      deps.stock.expect(found.stock);
      for (const [id, bot] of deps.bots) {
        const orders = found.orders.filter(({ intent }) => intent.bot === id);
        const state = found.bots[id];
        if (state !== undefined) bot.restore(state, orders);
      }
      adopted = deps.desk.adopt(found.orders);
      deps.desk.rememberDenied(found.denied ?? []);
      deps.desk.rememberTrades(found.trades ?? []);
      if (fatesKnown()) step = 'truth';
    },
    orderHeard() {
      if (step !== 'fates' || !fatesKnown()) return;
      step = 'truth';
      if (deps.isReconciling()) answersTooOld = 1;
      else deps.requestReconcile();
    },
    isDone: () => step === 'done',
    takesTruth(truth) {
      if (step === 'done') return true;
      if (step === 'fates') return false;
      if (answersTooOld > 0) {
        answersTooOld = 0;
        deps.requestReconcile();
        return false;
      }
      step = 'done';
      const attempts = [...deps.bots].flatMap(([bot, one]) => {
        const holding = one.holding();
        return holding === null ? [] : [{ bot, ...holding }];
      });
      const difference = recoveryDifference({
        incarnation: started.incarnation,
        adopted,
        attempts,
        expected: deps.stock.entries(),
        balances: truth.balances,
        openOrders: truth.openOrders,
      });
      deps.rows.write('decisions', 'core', 'recovered', difference);
      // What a venue denied, before this death or after it, and has all the same would explain its difference.
      for (const venue of new Set(difference.balances.map((one) => one.venue))) deps.desk.recheck(venue, 0);
      const agree = difference.balances.length === 0 && difference.unknownAtVenue.length === 0;
      deps.log.log(agree ? 'info' : 'warn', 'reconcile', differenceText(difference), { ...difference });
      return true;
    },
  };
}
