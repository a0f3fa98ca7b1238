import type { DatabaseSync } from 'node:sqlite';
import { openParts } from './journalParts.ts';
import type { StoredRow } from './rowChain.ts';
import type { JournalRow } from './rows.ts';

/** What control did after an input, in order: acts, permit changes and starts of the core. What the audit is made from. */
export function controlRowsAfter(runDir: string, inputSeq: number): JournalRow[] {
  const parts = openParts(runDir);
  try {
    return parts.flatMap(({ database }) => rowsOf(database, inputSeq));
  } finally {
    for (const { database } of parts) database.close();
  }
}

function rowsOf(database: DatabaseSync, inputSeq: number): JournalRow[] {
  const rows = database
    .prepare(
      `SELECT 'decisions' AS tbl, * FROM decisions WHERE input_seq>? AND kind IN ('control','permit')
       UNION ALL SELECT 'inputs', * FROM inputs WHERE seq>? AND kind='core.started' ORDER BY input_seq, seq`,
    )
    .all(inputSeq, inputSeq) as unknown as (StoredRow & { readonly tbl: 'decisions' | 'inputs' })[];
  return rows.map(({ tbl, seq, input_seq, time_ms, subject, kind, payload }) => ({
    table: tbl,
    seq,
    inputSeq: input_seq,
    timeMs: time_ms,
    subject,
    kind,
    payload: JSON.parse(payload) as unknown,
  }));
}
