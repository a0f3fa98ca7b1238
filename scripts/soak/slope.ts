/** Least-squares slope of `values` over `times`, per unit of time. */
export function slopeOf(times: readonly number[], values: readonly number[]): number {
  const mean = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
  const [meanTime, meanValue] = [mean(times), mean(values)];
  const spread = times.reduce((sum, time) => sum + (time - meanTime) ** 2, 0);
  return times.reduce((sum, time, i) => sum + (time - meanTime) * (values[i]! - meanValue), 0) / spread;
}
