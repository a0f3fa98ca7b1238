import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firmNetBps, grossBps, needDeltaPx, preNetBps } from './arbFormulas.ts';
import { type ArbKnobs, arbKnobs, chainCostBps } from './arbKnobs.ts';

const knobs = Object.fromEntries(
  Object.entries(arbKnobs).map(([name, knob]) => [name, knob.default]),
) as unknown as ArbKnobs;

const price = fc.double({ min: 0.5, max: 500, noNaN: true });
/** An edge of up to 500 bps, the range for which the single subtraction of fx is stated to hold. */
const edge = fc.double({ min: -0.05, max: 0.05, noNaN: true });
const fx = fc.double({ min: -25, max: 25, noNaN: true });
const sign = fc.constantFrom(1 as const, -1 as const);

describe('the arbitrage formulas', () => {
  it('miss nothing exactly where the firm edge reaches the line', () => {
    fc.assert(
      fc.property(price, edge, fx, sign, (dex, relative, fxBps, way) => {
        const cex = dex * (1 + relative);
        const missing = needDeltaPx(cex, dex, cex, fxBps, way, 38);
        const net = firmNetBps(cex, dex, cex, fxBps, way);
        if (net > 38.000001) expect(missing).toBe(0);
        if (net < 37.999999) expect(missing).toBeGreaterThan(0);
        // Price and bps say the same distance.
        if (missing > 0) expect((missing / cex) * 1e4).toBeCloseTo(38 - net, 6);
      }),
    );
  });

  it('take fx off the firm edge once, within 0.2 bp of converting the CEX price itself', () => {
    fc.assert(
      fc.property(price, edge, fx, sign, (dex, relative, fxBps, way) => {
        const cexUsdt = dex * (1 + relative);
        const cexUsdc = cexUsdt / (1 + fxBps / 1e4);
        const exact = ((way * (cexUsdc - dex)) / cexUsdt) * 1e4;
        expect(Math.abs(firmNetBps(cexUsdt, dex, cexUsdt, fxBps, way) - exact)).toBeLessThan(0.2);
      }),
    );
  });

  it('charge every cost once', () => {
    fc.assert(
      fc.property(edge, fx, sign, (gross, fxBps, way) => {
        const costs = gross - way * fxBps - preNetBps(gross, fxBps, way, knobs);
        expect(costs).toBeCloseTo(10 + 0 + 20 + 2, 9);
      }),
    );
  });

  it('see the mirror direction as the same trade with the venues exchanged', () => {
    fc.assert(
      fc.property(price, price, (a, b) => {
        expect(grossBps(a, b, -1)).toBeCloseTo(grossBps(b, a, 1), 6);
      }),
    );
  });

  it('charge $0.002 on $10 with 2 bp', () => {
    expect(chainCostBps({ chainCostUsd: 0.002, ladderNotional: 10 })).toBeCloseTo(2, 12);
  });
});
