import { NightjarError } from '../domain/errors.ts';
import { addE8, fromE8, type MoneyE8 } from '../domain/money.ts';
import type { Side } from '../domain/orders.ts';
import type { EvParts } from '../journal/rows.ts';
import { amountE36, productE36, roundToE8, toE18 } from './exactProduct.ts';

/** One taker fill of an attempt, DEX or CEX, in the currency of the report. */
export interface LedgerFill {
  readonly side: Side;
  /** reportCcy per base; a DEX price is already converted with the fx of its decision. */
  readonly price: number;
  /** Base quantity, above 0. */
  readonly qty: number;
  /** Cost in reportCcy, converted at fill time; negative = rebate. */
  readonly feeReportCcy: number;
  /** Composite CEX mid at the fill: the same mid for both legs, else the halves could not be added. */
  readonly midAtFillPx: number;
  /** What book or firm quote showed for this size when it was decided. */
  readonly shownVwapPx: number;
}

export interface AttemptToClose {
  readonly fills: readonly LedgerFill[];
  /** Composite mid that marks what the attempt leaves open. */
  readonly closeMidPx: number;
  /** Base and priority fees, tips, those of failed transactions too. */
  readonly chainCostReportCcy: number;
}

/** Beyond this a report whose parts were rounded elsewhere is refused; our own add up to the last 1e-8. */
export const LEDGER_TOLERANCE = 1e-6;

/**
 * What an attempt earned and why. With s = +1 for a buy, −1 for a sell, p fill price, a shown price, m mid at the fill,
 * M closing mid, per fill: CROSS = s(a − m)q, SLIP = s(p − a)q, ADVERSE + INVENTORY = s(M − m)q.
 * `net` is the cash ledger's: what was paid and got, minus fees and chain cost, plus what is left at M.
 *
 * @returns signed amounts in reportCcy: spread = −ΣCROSS, slippage = −ΣSLIP, adverse, fees = −ΣFEES − CHAIN; they add up to net
 * @throws  NightjarError ledger.mismatch when they do not, or when a number is missing
 * @source  Foucault, Pagano, Röell, "Market Liquidity", eq. 2.5–2.6; the split of the taker cost is ours
 */
export function closeAttempt(attempt: AttemptToClose): EvParts {
  refuseMissing(attempt);
  const net = cashNetOf(attempt);
  const parts = {
    spread: spreadOf(attempt),
    adverse: adverseOf(attempt),
    fees: feesOf(attempt),
    slippage: slippageOf(attempt),
  };
  return roundTogether(parts, net);
}

/**
 * Rounds an exact identity to 1e-8 so that it still holds: the remainder (at most 2e-8) goes to the largest part.
 * @throws NightjarError ledger.mismatch when the exact amounts do not add up
 */
export function roundTogether(parts: Readonly<Record<EvPart, bigint>>, net: bigint): EvParts {
  const names = ['spread', 'adverse', 'fees', 'slippage'] as const;
  const difference = names.reduce((sum, name) => sum + parts[name], -net);
  if (difference !== 0n) {
    throw new NightjarError(
      'ledger.mismatch',
      `parts and cash ledger differ by ${Number(difference) / 1e36}: the report is refused until the fills are checked`,
      { ...Object.fromEntries(names.map((name) => [name, Number(parts[name]) / 1e36])), net: Number(net) / 1e36 },
    );
  }
  const rounded = Object.fromEntries(names.map((name) => [name, roundToE8(parts[name])])) as Record<
    string,
    bigint
  > as Record<EvPart, bigint>;
  const netE8 = roundToE8(net);
  const size = (name: EvPart) => (rounded[name] < 0n ? -rounded[name] : rounded[name]);
  const largest = names.reduce((a, b) => (size(b) > size(a) ? b : a));
  rounded[largest] += names.reduce((left, name) => left - rounded[name], netE8 as bigint);
  const amount = (name: EvPart) => fromE8(rounded[name] as MoneyE8);
  return {
    spread: amount('spread'),
    adverse: amount('adverse'),
    fees: amount('fees'),
    slippage: amount('slippage'),
    net: fromE8(netE8),
  };
}

type EvPart = Exclude<keyof EvParts, 'net'>;

/** Checks the identity on amounts as they stand in a report. @throws NightjarError ledger.mismatch */
export function assertAddsUp(parts: EvParts): void {
  const { spread, adverse, fees, slippage, net } = parts;
  const sum = spread + adverse + fees + slippage;
  // Written so that a NaN is refused too.
  if (Math.abs(sum - net) <= LEDGER_TOLERANCE) return;
  throw new NightjarError(
    'ledger.mismatch',
    `parts add up to ${sum}, the cash ledger says ${net}: the report is refused until the fills are checked`,
    { ...parts, difference: sum - net },
  );
}

/** Sums of closed attempts, in fixed point; nothing closed gives zeros. */
export function sumEv(closed: Iterable<EvParts>): EvParts {
  const sums = { spread: 0n, adverse: 0n, fees: 0n, slippage: 0n, net: 0n };
  const names = Object.keys(sums) as (keyof typeof sums)[];
  for (const parts of closed) {
    for (const name of names) sums[name] = addE8(sums[name] as MoneyE8, roundToE8(amountE36(parts[name])));
  }
  return Object.fromEntries(names.map((name) => [name, fromE8(sums[name] as MoneyE8)])) as unknown as EvParts;
}

const sign = (side: Side) => (side === 'buy' ? 1n : -1n);

function spreadOf({ fills }: AttemptToClose): bigint {
  let cross = 0n;
  for (const { side, shownVwapPx, midAtFillPx, qty } of fills) {
    cross += sign(side) * productE36(toE18(shownVwapPx) - toE18(midAtFillPx), toE18(qty));
  }
  return -cross;
}

function slippageOf({ fills }: AttemptToClose): bigint {
  let slip = 0n;
  for (const { side, price, shownVwapPx, qty } of fills) {
    slip += sign(side) * productE36(toE18(price) - toE18(shownVwapPx), toE18(qty));
  }
  return -slip;
}

function adverseOf({ fills, closeMidPx }: AttemptToClose): bigint {
  let moved = 0n;
  for (const { side, midAtFillPx, qty } of fills) {
    moved += sign(side) * productE36(toE18(closeMidPx) - toE18(midAtFillPx), toE18(qty));
  }
  return moved;
}

function feesOf({ fills, chainCostReportCcy }: AttemptToClose): bigint {
  const paid = fills.reduce((sum, { feeReportCcy }) => sum + amountE36(feeReportCcy), 0n);
  return -paid - amountE36(chainCostReportCcy);
}

/** Knows nothing of mids at fills or shown prices: cash and stock alone. */
function cashNetOf({ fills, closeMidPx, chainCostReportCcy }: AttemptToClose): bigint {
  let cash: bigint = -amountE36(chainCostReportCcy);
  let baseE12 = 0n;
  for (const { side, price, qty, feeReportCcy } of fills) {
    cash -= sign(side) * productE36(toE18(price), toE18(qty)) + amountE36(feeReportCcy);
    baseE12 += sign(side) * toE18(qty);
  }
  return cash + productE36(baseE12, toE18(closeMidPx));
}

function refuseMissing({ fills, closeMidPx, chainCostReportCcy }: AttemptToClose): void {
  const check = (name: string, value: number, isGood: boolean) => {
    if (Number.isFinite(value) && isGood) return;
    throw new NightjarError('ledger.mismatch', `${name} is ${value}: the attempt cannot be closed without it`, {
      name,
    });
  };
  check('closeMidPx', closeMidPx, closeMidPx > 0 || fills.length === 0);
  check('chainCostReportCcy', chainCostReportCcy, true);
  fills.forEach((fill, i) => {
    for (const name of ['price', 'qty', 'midAtFillPx', 'shownVwapPx'] as const) {
      check(`fills[${i}].${name}`, fill[name], fill[name] > 0);
    }
    check(`fills[${i}].feeReportCcy`, fill.feeReportCcy, true);
  });
}
