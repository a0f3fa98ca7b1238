import type { ArbKnobs } from './arbKnobs.ts';
import { chainCostBps } from './arbKnobs.ts';

/**
 * The arithmetic of the arbitrage bot (`docs/BOTS.md`), on raw prices. `sign` is +1 for buyDex (sell on the CEX at
 * bids), −1 for sellDex: every (cb − dq) becomes (dq − ca), every fxBps changes its sign.
 */
export type DirectionSign = 1 | -1;

export function directionSign(direction: ArbKnobs['direction']): DirectionSign {
  return direction === 'buyDex' ? 1 : -1;
}

/** Edge between the CEX price and the DEX price in bps of what is bought: (cb − dq) ÷ dq, mirrored (dq − ca) ÷ ca. */
export function grossBps(cexPx: number, dexPx: number, sign: DirectionSign): number {
  return sign === 1 ? ((cexPx - dexPx) / dexPx) * 1e4 : ((dexPx - cexPx) / cexPx) * 1e4;
}

export function preNetBps(gross: number, fxBps: number, sign: DirectionSign, knobs: ArbKnobs): number {
  return gross - sign * fxBps - knobs.cexFeeBps - knobs.dexFeeBps - knobs.slippageBps - chainCostBps(knobs);
}

/** Price still missing to the execution line, in quote units; 0 when the line is reached. */
export function needDeltaPx(
  cexPx: number,
  dexPx: number,
  midPx: number,
  fxBps: number,
  sign: DirectionSign,
  netEdgeMinBps: number,
): number {
  return Math.max(0, ((netEdgeMinBps + sign * fxBps) / 1e4) * midPx - sign * (cexPx - dexPx));
}

/** Net edge on a firm quote in bps of mid: what preok and the last look compare with netEdgeMinBps. */
export function firmNetBps(
  cexPx: number,
  dexFirmPx: number,
  midPx: number,
  fxBps: number,
  sign: DirectionSign,
): number {
  return ((sign * (cexPx - dexFirmPx)) / midPx) * 1e4 - sign * fxBps;
}
