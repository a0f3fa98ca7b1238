import { describe, expect, it } from 'vitest';
import {
  ARB_EVALUATION_WORDS,
  type ArbEvaluation,
  decodeArbEvaluation,
  EvaluationFlag,
  encodeArbEvaluation,
} from './arbEvaluation.ts';
import { type ArbKnobs, arbKnobs } from './arbKnobs.ts';
import { ARB_REASONS, judgeArb, judgeFirm } from './arbStages.ts';

const knobs = Object.fromEntries(
  Object.entries(arbKnobs).map(([name, knob]) => [name, knob.default]),
) as unknown as ArbKnobs;

/** A chance at SOL 150: the CEX bids 150.90 (top) and 150.85 (ladder), the DEX sells at 150, both legs at par. */
const chance: ArbEvaluation = {
  ...decodeArbEvaluation(new Float64Array(ARB_EVALUATION_WORDS).fill(Number.NaN), 0),
  flags: 0,
  cbTopPx: 150.9,
  cbTopVenue: 0,
  cbPx: 150.85,
  cbVenue: 0,
  dqPx: 150,
  dqFirmPx: 150.01,
  fxBps: 0,
  midPx: 150.9,
  bookAgeMs: 20,
  quoteAgeMs: 30,
  guardIntervalMs: 1000,
};

describe('the arbitrage stages', () => {
  it('call a chance that passes every stage a hit', () => {
    const judged = judgeArb(chance, knobs, 'preok', false);
    expect(judged.failed).toBeNull();
    expect(judged.needDeltaPx).toBe(0);
    expect(judged.firmNetBps).toBeCloseTo(((150.85 - 150.01) / 150.9) * 1e4, 9);
  });

  // Each row changes one thing of the chance; the stages before the named one must still pass.
  it.each([
    ['stale', 'a book is too old', { flags: EvaluationFlag.stale, bookAgeMs: 1400 }, 1400, 1000],
    ['stale', 'there is no quote yet', { dqPx: null }, 30, 1000],
    ['stale', 'fx is unknown', { fxBps: null }, 30, 1000],
    ['rate_guard', 'the guard holds the quote back', { flags: EvaluationFlag.rateGuard, quoteAgeMs: 1200 }, 1200, 1000],
    ['unit_mismatch', 'the DEX price is of another unit', { dqPx: 15 }, (150.9 - 15) / 150.9, 0.1],
    ['gross0', 'the top of book lies under the DEX price', { cbTopPx: 149.9 }, ((149.9 - 150) / 150) * 1e4, 0],
    ['gross10', 'the top of book lies barely over it', { cbTopPx: 150.1 }, (0.1 / 150) * 1e4, 10],
    ['depth', 'no venue absorbs the ladder', { cbPx: null }, null, 10],
    ['dry8', 'the ladder price eats the edge', { cbPx: 150.3 }, 20 - 10 - 0 - 20 - 2, 8],
    ['dry8', 'fx eats the edge', { fxBps: 20 }, (0.85 / 150) * 1e4 - 20 - 32, 8],
    ['preok_false', 'the firm quote is worse', { dqFirmPx: 150.5 }, (0.35 / 150.9) * 1e4, 38],
    ['preok_false', 'the firm quote failed', { dqFirmPx: null, flags: EvaluationFlag.firmFailed }, null, 38],
  ] as const)('end a look as %s when %s', (reason, _why, change, value, limit) => {
    const { failed } = judgeArb({ ...chance, ...change }, knobs, 'preok', false);
    expect(failed?.reason).toBe(reason);
    if (value === null) expect(failed?.value).toBeNull();
    else expect(failed?.value).toBeCloseTo(value, 9);
    expect(failed?.limit).toBe(limit);
    if (value !== null) expect(failed?.need).toBeCloseTo(Math.abs(limit - value), 9);
  });

  it('end a look as inventory when a side is short of stock', () => {
    expect(judgeArb(chance, knobs, 'preok', true).failed?.reason).toBe('inventory');
  });

  it('end the last look by the same rule under its own name', () => {
    expect(judgeFirm(37.9, 38, 'last_look')).toMatchObject({ reason: 'last_look', value: 37.9, limit: 38 });
    expect(judgeFirm(38, 38, 'last_look')).toBeNull();
    expect(judgeFirm(null, 38, 'last_look')?.need).toBeNull();
  });

  it('are judged in the order in which the reasons are listed', () => {
    // Everything is wrong at once; each repair uncovers the next stage.
    const wrong: ArbEvaluation = { ...chance, flags: EvaluationFlag.stale, cbPx: null, cbTopPx: 100, dqFirmPx: 151 };
    const repairs: Partial<ArbEvaluation>[] = [
      { flags: 0 },
      { cbTopPx: 149.9 },
      { cbTopPx: 150.1 },
      { cbTopPx: 150.9 },
      { cbPx: 150.2 },
      { cbPx: 150.85 },
      { dqFirmPx: 150.01 },
    ];
    let evaluation = wrong;
    const reasons = [judgeArb(evaluation, knobs, 'preok', false).failed?.reason];
    for (const repair of repairs) {
      evaluation = { ...evaluation, ...repair };
      reasons.push(judgeArb(evaluation, knobs, 'preok', false).failed?.reason);
    }
    expect(reasons).toEqual(['stale', 'unit_mismatch', 'gross0', 'gross10', 'depth', 'dry8', 'preok_false', undefined]);
    const ranks = reasons.slice(0, -1).map((reason) => ARB_REASONS.indexOf(reason!));
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  });

  it('need no firm quote while judged up to dry8 only', () => {
    expect(judgeArb({ ...chance, dqFirmPx: null }, knobs, 'dry8', false).failed).toBeNull();
  });

  it('count a quote that is both old and held back as stale, for the older news is the age', () => {
    const flags = EvaluationFlag.stale | EvaluationFlag.rateGuard;
    expect(judgeArb({ ...chance, flags }, knobs, 'preok', false).failed?.reason).toBe('stale');
  });

  it('put the top of book in the place of a ladder price that is undefined', () => {
    const judged = judgeArb({ ...chance, cbPx: null }, knobs, 'dry8', false);
    expect(judged.grossBps).toBeCloseTo((0.9 / 150) * 1e4, 9);
    expect(judged.needDeltaPx).toBe(0);
  });

  it('judge the mirror direction with the sides exchanged', () => {
    const mirror: ArbEvaluation = {
      ...chance,
      cbTopPx: 149.1,
      cbPx: 149.15,
      dqPx: 150,
      dqFirmPx: 149.99,
      midPx: 149.1,
    };
    const sellDex: ArbKnobs = { ...knobs, direction: 'sellDex' };
    expect(judgeArb(mirror, sellDex, 'preok', false).failed).toBeNull();
    expect(judgeArb(mirror, knobs, 'preok', false).failed?.reason).toBe('gross0');
    // USDT above USDC helps the side that buys with USDT less: the sign of fx turns.
    expect(judgeArb({ ...mirror, fxBps: -30 }, sellDex, 'preok', false).failed?.reason).toBe('dry8');
  });

  it('survive the crossing through shared memory unchanged', () => {
    const words = new Float64Array(2 * ARB_EVALUATION_WORDS);
    encodeArbEvaluation(chance, words, ARB_EVALUATION_WORDS);
    expect(decodeArbEvaluation(words, ARB_EVALUATION_WORDS)).toEqual(chance);
  });
});
