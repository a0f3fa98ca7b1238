import type { Venue } from '../../domain/instruments.ts';
import type { Balance, Fill } from '../../domain/orders.ts';
import type { JournalRow } from '../../journal/rows.ts';
import { createStock } from '../stock.ts';
import type { RecoveredStock } from './recoveredState.ts';

/** What changes what we own between two truths of the venues: a fill, or the SOL that a failed swap was charged. */
export interface StockMove {
  readonly inputSeq: number;
  readonly fill?: Fill;
  readonly chargedSol?: number;
}

export interface StockFoldState {
  /** Null until a venue's truth is known. */
  readonly held: readonly RecoveredStock[] | null;
  /** Behind the last truth, in order. */
  readonly moves: readonly StockMove[];
}

export const NO_STOCK: StockFoldState = { held: null, moves: [] };

/**
 * What is ours at each venue, locked or not: fills and charges on top of the last whole truth.
 *
 * @param moves   behind those of `before`, in any order
 * @param truths  the `reconciled` inputs behind those of `before`, in order
 */
export function foldStock(
  before: StockFoldState,
  moves: readonly StockMove[],
  truths: Iterable<JournalRow>,
): StockFoldState {
  const stock = createStock();
  stock.expect(before.held ?? []);
  if (before.held !== null) stock.replace([]);
  const waiting = [...before.moves, ...moves].sort((a, b) => a.inputSeq - b.inputSeq);
  let next = 0;
  for (const row of truths) {
    const { balances, failures } = row.payload as { balances: readonly Balance[]; failures: readonly string[] };
    // What a venue said holds every fill before it; a venue that failed keeps what was known.
    for (; next < waiting.length && waiting[next]!.inputSeq <= row.seq; next += 1) {
      if (failures.length > 0) apply(stock, waiting[next]!);
    }
    stock.replace(balances.map((one) => ({ ...one, free: one.free + one.locked, locked: 0 })));
  }
  return { held: stock.known() ? entriesOf(stock) : null, moves: waiting.slice(next) };
}

/** With what moved since the last truth; nothing while no truth is known. */
export function stockOf({ held, moves }: StockFoldState): readonly RecoveredStock[] {
  if (held === null) return [];
  const stock = createStock();
  stock.expect(held);
  for (const move of moves) apply(stock, move);
  return entriesOf(stock);
}

function apply(stock: ReturnType<typeof createStock>, { fill, chargedSol }: StockMove): void {
  if (fill !== undefined) stock.applyFill(fill);
  if (chargedSol !== undefined) stock.charge('jupiter', 'SOL', chargedSol);
}

const entriesOf = (stock: ReturnType<typeof createStock>): readonly RecoveredStock[] =>
  stock.entries().map(({ venue, asset, free }) => ({ venue: venue as Venue, asset, free }));
