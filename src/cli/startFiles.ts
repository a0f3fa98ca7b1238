import type { CancelTimer, Clock } from '../domain/ports.ts';

/** How often a write is tried again. */
export const FILE_AGAIN_MS = 1000;

/** Writes the files beside a run, in order; what a full disk refuses is tried again and ends nothing. */
export interface RunFiles {
  /** At once, and, should it fail, again until it succeeds; later ones wait behind it. */
  write(what: string, work: () => void): void;
  /** A last try. */
  close(): void;
}

/** @param say  told when writing begins to fail, and when it works again */
export function createRunFiles(clock: Clock, say: (line: string) => void): RunFiles {
  let waiting: { readonly what: string; readonly work: () => void }[] = [];
  let cancel: CancelTimer | null = null;

  const tryAll = () => {
    while (waiting.length > 0) {
      try {
        waiting[0]!.work();
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
      waiting = waiting.slice(1);
    }
    return null;
  };
  const again = () => {
    cancel = clock.after(FILE_AGAIN_MS, () => {
      if (tryAll() !== null) return again();
      cancel = null;
      say('WRITTEN   what could not be written before');
    });
  };
  return {
    write(what, work) {
      waiting.push({ what, work });
      if (cancel !== null) return;
      const why = tryAll();
      if (why === null) return;
      say(`WARNING   ${what} cannot be written (${why}): tried again every ${FILE_AGAIN_MS / 1000} s`);
      again();
    },
    close() {
      cancel?.();
      cancel = null;
      tryAll();
    },
  };
}
