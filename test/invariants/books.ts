import type { Balance, Fill } from '../../src/domain/orders.ts';
import type { JournalRow } from '../../src/journal/rows.ts';
import { twice } from './orderIdentity.ts';

/** Balances come as floats of up to 12 decimals; a billionth per fill covers their rounding and no lot of any market. */
const ROUNDING_PER_FILL = 1e-9;
const SMALLEST_ROUNDING = 1e-8;

export interface Books {
  /** Rows of the table `fills`. */
  readonly fills: readonly JournalRow[];
  /** Rows of the table `reports`: swaps that landed and failed cost SOL without a fill. */
  readonly reports: readonly JournalRow[];
  /** Rows of the table `decisions`. */
  readonly decisions: readonly JournalRow[];
}

/**
 * Position = sum of fills = what the venues hold: each fill booked once, and each asset moved at each venue by exactly
 * what the journal booked there.
 */
export function brokenBalances(books: Books, before: readonly Balance[], after: readonly Balance[]): string[] {
  const fills = books.fills.map(({ payload }) => payload as Fill);
  const moved = new Map<string, number>();
  const add = (venue: string, asset: string, amount: number) => {
    const key = `${venue} ${asset}`;
    moved.set(key, (moved.get(key) ?? 0) + amount);
  };
  for (const { venue, pair, side, qty, price, fee, feeCurrency } of fills) {
    const [base, quote] = pair.split('/') as [string, string];
    const sign = side === 'buy' ? 1 : -1;
    add(venue, base, sign * qty);
    // A swap is paid in USDC whatever the pair is called.
    add(venue, venue === 'jupiter' ? 'USDC' : quote, -sign * qty * price);
    add(venue, feeCurrency, -fee);
  }
  for (const fee of failedFees(books.reports)) add('jupiter', 'SOL', -fee);
  const allowed = SMALLEST_ROUNDING + ROUNDING_PER_FILL * fills.length;
  const differences = after.flatMap(({ venue, asset, free, locked }) => {
    const start = before.find((one) => one.venue === venue && one.asset === asset);
    const told = free + locked - (start === undefined ? 0 : start.free + start.locked);
    const booked = moved.get(`${venue} ${asset}`) ?? 0;
    return Math.abs(told - booked) <= allowed
      ? []
      : [`${venue} ${asset}: the venue moved by ${told}, the journal's fills by ${booked}`];
  });
  return [
    ...twice(fills.map((fill) => `${fill.venue}/${fill.pair}/${fill.tradeId}`)).map(
      (key) => `fill ${key} is booked twice`,
    ),
    ...differences,
  ];
}

/** Each swap's chain fee once, however often its fate was reported. */
function failedFees(reports: readonly JournalRow[]): number[] {
  const fees = new Map<string, number>();
  for (const { payload } of reports) {
    const { clientOrderId, answer } = payload as {
      clientOrderId: string;
      answer?: { report?: { failedChainFee?: number } };
    };
    const fee = answer?.report?.failedChainFee;
    if (fee !== undefined) fees.set(clientOrderId, fee);
  }
  return [...fees.values()];
}

/** Every attempt is closed once. */
export function brokenAttempts({ decisions }: Pick<Books, 'decisions'>): string[] {
  const names = decisions
    .filter(({ kind }) => kind === 'attempt.closed')
    .map(({ subject, payload }) => `${subject} #${(payload as { attempt: number }).attempt}`);
  return twice(names).map((name) => `attempt ${name} is closed twice`);
}
