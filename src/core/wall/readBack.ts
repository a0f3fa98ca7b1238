import { openJournalReader } from '../../journal/journalReader.ts';
import { JOURNAL_TABLES } from '../../journal/rows.ts';
import type { RecoveredState } from '../recovery/recoveredState.ts';
import { recoverState } from '../recovery/recoverState.ts';
import { keepCheckpoint, readCheckpoint } from '../recovery/recoveryCheckpoint.ts';

/** Where the rows of this run stand and what they leave open, before the door opens: nothing for the first incarnation. */
export function readBack(
  runDir: string,
  incarnation: number,
): { readonly lastSeq: Readonly<Record<string, number>>; readonly recovered: RecoveredState | null } {
  if (incarnation === 1) {
    return { lastSeq: Object.fromEntries(JOURNAL_TABLES.map((table) => [table, 0])), recovered: null };
  }
  const reader = openJournalReader(runDir);
  try {
    const recovered = recoverState(reader, readCheckpoint(runDir, reader));
    keepCheckpoint(runDir, reader);
    return { lastSeq: reader.lastSeq(), recovered };
  } finally {
    reader.close();
  }
}
