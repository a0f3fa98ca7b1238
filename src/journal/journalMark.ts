import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { JournalHeads } from './journalHeads.ts';
import { JOURNAL_TABLES, type JournalTable } from './rows.ts';

const FILE_NAME = 'journal.mark';
/** One sector, so that it is old or new after a power loss, seldom torn; a torn one is no witness and is passed over. */
const MARK_BYTES = 512;

export interface JournalMark {
  /** After each commit; not synced: it may only ever say less than what is durable. */
  write(heads: JournalHeads): void;
  close(): void;
}

/**
 * `journal.mark` beside the journal: where the last commits ended, kept outside the database. SQLite alone cannot tell a
 * journal that was moved without its `-wal` file from one that ended earlier; this can.
 */
export function openJournalMark(runDir: string): JournalMark {
  const file = openSync(join(runDir, FILE_NAME), 'a+', 0o644);
  closeSync(file);
  const fd = openSync(join(runDir, FILE_NAME), 'r+');
  return {
    write(heads) {
      const text = JSON.stringify(JOURNAL_TABLES.map((table) => heads[table][0]));
      const line = `${crc32(text).toString(16).padStart(8, '0')} ${text}`.padEnd(MARK_BYTES - 1);
      try {
        writeSync(fd, `${line}\n`, 0);
      } catch {
        // The old mark is as true as before: it only says less, and the commit itself is durable.
      }
    },
    close: () => closeSync(fd),
  };
}

/** Highest committed sequence per table as the mark has it; null without a whole one. */
export function readJournalMark(runDir: string): Readonly<Record<JournalTable, number>> | null {
  try {
    const text = readFileSync(join(runDir, FILE_NAME), 'utf8').trimEnd();
    const [crc, body] = [text.slice(0, 8), text.slice(9)];
    if (crc32(body) !== Number.parseInt(crc, 16)) return null;
    const seqs = JSON.parse(body) as number[];
    return Object.fromEntries(JOURNAL_TABLES.map((table, i) => [table, seqs[i] ?? 0])) as Record<JournalTable, number>;
  } catch {
    return null;
  }
}

/** One sentence per table that ends before what its writer had committed. */
export function lostCommits(runDir: string, lastSeq: Readonly<Record<JournalTable, number>>): readonly string[] {
  const mark = readJournalMark(runDir);
  if (mark === null) return [];
  return JOURNAL_TABLES.filter((table) => mark[table] > lastSeq[table]).map(
    (table) =>
      `${table} ends with sequence ${lastSeq[table]}, its writer had committed up to ${mark[table]}: the -wal file beside it is missing, empty or that of another journal`,
  );
}
