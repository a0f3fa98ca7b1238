import type { Clock } from '../domain/ports.ts';
import type { JournalWriter } from '../journal/journalWriter.ts';

/** A part is sealed at this size, unless told. */
export const ROTATE_BYTES = 2 ** 30;
const DAY_MS = 86_400_000;
/** A rotation that is due waits this long for a quiet moment; then it comes between two commits. */
const PATIENCE_MS = 5000;

export interface RotationWatch {
  /** @returns whether the part is full or of another UTC day */
  look(): boolean;
  /** Due for so long that it no longer waits for a quiet moment. */
  isOverdue(): boolean;
  /** Tries; while somebody reads the journal it stays due. @throws NightjarError journal.failed */
  rotate(): void;
}

/** Says when the part that is being written is to be sealed: at `rotateBytes`, and at midnight UTC. */
export function createRotationWatch(writer: JournalWriter, clock: Clock, rotateBytes: number): RotationWatch {
  const today = () => Math.floor(clock.nowMs() / DAY_MS);
  let day = today();
  let dueSinceMs: number | null = null;
  return {
    look() {
      const isDue = today() > day || writer.partBytes() >= rotateBytes;
      if (isDue) dueSinceMs ??= clock.nowMs();
      return isDue;
    },
    isOverdue: () => dueSinceMs !== null && clock.nowMs() - dueSinceMs >= PATIENCE_MS,
    rotate() {
      if (writer.rotate()) {
        day = today();
        dueSinceMs = null;
      } else dueSinceMs = clock.nowMs();
    },
  };
}
