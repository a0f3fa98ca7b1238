import { parseClientOrderId } from '../domain/clientOrderId.ts';
import { NightjarError } from '../domain/errors.ts';
import type { Fill, OrderReport } from '../domain/orders.ts';
import { TOKENS } from '../domain/tokens.ts';
import type { FillBook, FillVerdict } from '../ledger/fillBook.ts';
import { remainingQty } from './orderDeskCheck.ts';
import type { OrderLives } from './orderDeskLives.ts';
import type { DeskOrder, OrderOwner } from './orderDeskTypes.ts';
import type { RowWriter } from './rowWriter.ts';
import type { Stock } from './stock.ts';

/** Books what reports say was traded: each venue trade once, whoever reports it and however often. */
export interface FillDesk {
  /** States what was ordered and what it may spend. */
  expect(order: DeskOrder): void;
  apply(order: DeskOrder, report: OrderReport): void;
  /** A report about an order of ours that nobody here remembers: its fills are booked as nobody's. */
  applyOrphan(clientOrderId: string, report: OrderReport): void;
  /** Last own trade per pair. */
  readonly lastTrades: ReadonlyMap<string, { readonly price: number; readonly atMs: number }>;
}

export interface FillDeskDeps {
  readonly book: FillBook;
  readonly lives: OrderLives;
  readonly owners: ReadonlyMap<string, OrderOwner>;
  readonly rows: RowWriter;
  readonly stock: Stock;
  nowMs(): number;
  alarm?(message: string, fields: Readonly<Record<string, unknown>>): void;
  requestReconcile?(): void;
}

export function createFillDesk(deps: FillDeskDeps): FillDesk {
  const { book, lives, rows, stock } = deps;
  const lastTrades = new Map<string, { readonly price: number; readonly atMs: number }>();

  const applyFill = (order: DeskOrder, fill: Fill) => {
    const { intent } = order;
    const wrong = contradictionOf(order, fill);
    if (wrong !== null) return lives.flag(order, 'foreign_fill', wrong, 'pause', fill);
    const verdict = applyTo(book, fill);
    if (verdict instanceof NightjarError) return lives.flag(order, 'fill_mismatch', verdict.message, 'pause', fill);
    if (verdict.result !== 'applied') return;
    order.filledQty = book.filledQty(intent.clientOrderId);
    lastTrades.set(fill.pair, { price: fill.price, atMs: deps.nowMs() });
    if (order.done) {
      // The books of its attempt are closed, and whether the last venue truth held it nobody knows: ask for a new one.
      rows.write('fills', intent.bot, 'late', { ...fill, attempt: intent.attempt });
      lives.flag(order, 'late_fill', `trade ${fill.tradeId} of ${fill.qty} came after the order's end`, 'pause', fill);
      deps.requestReconcile?.();
      return;
    }
    stock.applyFill(fill);
    reserve(order);
    rows.write('fills', intent.bot, intent.leg, { ...fill, attempt: intent.attempt });
    deps.owners.get(intent.bot)?.onFill(order, fill);
    if (verdict.overfilled) {
      lives.flag(order, 'overfill', `${order.filledQty} filled of ${intent.qty} ordered`, 'pause', fill);
    }
  };

  /** What may still be spent: base by a sale, the quote by a purchase, what went in by a swap. */
  const reserve = (order: DeskOrder) => {
    const { clientOrderId, venue, pair, side, swap } = order.intent;
    const [base, quote] = pair.split('/') as [string, string];
    const leftQty = remainingQty(order);
    const spent = swap === undefined ? quote : (symbolOfMint(swap.inputMint) ?? quote);
    if (side === 'sell') stock.reserve(clientOrderId, venue, base, leftQty);
    else stock.reserve(clientOrderId, venue, spent, leftQty * order.referencePx);
  };

  return {
    lastTrades,
    expect(order) {
      // A swap's quantity is what its quote expects, not a bound.
      if (order.intent.type !== 'swap') book.ordered(order.intent.clientOrderId, Number(order.intent.qty));
      reserve(order);
    },
    apply(order, report) {
      const isOlder = report.venueTimeMs < order.venueTimeMs;
      if (!isOlder && report.filledQty < order.reportedQty * (1 - 1e-9)) {
        const detail = `cumulative quantity fell from ${order.reportedQty} to ${report.filledQty}`;
        lives.flag(order, 'decreasing_quantity', detail, 'alarm', report);
      }
      order.venueTimeMs = Math.max(order.venueTimeMs, report.venueTimeMs);
      order.reportedQty = Math.max(order.reportedQty, report.filledQty);
      order.acknowledged ||= report.status !== 'rejected';
      for (const fill of report.fills) applyFill(order, fill);
      if (!order.done && report.status !== 'open' && report.failedChainFee !== undefined) {
        stock.charge(order.intent.venue, 'SOL', report.failedChainFee);
        deps.owners.get(order.intent.bot)?.onChainFee(order, report.failedChainFee);
      }
    },
    applyOrphan(clientOrderId, report) {
      // What is not ours by its name is the operator's own, and none of our business.
      if (parseClientOrderId(clientOrderId) === null) return;
      rows.write('reports', 'core', 'orphan', { clientOrderId, report });
      for (const fill of report.fills) {
        const verdict = applyTo(book, fill);
        if (verdict instanceof NightjarError || verdict.result !== 'applied') continue;
        rows.write('fills', 'core', 'orphan', fill);
        deps.alarm?.(`trade ${fill.tradeId} of ${clientOrderId}, which no bot here knows`, { clientOrderId });
        deps.requestReconcile?.();
      }
      book.forget(clientOrderId);
    },
  };
}

/** Why this fill cannot belong to this order, or null. */
function contradictionOf({ intent }: DeskOrder, fill: Fill): string | null {
  for (const field of ['clientOrderId', 'venue', 'pair', 'side'] as const) {
    if (fill[field] !== intent[field]) {
      return `trade ${fill.tradeId} says ${field} ${fill[field]}, the order ${intent[field]}`;
    }
  }
  return null;
}

function applyTo(book: FillBook, fill: Fill): FillVerdict | NightjarError {
  try {
    return book.apply(fill);
  } catch (error) {
    if (error instanceof NightjarError) return error;
    throw error;
  }
}

const symbolOfMint = (mint: string) => Object.values(TOKENS).find((token) => token.mint === mint)?.symbol ?? null;
