import { join } from 'node:path';
import type { SQLOutputValue } from 'node:sqlite';
import { sealedName, sealedNumbers } from './journalParts.ts';
import { openJournalForReading } from './journalSchema.ts';
import type { JournalTable } from './rows.ts';

/**
 * A row of an earlier part. Asked for only when a core sends rows again that a lost journal thread had committed just
 * before a rotation, so it opens the file each time and keeps none open.
 */
export function sealedRow(
  runDir: string,
  table: JournalTable,
  seq: number,
): Record<string, SQLOutputValue> | undefined {
  for (const number of [...sealedNumbers(runDir)].reverse()) {
    const database = openJournalForReading(join(runDir, sealedName(number)));
    try {
      const row = database.prepare(`SELECT * FROM ${table} WHERE seq=?`).get(seq);
      if (row !== undefined) return row;
    } finally {
      database.close();
    }
  }
  return undefined;
}
