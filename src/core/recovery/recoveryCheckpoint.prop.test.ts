import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openJournalReader } from '../../journal/journalReader.ts';
import { makeTempDir } from '../../journal/journalTestRows.ts';
import { createJournalWriter } from '../../journal/journalWriter.ts';
import type { JournalRow, JournalTable } from '../../journal/rows.ts';
import { recoverState } from './recoverState.ts';
import { readCheckpoint, writeCheckpoint } from './recoveryCheckpoint.ts';
import { createRecoveryFold, type RecoveryFoldState } from './recoveryFold.ts';

/** One thing that happens, at an input of its own or at that of the one before. */
interface Happening {
  readonly what:
    | 'look'
    | 'began'
    | 'order'
    | 'fill'
    | 'report'
    | 'denied'
    | 'swapFails'
    | 'closed'
    | 'truth'
    | 'mark'
    | 'orphan';
  readonly bot: 0 | 1;
  readonly pick: number;
  readonly sameInput: boolean;
}
const happening: fc.Arbitrary<Happening> = fc.record({
  what: fc.constantFrom(
    'look',
    'began',
    'order',
    'order',
    'fill',
    'fill',
    'report',
    'denied',
    'swapFails',
    'closed',
    'truth',
    'mark',
    'orphan',
  ),
  bot: fc.constantFrom(0, 1),
  pick: fc.nat(1000),
  sameInput: fc.boolean(),
});

/** Rows as a core would write them: orders of open attempts, fills and reports of orders that exist, truths in between. */
function rowsOf(happenings: readonly Happening[]): JournalRow[] {
  const rows: JournalRow[] = [];
  const seqs = new Map<JournalTable, number>();
  const open: number[][] = [[], []];
  const orders: { id: string; bot: number; attempt: number }[] = [];
  let inputSeq = 0;
  let attempts = 0;
  const put = (table: JournalTable, bot: number, kind: string, payload: unknown, subject = `bot:arb:${bot}`) => {
    const seq = table === 'inputs' ? inputSeq : (seqs.get(table) ?? 0) + 1;
    seqs.set(table, seq);
    rows.push({ table, seq, inputSeq, timeMs: 1000 + inputSeq, subject, kind, payload });
  };
  const nextInput = (kind: string, payload: unknown, subject = 'timer') => {
    inputSeq += 1;
    put('inputs', 0, kind, payload, subject);
  };
  for (const { what, bot, pick, sameInput } of happenings) {
    if (what === 'truth') {
      const balances = [{ venue: 'jupiter', asset: 'SOL', free: pick / 7, locked: pick % 3 }];
      const failures = pick % 4 === 0 ? ['okx'] : [];
      nextInput('reconciled', { balances, openOrders: [], failures }, 'gateway');
      continue;
    }
    if (!sameInput || inputSeq === 0) nextInput('timer.due', {});
    const order = orders[pick % Math.max(1, orders.length)];
    const attempt = open[bot]![pick % Math.max(1, open[bot]!.length)];
    if (what === 'look') {
      const pending = pick % 2 === 0;
      if (pending) put('decisions', bot, 'look.pending', { lookId: pick });
      else put('decisions', bot, 'look.ended', { lookId: pick - 1, end: pick % 3 === 0 ? 'trade' : 'gross0' });
    } else if (what === 'began') {
      attempts += 1;
      open[bot]!.push(attempts);
      put('decisions', bot, 'attempt.began', {
        number: attempts,
        lookId: pick,
        tapAtMs: 1,
        firedAtMs: 2,
        lastLook: {},
      });
    } else if (what === 'order' && attempt !== undefined) {
      const id = `nj${orders.length}`;
      orders.push({ id, bot, attempt });
      put('decisions', bot, 'order.sent', { clientOrderId: id, shownPx: 150 + pick / 100 });
      put('intents', bot, 'order.place', { clientOrderId: id, bot: `bot:arb:${bot}`, attempt });
    } else if (what === 'fill' && order !== undefined) {
      const base = { tradeId: `t${pick}`, clientOrderId: order.id, venue: 'jupiter', pair: 'SOL/USDT', side: 'buy' };
      const money = { price: 150, qty: pick / 900, fee: 0.01, feeCurrency: 'SOL', venueTimeMs: 0 };
      put('fills', order.bot, 'dex', { ...base, ...money, attempt: order.attempt });
    } else if (what === 'orphan' && order !== undefined) {
      const base = { tradeId: `o${pick}`, clientOrderId: order.id, venue: 'okx', pair: 'SOL/USDT', side: 'sell' };
      const money = { price: 150, qty: pick / 900, fee: 0.01, feeCurrency: 'USDT', venueTimeMs: 0 };
      put('fills', 0, 'orphan', { ...base, ...money }, 'core');
    } else if (what === 'mark' && order !== undefined) {
      put('decisions', order.bot, 'fills.marked', { attempt: order.attempt, tradeIds: [`t${pick}`], midPx: pick });
    } else if (what === 'report' && order !== undefined) {
      const status = pick % 2 === 0 ? 'open' : 'filled';
      put('reports', order.bot, 'placed.confirmed', {
        clientOrderId: order.id,
        answer: { report: { status, fills: [] } },
      });
    } else if (what === 'denied' && order !== undefined) {
      put('reports', order.bot, 'resolved.no', { clientOrderId: order.id, answer: { found: 'no' } });
    } else if (what === 'swapFails' && order !== undefined) {
      const report = { status: 'rejected', fills: [], failedChainFee: 0.001 + pick / 1e6 };
      put('reports', order.bot, 'resolved.yes', { clientOrderId: order.id, answer: { found: 'yes', report } });
    } else if (what === 'closed' && attempt !== undefined) {
      open[bot] = open[bot]!.filter((one) => one !== attempt);
      const net = (pick - 500) / 1e4;
      put('decisions', bot, 'attempt.closed', {
        attempt,
        lookId: 1,
        spread: net,
        adverse: 0,
        fees: 0,
        slippage: 0,
        net,
      });
    }
  }
  return rows;
}

/** As the journal's reader: by table, in order, from a sequence on. */
const sourceOf = (rows: readonly JournalRow[]) => ({
  rows: (table: JournalTable, filter: { subject?: string; fromSeq?: number } = {}) =>
    rows.filter(
      (row) =>
        row.table === table &&
        row.seq >= (filter.fromSeq ?? 1) &&
        (filter.subject === undefined || row.subject === filter.subject),
    ),
});
const throughJson = (state: RecoveryFoldState) => JSON.parse(JSON.stringify(state)) as RecoveryFoldState;

describe('recovery from a checkpoint', () => {
  it('is recovery from the whole journal, wherever the checkpoints were written', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 5, maxLength: 120 }), (happenings) => {
        const rows = rowsOf(happenings);
        const whole = recoverState(sourceOf(rows));
        let chained: RecoveryFoldState | undefined;
        for (let cut = 1; cut <= (rows.at(-1)?.inputSeq ?? 0); cut += 1) {
          const fold = createRecoveryFold(chained);
          // The journal ends here when the checkpoint is written: the next input is there, its rows are on their way.
          const there = rows.filter(
            ({ inputSeq, table }) => inputSeq <= cut || (inputSeq === cut + 1 && table === 'inputs'),
          );
          fold.take(sourceOf(there), cut);
          const state = throughJson(fold.save());
          expect(recoverState(sourceOf(rows), state)).toEqual(whole);
          // Half of them begin where the one before stood, the others at the first row.
          chained = cut % 2 === 0 ? state : undefined;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps what is open, not how much has been', () => {
    const script = Array.from({ length: 400 }, (_, i): Happening[] => [
      { what: 'began', bot: 0, pick: i, sameInput: false },
      { what: 'order', bot: 0, pick: 0, sameInput: false },
      { what: 'fill', bot: 0, pick: i, sameInput: false },
      { what: 'report', bot: 0, pick: i * 2 + 1, sameInput: false },
      { what: 'closed', bot: 0, pick: 0, sameInput: false },
      { what: 'truth', bot: 0, pick: 5, sameInput: false },
    ]);
    const size = (count: number) => {
      const rows = rowsOf(script.slice(0, count).flat());
      const ownReports = rows.map((row) => {
        if (row.table !== 'reports' && row.table !== 'fills') return row;
        const clientOrderId = `nj${row.seq - 1}`;
        return { ...row, payload: { ...(row.payload as object), clientOrderId, attempt: row.seq } };
      });
      const fold = createRecoveryFold();
      fold.take(sourceOf(ownReports), ownReports.at(-1)!.inputSeq);
      const { trades: _bounded, ...open } = fold.save();
      return JSON.stringify(open).length;
    };
    expect(size(400)).toBeLessThan(size(4) + 100);
  });

  it('is written beside the journal, read back, and passed over when it is torn or ahead of it', () => {
    const dir = makeTempDir();
    const writer = createJournalWriter(join(dir, 'journal.sqlite'), { synchronous: 'OFF' });
    const rows = rowsOf(fc.sample(happening, { numRuns: 200, seed: 5 }));
    const half = rows.findIndex(({ inputSeq }) => inputSeq > rows.at(-1)!.inputSeq / 2);
    writer.append(rows.slice(0, half));
    writer.commit();
    const first = openJournalReader(dir);
    const covered = writeCheckpoint(dir, first);
    expect(covered).toBe(rows[half - 1]!.inputSeq - 1);
    first.close();
    writer.rotate();
    writer.append(rows.slice(half));
    writer.commit();
    const reader = openJournalReader(dir);
    const saved = readCheckpoint(dir, reader)!;
    expect(saved.inputSeq).toBe(covered);
    expect(recoverState(reader, saved)).toEqual(recoverState(reader));
    expect(writeCheckpoint(dir, reader)).toBe(rows.at(-1)!.inputSeq - 1);
    reader.close();
    writer.close();

    const path = join(dir, 'recovery.json');
    const text = readFileSync(path, 'utf8');
    const other = makeTempDir();
    createJournalWriter(join(other, 'journal.sqlite'), { synchronous: 'OFF' }).close();
    writeFileSync(join(other, 'recovery.json'), text);
    const empty = openJournalReader(other);
    expect(readCheckpoint(other, empty)).toBeUndefined();
    empty.close();
    const again = openJournalReader(dir);
    for (const torn of [
      '',
      text.slice(0, -9),
      text.replace('SOL', 'RAY'),
      text.replace(/"version":\d+/, '"version":0'),
    ]) {
      writeFileSync(path, torn);
      expect(readCheckpoint(dir, again)).toBeUndefined();
    }
    again.close();
  });
});
