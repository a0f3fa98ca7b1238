import type { Drill } from './coreMessages.ts';

export interface DrillPlan {
  /** What the incarnation that starts now has to act out, with the time that is left; what fell into a gap is due at once. */
  left(nowMs: number): readonly Drill[];
  /** It began: no later incarnation acts it out again. */
  drilled(id: number): void;
}

/** The drills of one run over all incarnations of its core, their times counted from the first. */
export function createDrillPlan(drills: readonly Drill[]): DrillPlan {
  const done = new Set<number>();
  let startedAtMs: number | null = null;
  return {
    left(nowMs) {
      startedAtMs ??= nowMs;
      const elapsedMs = nowMs - startedAtMs;
      return drills
        .filter(({ id }) => !done.has(id))
        .map((drill) => ({ ...drill, atMs: Math.max(0, drill.atMs - elapsedMs) }));
    },
    drilled: (id) => void done.add(id),
  };
}
