import { describe, expect, it } from 'vitest';
import type { JournalRow, JournalTable } from '../../journal/rows.ts';
import { rowSource } from '../kernelTestbed.ts';
import { recoverState } from './recoverState.ts';

const BOT = 'bot:arb:SOL';
const row = (table: JournalTable, inputSeq: number, kind: string, payload: unknown, subject = BOT): JournalRow => ({
  ...{ table, seq: inputSeq, inputSeq, timeMs: inputSeq, subject, kind, payload },
});
const truth = (inputSeq: number, free: number, locked = 0, failures: readonly string[] = []) =>
  row(
    'inputs',
    inputSeq,
    'reconciled',
    { balances: [{ venue: 'jupiter', asset: 'SOL', free, locked }], openOrders: [], failures },
    'gateway',
  );
const swapFill = (inputSeq: number, qty: number) =>
  row('fills', inputSeq, 'dex', {
    ...{ tradeId: `t${inputSeq}`, clientOrderId: `c${inputSeq}`, venue: 'jupiter', pair: 'SOL/USDT', side: 'buy' },
    ...{ price: 150, qty, fee: 0, feeCurrency: 'SOL', venueTimeMs: 0, attempt: 1 },
  });
const failedSwap = (inputSeq: number, feeSol: number) =>
  row('reports', inputSeq, 'resolved.yes', {
    clientOrderId: `c${inputSeq}`,
    answer: { found: 'yes', report: { status: 'rejected', fills: [], failedChainFee: feeSol } },
  });
const heldSol = (rows: readonly JournalRow[]) =>
  recoverState(rowSource(rows, [])).stock.find(({ venue, asset }) => venue === 'jupiter' && asset === 'SOL')?.free;

describe('what we should own after the death of a core', () => {
  it('is the last venue truth, locked amounts included, and every fill and chain fee booked since', () => {
    const rows = [swapFill(1, 5), truth(2, 10, 1), swapFill(3, 0.5), failedSwap(4, 0.01)];
    expect(heldSol(rows)).toBeCloseTo(11.49, 12);
  });

  it('does not take the same fill from a truth that came after it', () => {
    expect(heldSol([truth(1, 10), swapFill(2, 0.5), failedSwap(3, 0.01), truth(4, 10.49)])).toBe(10.49);
  });

  it('keeps what was known of a venue that failed to answer', () => {
    const silent = row('inputs', 3, 'reconciled', { balances: [], openOrders: [], failures: ['jupiter'] }, 'gateway');
    expect(heldSol([truth(1, 10), swapFill(2, 0.5), silent])).toBe(10.5);
  });

  it('is unknown as long as no venue was ever asked', () => {
    expect(recoverState(rowSource([swapFill(1, 0.5)], [])).stock).toEqual([]);
  });
});
