import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeFunnelReport } from './funnelReport.ts';
import { makeRow } from './journalTestRows.ts';
import { countReasons, tallyLooks } from './lookTally.ts';
import type { JournalRow } from './rows.ts';
import { makeWhyReport } from './whyReport.ts';

const ended = (lookId: number, end: string, change: object = {}) => ({
  kind: 'look.ended',
  payload: { lookId, end, beganAtMs: 1, value: null, limit: null, need: null, needDeltaPx: null, ...change },
});
const pending = (lookId: number) => ({ kind: 'look.pending', payload: { lookId, beganAtMs: 1, needDeltaPx: 0 } });
const episode = (kind: 'near' | 'auto' | 'go', number: number) => ({
  kind,
  payload: { episode: number, snapshot: null },
});
const closed = (lookId: number, net: number) => ({
  kind: 'attempt.closed',
  payload: { attempt: lookId, lookId, notional: 10, spread: net, adverse: 0, fees: 0, slippage: 0, net, execLog: {} },
});
const toRows = (list: readonly { kind: string; payload: unknown }[]): JournalRow[] =>
  list.map((row, i) => makeRow('decisions', i + 1, row));

/** What a bot may do with its looks: end one at once, hold one, end a held one, or die with its core. */
const acts = fc.array(
  fc.oneof(
    fc.record({ act: fc.constant('judge' as const), end: fc.constantFrom('trade', 'gross0', 'busy', 'dry8') }),
    fc.record({ act: fc.constant('hold' as const), end: fc.constant('') }),
    fc.record({
      act: fc.constant('settle' as const),
      end: fc.constantFrom('trade', 'last_look', 'second_hit_timeout'),
    }),
    fc.record({ act: fc.constant('coreDies' as const), end: fc.constant('') }),
  ),
  { maxLength: 60 },
);

describe('look tally', () => {
  it('counts trades + Σ reasons + open = looks begun, over core deaths that count looks from 1 again', () => {
    fc.assert(
      fc.property(acts, fc.boolean(), (list, isOver) => {
        const rows: { kind: string; payload: unknown }[] = [];
        const coreStarts = [1];
        let held: number[] = [];
        let nextId = 1;
        let begun = 0;
        let died = 0;
        for (const { act, end } of list) {
          if (act === 'judge') rows.push(ended(nextId++, end));
          if (act === 'hold') {
            held.push(nextId);
            rows.push(pending(nextId++));
          }
          if (act === 'judge' || act === 'hold') begun += 1;
          if (act === 'settle' && held.length > 0) rows.push(ended(held.shift()!, end));
          if (act === 'coreDies') {
            died += held.length;
            held = [];
            nextId = 1;
            coreStarts.push(rows.length + 1);
          }
        }
        // Deaths at the very end are seen only once the next core has written something, or the run is over.
        rows.push({ kind: 'run.note', payload: null });
        const tally = tallyLooks(toRows(rows), coreStarts, isOver);
        const why = countReasons(tally.looks);
        const trades = tally.looks.filter(({ end }) => end === 'trade').length;
        const reasons = Object.values(why).reduce((sum, count) => sum + count, 0);

        expect(trades + reasons + tally.open).toBe(begun);
        expect(tally.open).toBe(isOver ? 0 : held.length);
        expect(why.crashed ?? 0).toBe(isOver ? died + held.length : died);
      }),
    );
  });

  it('counts each near episode once per stage and flags what no single run can hold', () => {
    const sound = tallyLooks(
      toRows([episode('near', 1), episode('auto', 1), episode('go', 1), episode('near', 2)]),
      [1],
      true,
    );
    expect(sound.mixed).toEqual([]);
    expect(makeFunnelReport('arb:SOL', sound)).toMatchObject({ near: 2, auto: 1, go: 1, mixedSources: false });

    for (const rows of [
      [episode('auto', 1)],
      [episode('near', 1), episode('auto', 2)],
      [episode('near', 1), episode('go', 1)],
      [episode('near', 1), episode('auto', 1), episode('auto', 1)],
    ]) {
      expect(makeFunnelReport('arb:SOL', tallyLooks(toRows(rows), [1], true)).mixedSources).toBe(true);
    }
  });

  it('refuses an attempt whose parts do not add up', () => {
    const wrong = { ...closed(1, 1), payload: { ...closed(1, 1).payload, net: 2 } };
    expect(() => tallyLooks(toRows([wrong]), [1], true)).toThrow(expect.objectContaining({ code: 'ledger.mismatch' }));
  });
});

describe('funnel report', () => {
  it('looks at the last N records and the episodes that began among them', () => {
    const rows = toRows([
      episode('near', 1),
      ended(1, 'gross0', { needDeltaPx: 5 }),
      episode('near', 2),
      episode('auto', 2),
      ended(2, 'dry8', { needDeltaPx: 0.1 }),
      ended(3, 'dry8', { needDeltaPx: 0.3 }),
      episode('near', 3),
      ended(4, 'last_look', { needDeltaPx: null }),
    ]);
    const report = makeFunnelReport('arb:SOL', tallyLooks(rows, [1], true), 2);
    expect(report).toMatchObject({ near: 1, auto: 0, window: { looks: 2, asked: 2 } });
    expect(report.why).toEqual([
      { reason: 'dry8', count: 1, share: 0.5 },
      { reason: 'last_look', count: 1, share: 0.5 },
    ]);
    expect(report.needDeltaPx).toEqual({ p10: 0.3, p50: 0.3, p90: 0.3, count: 1 });
  });

  it('judges the last five trades, leaving out attempts whose look was lost to a crash', () => {
    const nets = [-9, 1, 2, -1, 3, 0.5];
    const rows = nets.flatMap((net, i) => [ended(i + 1, 'trade'), closed(i + 1, net)]);
    rows.push(ended(7, 'crashed'), closed(7, 100));
    const report = makeFunnelReport('arb:SOL', tallyLooks(toRows(rows), [1], true));
    expect(report.lastTrades).toMatchObject({ count: 5, winRate: 0.8, meanNet: 1.1 });
    const { low, high } = report.lastTrades.meanNetInterval!;
    expect(low).toBeGreaterThan(-1);
    expect(low).toBeLessThan(1.1);
    expect(high).toBeGreaterThan(1.1);
    expect(high).toBeLessThan(3);
    expect(makeFunnelReport('arb:SOL', tallyLooks(toRows(rows), [1], true))).toEqual(report);
  });

  it('has no figure where there is nothing to divide', () => {
    expect(makeFunnelReport('arb:SOL', tallyLooks([], [], true))).toMatchObject({
      ratios: { nearToAuto: null, autoToGo: null, goToTrade: null },
      needDeltaPx: null,
      lastTrades: { count: 0, winRate: null, meanNet: null, meanNetInterval: null },
    });
  });
});

describe('why report', () => {
  const rows = toRows([
    ended(1, 'gross0', { needDeltaPx: 0.4, beganAtMs: 100 }),
    ended(2, 'stale', { beganAtMs: 200 }),
    ended(3, 'preok_false', { needDeltaPx: 0.01, need: 1.5, beganAtMs: 300 }),
    ended(4, 'trade', { needDeltaPx: 0, beganAtMs: 400 }),
  ]).map((row) => ({ ...row, timeMs: row.seq * 100 + 50 }));
  const tally = tallyLooks(rows, [1], true);

  it('lists the nearest misses first and what could not be computed last', () => {
    const report = makeWhyReport('arb:SOL', tally, 200, null);
    expect(report.misses.map(({ end }) => end)).toEqual(['preok_false', 'gross0', 'stale']);
    expect(report.trades).toBe(1);
  });

  it('finds the looks around a time, in order of time', () => {
    const report = makeWhyReport('arb:SOL', tally, 2, 260);
    expect(report.misses.map(({ end }) => end)).toEqual(['stale', 'preok_false']);
  });
});
