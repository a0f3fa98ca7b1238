import { writeSync } from 'node:fs';
import type { LatchState } from '../domain/control.ts';

/** The guardian keeps what is closed until a file has it, so that the death of this process opens nothing. */
export interface GuardianHold {
  /** @returns false when the guardian did not hear it: none is there, or it reads nothing any more */
  hold(state: LatchState): boolean;
  /** The file has it all. */
  release(): void;
}

/**
 * Writes straight to the descriptor, from whichever thread: what is written is with the guardian, also when this process
 * dies in the next instant, its main thread spins or the disk is full. Line ends stand on both sides of a message, so that
 * one which a full pipe cut off spoils no other.
 *
 * @param fd  the pipe to the guardian, which must not block (`main.ts`); null = there is no guardian
 */
export function createGuardianHold(fd: number | null): GuardianHold {
  const say = (held: LatchState | null): boolean => {
    if (fd === null) return false;
    const bytes = Buffer.from(`\n${JSON.stringify({ held })}\n`);
    try {
      return writeSync(fd, bytes) === bytes.length;
    } catch {
      return false;
    }
  };
  return {
    hold: say,
    release: () => void say(null),
  };
}
