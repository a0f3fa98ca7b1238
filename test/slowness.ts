import { execFileSync } from 'node:child_process';

/** Start and end of an empty Node process on a quiet machine, ms. */
const QUIET_PROCESS_MS = 60;

/**
 * How many times slower than a quiet machine this one is right now, at least 1: for bounds in wall time, which hold on a
 * quiet machine and in proportion on a busy one.
 */
export function slowness(): number {
  const startedMs = performance.now();
  execFileSync(process.execPath, ['-e', '0']);
  return Math.max(1, (performance.now() - startedMs) / QUIET_PROCESS_MS);
}
