import { EvaluationTrigger } from './arbEvaluation.ts';
import type { ArbKnobs } from './arbKnobs.ts';

type Lines = Pick<ArbKnobs, 'nearPx' | 'autoPx'>;

/** The deepest line (0, autoPx, nearPx) that the missing price came down to from above it; null = none. NaN crosses nothing. */
export function crossedLine(beforePx: number, afterPx: number, lines: Lines): number | null {
  if (beforePx > 0 && afterPx <= 0) return EvaluationTrigger.crossedZero;
  if (beforePx > lines.autoPx && afterPx <= lines.autoPx) return EvaluationTrigger.crossedAuto;
  if (beforePx > lines.nearPx && afterPx <= lines.nearPx) return EvaluationTrigger.crossedNear;
  return null;
}

/** The outermost line (nearPx, autoPx) that the missing price rose above; null = none. */
export function recededLine(beforePx: number, afterPx: number, lines: Lines): number | null {
  if (beforePx <= lines.nearPx && afterPx > lines.nearPx) return EvaluationTrigger.crossedNear;
  if (beforePx <= lines.autoPx && afterPx > lines.autoPx) return EvaluationTrigger.crossedAuto;
  return null;
}
