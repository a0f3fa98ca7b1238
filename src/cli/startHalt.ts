import { readLatchFile, writeLatchFile } from '../control/latchFile.ts';
import { toPlainError } from '../domain/errors.ts';

/**
 * Closes every permit in the latch file when the restarts of a run are spent: the next start trades nothing before somebody
 * has looked. A kill that stands already stays.
 *
 * @returns what became of it, in words
 */
export function closePermitsAtHalt(latchPath: string, reason: string, atMs: number): string {
  try {
    const latch = readLatchFile(latchPath, atMs);
    if (latch.all === null) {
      writeLatchFile(latchPath, { ...latch, all: { reason: `halted: ${reason}`, by: 'guardian', atMs } });
    }
    return 'every permit is closed: look why, start again, then "nightjar ctl enable_live" opens them';
  } catch (error) {
    return `the permits could NOT be closed (${toPlainError(error).message}): look before the next start`;
  }
}
