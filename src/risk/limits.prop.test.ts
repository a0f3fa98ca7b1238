import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { probeLimits } from './limitProbes.ts';
import { defaultRiskLimits, loosenedLimits, type RiskLimits, riskKnobs } from './limits.ts';

const WHOLE: readonly string[] = ['maxOpenOrders', 'maxOrdersPerSecond', 'maxCancelsPerSecond'];

/** Any limits that the config accepts, each within its own bounds. */
const anyLimits = fc.record(
  Object.fromEntries(
    Object.entries(riskKnobs).map(([name, { min, max }]) => [
      name,
      WHOLE.includes(name) ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true }),
    ]),
  ),
) as unknown as fc.Arbitrary<RiskLimits>;

describe('hard limits from the config', () => {
  it('refuse the order that breaks each of them, whatever they are, and let a sound one pass', () => {
    fc.assert(
      fc.property(anyLimits, (limits) => {
        const { soundPasses, probes } = probeLimits(limits);
        expect(probes.filter(({ ok }) => !ok)).toEqual([]);
        expect(soundPasses).toBe(true);
      }),
    );
  });

  it('name those that let more through than their defaults, and no stricter one', () => {
    expect(loosenedLimits(defaultRiskLimits)).toEqual([]);
    const loose = { ...defaultRiskLimits, maxDrawdown: 51, maxOpenOrders: 7, duplicateWindowMs: 100 };
    expect(loosenedLimits(loose)).toEqual(['duplicateWindowMs', 'maxDrawdown']);
  });
});
