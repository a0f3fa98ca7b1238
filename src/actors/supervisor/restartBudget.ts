/** One spent restart: when, and whose crash spent it. */
export interface RestartEntry {
  readonly atMs: number;
  readonly child: string;
}

/** The entries still inside the window; one exactly `periodMs` old counts. */
export function restartsInWindow(
  entries: readonly RestartEntry[],
  nowMs: number,
  periodMs: number,
): readonly RestartEntry[] {
  const sinceMs = nowMs - periodMs;
  // Most often all of them are: asked at every crash, so no list is made for nothing.
  return entries.every(({ atMs }) => atMs >= sinceMs) ? entries : entries.filter(({ atMs }) => atMs >= sinceMs);
}

/**
 * Spends one restart of the budget: `intensity` restarts within `periodMs` are allowed, the next one is not.
 * @source Erlang/OTP supervisor.erl, add_restart/in_period
 */
export function spendRestart(
  entries: readonly RestartEntry[],
  entry: RestartEntry,
  budget: { readonly intensity: number; readonly periodMs: number },
): { readonly entries: readonly RestartEntry[]; readonly allowed: boolean } {
  const inWindow = [...restartsInWindow(entries, entry.atMs, budget.periodMs), entry];
  return { entries: inWindow, allowed: inWindow.length <= budget.intensity };
}
