import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertAddsUp, closeAttempt, type LedgerFill, roundTogether, sumEv } from './closeAttempt.ts';

const px = fc.double({ min: 1e-6, max: 1e5, noNaN: true });
const fill: fc.Arbitrary<LedgerFill> = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const),
  price: px,
  qty: fc.double({ min: 1e-9, max: 1e6, noNaN: true }),
  feeReportCcy: fc.double({ min: -10, max: 10, noNaN: true }),
  midAtFillPx: px,
  shownVwapPx: px,
});
const attempt = fc.record({
  fills: fc.array(fill, { maxLength: 40 }),
  closeMidPx: px,
  chainCostReportCcy: fc.double({ min: 0, max: 5, noNaN: true }),
});
const e8 = (amount: number) => Math.round(amount * 1e8);

describe('closing an attempt', () => {
  it('splits the net into parts that add up to the last 1e-8, whatever was filled', () => {
    fc.assert(
      fc.property(attempt, (given) => {
        const ev = closeAttempt(given);
        // Sums beyond 2^53 units of 1e-8 cannot be told exactly in a double; they are no retail attempt either.
        fc.pre(Object.values(ev).every((amount) => Math.abs(amount) < 1e7));
        expect(e8(ev.spread) + e8(ev.adverse) + e8(ev.fees) + e8(ev.slippage)).toBe(e8(ev.net));
        assertAddsUp(ev);
      }),
    );
  });

  it('has the net that plain cash arithmetic gives', () => {
    fc.assert(
      fc.property(attempt, (given) => {
        let cash = -given.chainCostReportCcy;
        let base = 0;
        let turnover = 1;
        for (const { side, price, qty, feeReportCcy } of given.fills) {
          const signed = side === 'buy' ? qty : -qty;
          cash -= signed * price + feeReportCcy;
          base += signed;
          turnover += qty * (price + given.closeMidPx);
        }
        const net = cash + base * given.closeMidPx;
        // The naive sum has 53 bits, the exact one 18 decimals of each factor.
        expect(Math.abs(closeAttempt(given).net - net)).toBeLessThan(1e-8 + turnover * 1e-13 + 1e-11);
      }),
    );
  });

  it('earns nothing but fees when all is filled as shown, at the mid, and the mid stays', () => {
    fc.assert(
      fc.property(attempt, ({ fills, closeMidPx, chainCostReportCcy }) => {
        const still = fills.map((one) => ({
          ...one,
          price: closeMidPx,
          midAtFillPx: closeMidPx,
          shownVwapPx: closeMidPx,
        }));
        const ev = closeAttempt({ fills: still, closeMidPx, chainCostReportCcy });
        expect([ev.spread, ev.adverse, ev.slippage].map(Math.abs)).toEqual([0, 0, 0]);
        expect(ev.net).toBe(ev.fees);
      }),
    );
  });

  it('puts each cause under its own name', () => {
    const ev = closeAttempt({
      fills: [
        { side: 'buy', price: 100.2, qty: 2, feeReportCcy: 0, midAtFillPx: 100, shownVwapPx: 100.1 },
        { side: 'sell', price: 100.6, qty: 2, feeReportCcy: 0.2, midAtFillPx: 101, shownVwapPx: 100.7 },
      ],
      closeMidPx: 105,
      chainCostReportCcy: 0.01,
    });
    // Crossing: 0.1 × 2 and 0.3 × 2; slippage: 0.1 × 2 on both; between the fills the mid rose by 1 on 2 held.
    expect(ev).toEqual({ spread: -0.8, slippage: -0.4, adverse: 2, fees: -0.21, net: 0.59 });
  });

  it('marks what stays open at the closing mid', () => {
    const ev = closeAttempt({
      fills: [{ side: 'buy', price: 10, qty: 3, feeReportCcy: 0, midAtFillPx: 10, shownVwapPx: 10 }],
      closeMidPx: 9,
      chainCostReportCcy: 0,
    });
    expect(ev).toMatchObject({ adverse: -3, net: -3 });
  });

  it.each([
    ['closeMidPx', { closeMidPx: Number.NaN }],
    ['chainCostReportCcy', { chainCostReportCcy: Number.POSITIVE_INFINITY }],
    [
      'fills[0].midAtFillPx',
      { fills: [{ side: 'buy', price: 1, qty: 1, feeReportCcy: 0, midAtFillPx: 0, shownVwapPx: 1 }] },
    ],
    ['fills[0].qty', { fills: [{ side: 'buy', price: 1, qty: -1, feeReportCcy: 0, midAtFillPx: 1, shownVwapPx: 1 }] }],
  ] as const)('refuses to close without %s', (name, change) => {
    const act = () => closeAttempt({ fills: [], closeMidPx: 1, chainCostReportCcy: 0, ...change });
    expect(act).toThrow(expect.objectContaining({ code: 'ledger.mismatch', message: expect.stringContaining(name) }));
  });

  it('refuses exact amounts that differ by the smallest unit, and reports that differ by more than 1e-6', () => {
    const parts = { spread: 1n, adverse: 2n, fees: 3n, slippage: 4n };
    expect(roundTogether(parts, 10n).net).toBe(0);
    expect(() => roundTogether(parts, 11n)).toThrow(expect.objectContaining({ code: 'ledger.mismatch' }));

    const report = { spread: 1, adverse: 0, fees: -0.5, slippage: 0, net: 0.5 };
    expect(() => assertAddsUp(report)).not.toThrow();
    expect(() => assertAddsUp({ ...report, net: 0.500002 })).toThrow('the cash ledger says 0.500002');
    expect(() => assertAddsUp({ ...report, net: Number.NaN })).toThrow('ledger');
  });

  it('sums attempts without drift', () => {
    fc.assert(
      fc.property(fc.array(attempt, { maxLength: 20 }), (given) => {
        const closed = given
          .map(closeAttempt)
          .filter((ev) => Object.values(ev).every((amount) => Math.abs(amount) < 1e6));
        const sum = sumEv(closed);
        expect(e8(sum.net)).toBe(closed.reduce((total, { net }) => total + e8(net), 0));
        assertAddsUp(sum);
      }),
    );
  });
});
