/** Totals by name, as a status, a view or a scrape shows them. */
export type Counters = Readonly<Record<string, number>>;

/** Counters never fall, over restarts too; one that is gone has fallen. */
export function fallenCounters(before: Counters, after: Counters): string[] {
  return Object.entries(before).flatMap(([name, value]) => {
    const now = after[name] ?? 0;
    return now >= value ? [] : [`${name} fell from ${value} to ${now}`];
  });
}
