import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenOf } from '../../domain/tokens.ts';
import { arbOrderQty, coarsestRules, dexPx, quoteTerms } from './arbQuoteTerms.ts';

const SOL = tokenOf('SOL');
const USDC = tokenOf('USDC');

describe('quote terms', () => {
  it('asks USDC in for a purchase and base in for a sale, in raw units', () => {
    expect(quoteTerms('buyDex', SOL, 0.8, 150)).toEqual({
      inputMint: USDC.mint,
      outputMint: SOL.mint,
      amountRaw: 120_000_000,
    });
    expect(quoteTerms('sellDex', SOL, 0.8, Number.NaN)).toEqual({
      inputMint: SOL.mint,
      outputMint: USDC.mint,
      amountRaw: 800_000_000,
    });
  });

  it('gives USDC per base in both directions', () => {
    expect(dexPx('buyDex', SOL, 120_000_000, 800_000_000)).toBe(150);
    expect(dexPx('sellDex', SOL, 800_000_000, 120_000_000)).toBe(150);
  });
});

describe('the order quantity', () => {
  const steps = fc.constantFrom(1, 0.5, 0.2, 0.1, 0.01, 0.001, 0.000001, 0.025);
  const rules = fc.record({
    stepSize: steps,
    minQty: fc.constantFrom(0, 0.01, 1),
    minNotional: fc.constantFrom(0, 1, 5, 10),
  });

  it('E6: suits every venue: a whole number of each step, not under any minimum', () => {
    fc.assert(
      fc.property(
        fc.array(rules, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 40_000 }),
        (venues, cents) => {
          const price = cents / 100;
          const qty = arbOrderQty(price, 10, coarsestRules(venues), 20);
          expect(qty * price).toBeGreaterThanOrEqual(10 * (1 - 1e-9));
          for (const { stepSize, minQty, minNotional } of venues) {
            const lots = qty / stepSize;
            expect(Math.abs(lots - Math.round(lots))).toBeLessThan(1e-6 * Math.max(1, lots));
            expect(qty).toBeGreaterThanOrEqual(minQty);
            // Also at the limit of a sale, 20 bps under the price.
            expect(qty * price * 0.998).toBeGreaterThanOrEqual(minNotional);
          }
        },
      ),
    );
  });

  it('is undefined without a price or without a venue', () => {
    const venue = { stepSize: 0.1, minQty: 0, minNotional: 0 };
    expect(arbOrderQty(Number.NaN, 10, coarsestRules([venue]), 20)).toBeNaN();
    expect(arbOrderQty(150, 10, coarsestRules([]), 20)).toBeNaN();
  });
});
