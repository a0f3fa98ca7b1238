import { describe, expect, it } from 'vitest';
import { type ArbKnobs, arbKnobs, arbSymbolDefaults, checkArbKnobs } from './arbKnobs.ts';

const defaults = Object.fromEntries(
  Object.entries(arbKnobs).map(([name, knob]) => [name, knob.default]),
) as unknown as ArbKnobs;
const refusals = (change: Partial<ArbKnobs>, price: number | null = 150) =>
  checkArbKnobs('bots.arb.SOL', { ...defaults, ...change }, price).filter(({ severity }) => severity === 'refuse');

describe('the relations between the arbitrage knobs', () => {
  it('hold for the defaults of every symbol', () => {
    for (const own of Object.values(arbSymbolDefaults)) expect(refusals(own)).toEqual([]);
  });

  it.each([
    ['fees above the execution line', { cexFeeBps: 37 }, 'netEdgeMinBps'],
    ['fees exactly on the line', { cexFeeBps: 36 }, 'netEdgeMinBps'],
    ['a chain cost that a small ladder makes large', { ladderNotional: 0.5 }, 'netEdgeMinBps'],
    ['an auto line outside the near line', { autoPx: 0.06 }, 'autoPx'],
    ['a ladder larger than what is quoted', { ladderNotional: 121 }, 'ladderNotional'],
  ])('refuse %s', (_name, change, knob) => {
    const [finding] = refusals(change);
    expect(finding?.path).toBe(`bots.arb.SOL.${knob}`);
    for (const part of [finding?.value, finding?.limit]) expect(part).toMatch(/\d/);
    expect(finding?.remedy).toMatch(/raise|lower/);
  });

  it('do not count slippage as a fee', () => {
    expect(refusals({ slippageBps: 400 })).toEqual([]);
  });

  it('warn where the near line lies under an edge of zero', () => {
    const findings = checkArbKnobs('bots.arb.RAY', { ...defaults, ...arbSymbolDefaults.RAY }, 2);
    expect(findings.filter(({ severity }) => severity === 'warn').map(({ path }) => path)).toEqual([
      'bots.arb.RAY.nearPx',
    ]);
  });

  it('print the gross edge that dry8 and preok each demand', () => {
    const texts = checkArbKnobs('bots.arb.SOL', defaults, 150).map(({ value }) => value);
    expect(texts).toContainEqual('dry8 demands a gross edge of 40 bp, preok 38 bp (both before fx)');
  });

  it('leave out what needs a price while there is none', () => {
    expect(refusals({ ladderNotional: 121 }, null)).toEqual([]);
  });
});
