import type { Balance, OrderReport } from '../../domain/orders.ts';
import type { DeskOrder } from '../orderDesk.ts';
import type { Stock } from '../stock.ts';

/** Amounts below this are rounding of the venues, in units of the asset. */
const DUST = 2e-6;

/** The difference between what the journal of a dead core says and what the venues say. */
export interface RecoveryDifference {
  readonly incarnation: number;
  /** Orders whose fate was open, and how they ended. */
  readonly openOrders: number;
  readonly filled: number;
  readonly withoutFill: number;
  /** Attempts that were under way, per bot with what they hold. */
  readonly attempts: readonly { readonly bot: string; readonly attempt: number; readonly netBaseQty: number }[];
  /** Own orders that rest at a venue and that the journal does not know as open. */
  readonly unknownAtVenue: readonly string[];
  /** Venue minus journal, beyond rounding. */
  readonly balances: readonly { readonly venue: string; readonly asset: string; readonly difference: number }[];
}

/** Compares the venues' balances with what we should own. Assets that the journal never saw are no difference. */
export function balanceDifferences(expected: ReturnType<Stock['entries']>, balances: readonly Balance[]) {
  return expected.flatMap(({ venue, asset, free }) => {
    const told = balances.find((balance) => balance.venue === venue && balance.asset === asset);
    const difference = (told === undefined ? 0 : told.free + told.locked) - free;
    return Math.abs(difference) <= DUST ? [] : [{ venue, asset, difference: Number(difference.toFixed(8)) }];
  });
}

export function recoveryDifference(found: {
  readonly incarnation: number;
  readonly adopted: readonly DeskOrder[];
  readonly attempts: RecoveryDifference['attempts'];
  readonly expected: ReturnType<Stock['entries']>;
  readonly balances: readonly Balance[];
  readonly openOrders: readonly OrderReport[];
}): RecoveryDifference {
  const filled = found.adopted.filter(({ filledQty }) => filledQty > 0).length;
  return {
    incarnation: found.incarnation,
    openOrders: found.adopted.length,
    filled,
    withoutFill: found.adopted.length - filled,
    attempts: found.attempts,
    unknownAtVenue: found.openOrders.map(({ clientOrderId }) => clientOrderId),
    balances: balanceDifferences(found.expected, found.balances),
  };
}

/** One line for the terminal. */
export function differenceText(difference: RecoveryDifference): string {
  const { incarnation, openOrders, filled, withoutFill, attempts, unknownAtVenue, balances } = difference;
  const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value)}`;
  const underWay = attempts.map(
    ({ bot, attempt, netBaseQty }) => `${bot.replace(/^bot:/, '')} #${attempt} holds ${signed(round(netBaseQty))}`,
  );
  return [
    `RECONCILED incarnation ${incarnation}: fates open ${openOrders}`,
    `(${filled} filled, ${withoutFill} without a fill)`,
    `· attempts under way ${attempts.length}${underWay.length === 0 ? '' : ` (${underWay.join(', ')})`}`,
    `· own orders at the venues that no journal knows ${unknownAtVenue.length}`,
    balances.length === 0
      ? '· balances as the journal says'
      : `· balances differ: ${balances.map(({ venue, asset, difference: by }) => `${venue} ${asset} ${signed(by)}`).join(', ')}`,
  ].join(' ');
}

const round = (value: number) => Number(value.toFixed(8));
