/** Where code counts: handles resolved once, by name and labels of the catalogue (`metrics.ts`). Write-only: nobody reads a metric to decide. */
export interface Counter {
  /** @param by at least 0 */
  inc(by?: number): void;
}
export interface Gauge {
  set(value: number): void;
}
export interface Histogram {
  observe(value: number): void;
}
export type Labels = Readonly<Record<string, string>>;

export interface MetricSink {
  /** @throws Error when the catalogue has no such series for this owner: a name that lies fails at start, not at midnight */
  counter(name: string, labels?: Labels): Counter;
  gauge(name: string, labels?: Labels): Gauge;
  histogram(name: string, labels?: Labels): Histogram;
}

const nothing = { inc: () => {}, set: () => {}, observe: () => {} };

/** For replay and tests: counts nothing. */
export const silentMetrics: MetricSink = { counter: () => nothing, gauge: () => nothing, histogram: () => nothing };
