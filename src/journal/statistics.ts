import type { Random } from '../domain/ports.ts';

/** Quantile with linear interpolation (Hyndman & Fan 1996, type 7). @param sorted ascending, at least one value */
export function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}

const RESAMPLES = 2000;

/** 95 % percentile bootstrap interval of the mean (Efron 1979); null below two values, which say nothing about their spread. */
export function meanInterval(values: readonly number[], random: Random): { low: number; high: number } | null {
  if (values.length < 2) return null;
  const means = Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i += 1) sum += values[random.int(values.length)]!;
    return sum / values.length;
  }).sort((a, b) => a - b);
  return { low: quantile(means, 0.025), high: quantile(means, 0.975) };
}
