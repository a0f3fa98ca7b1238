import { NightjarError } from '../../src/domain/errors.ts';
import { createJournalWriter, type JournalWriter } from '../../src/journal/journalWriter.ts';
import { type ExecLogFile, openExecLogFile } from '../../src/workers/execLogFile.ts';

/** The disk under the journal: it outlives every process. */
export interface ChaosDisk {
  full: boolean;
  /** A journal file as the thread opens it. */
  open(path: string): { readonly writer: JournalWriter; crash(): void };
  /** The attempts' file. A second close does nothing: a dying thread closes what it had closed itself. */
  openExecLog(path: string): ExecLogFile;
}

/**
 * A disk that may be full. What a group has not committed is gone with its process: the file holds whole commits only.
 * Nothing is really synced: no power is lost here, only processes.
 */
export function createChaosDisk(): ChaosDisk {
  const disk: ChaosDisk = {
    full: false,
    open(path) {
      const inner = createJournalWriter(path, { synchronous: 'OFF' });
      let isOpen = true;
      const refuseWhenFull = (act: string) => {
        if (disk.full) throw new NightjarError('journal.failed', `${act} of the journal: disk full`);
      };
      const writer: JournalWriter = Object.assign(Object.create(inner) as JournalWriter, {
        append(rows: Parameters<JournalWriter['append']>[0]) {
          refuseWhenFull('append');
          return inner.append(rows);
        },
        commit() {
          try {
            refuseWhenFull('commit');
          } catch (error) {
            inner.rollback();
            throw error;
          }
          inner.commit();
        },
        close() {
          if (!isOpen) return;
          isOpen = false;
          inner.close();
        },
      });
      return {
        writer,
        crash() {
          if (!isOpen) return;
          isOpen = false;
          inner.rollback();
          inner.close();
        },
      };
    },
    openExecLog(path) {
      const inner = openExecLogFile(path);
      let isOpen = true;
      return {
        append: inner.append,
        close() {
          if (!isOpen) return;
          isOpen = false;
          inner.close();
        },
      };
    },
  };
  return disk;
}
