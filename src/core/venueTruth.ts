import type { Logger } from '../domain/ports.ts';
import type { OtherCommand } from './commands.ts';
import type { InputPayload } from './inputs.ts';
import type { Recovery } from './recovery/recovery.ts';
import type { Stock } from './stock.ts';
import type { Sweep } from './sweep.ts';

/** Retry of a reconcile that some venue did not answer: a missing report is not an empty account. */
const RETRY_MS = 1000;
/** An answer that does not come at all (the gateway died) is asked for again. */
const ANSWER_TIMEOUT_MS = 10 * RETRY_MS;
const TIMER = 'reconcile/retry';

type Truth = Extract<InputPayload, { type: 'reconciled' }>;

/** Asks the venues what they hold of ours, one question at a time, until all have answered. */
export interface VenueTruth {
  ask(): void;
  isAsking(): boolean;
  /** @returns false when it is not the truth to go on from: more is asked for */
  answered(truth: Truth): boolean;
  /** @returns false when the timer is another's */
  timerDue(key: string): boolean;
}

export interface VenueTruthDeps {
  readonly stock: Stock;
  readonly log: Logger;
  recovery(): Pick<Recovery, 'isDone' | 'takesTruth'>;
  sweep(): Pick<Sweep, 'asked' | 'compare' | 'nothingMoved'>;
  command(command: OtherCommand): void;
  armTimer(key: string, delayMs: number): void;
  cancelTimer(key: string): void;
}

export function createVenueTruth(deps: VenueTruthDeps): VenueTruth {
  const { stock } = deps;
  let asking = false;

  const ask = () => {
    if (asking) return;
    asking = true;
    deps.sweep().asked();
    deps.command({ type: 'gateway.reconcile' });
    deps.armTimer(TIMER, ANSWER_TIMEOUT_MS);
  };

  /**
   * An answer that an order or a fill has crossed on its way holds that fill or does not, nobody knows: what the fills
   * say stands, and the next sweep in a quiet moment compares. The first answer of all is better than nothing.
   */
  const takeOver = (truth: Truth, isExact: boolean) => {
    if (isExact || !stock.known()) stock.replace(truth.balances);
  };

  return {
    ask,
    isAsking: () => asking,
    answered(truth) {
      asking = false;
      deps.cancelTimer(TIMER);
      const isExact = deps.sweep().nothingMoved();
      if (truth.failures.length > 0) {
        // Half a truth would hide the difference that a restart has to show.
        if (deps.recovery().isDone()) takeOver(truth, isExact);
        deps.log.log('warn', 'reconcile', `venue truth is incomplete, asking again: ${truth.failures.join('; ')}`);
        deps.armTimer(TIMER, RETRY_MS);
        return false;
      }
      if (!deps.recovery().takesTruth(truth)) return false;
      deps.sweep().compare(truth);
      takeOver(truth, isExact);
      return true;
    },
    timerDue(key) {
      if (key !== TIMER) return false;
      asking = false;
      ask();
      return true;
    },
  };
}
