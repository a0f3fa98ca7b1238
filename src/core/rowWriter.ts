import type { JournalRow, JournalTable } from '../journal/rows.ts';

/** Numbers the rows of each table and stamps them with the input being handled. */
export interface RowWriter {
  /** Called once before each input is handled. */
  begin(inputSeq: number, timeMs: number): void;
  write(table: Exclude<JournalTable, 'inputs'>, subject: string, kind: string, payload: unknown): void;
}

/** @param lastSeq the highest sequence per table so far in this run; a next incarnation goes on from there */
export function createRowWriter(lastSeq: Readonly<Record<string, number>>, emit: (row: JournalRow) => void): RowWriter {
  const seqByTable = new Map<JournalTable, number>(
    Object.entries(lastSeq).map(([table, seq]) => [table as JournalTable, seq]),
  );
  let inputSeq = 0;
  let timeMs = 0;
  return {
    begin(seq, atMs) {
      inputSeq = seq;
      timeMs = atMs;
    },
    write(table, subject, kind, payload) {
      const seq = (seqByTable.get(table) ?? 0) + 1;
      seqByTable.set(table, seq);
      emit({ table, seq, inputSeq, timeMs, subject, kind, payload });
    },
  };
}
