import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalRow, JournalTable } from './rows.ts';

/** A row for tests: what matters is given, the rest is plausible. */
export function makeRow(table: JournalTable, seq: number, change: Partial<JournalRow> = {}): JournalRow {
  return {
    table,
    seq,
    inputSeq: seq,
    timeMs: 1_767_623_400_000 + seq + 0.25,
    subject: table === 'inputs' ? 'timer' : 'bot:arb:SOL',
    kind: table === 'inputs' ? 'timer.due' : 'run.note',
    payload: { seq },
    ...change,
  };
}

export function makeTempDir(): string {
  return mkdtempSync(join(tmpdir(), 'nightjar-journal-'));
}
