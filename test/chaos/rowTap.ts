import { JOURNAL_TABLES, type JournalRow, type JournalTable } from '../../src/journal/rows.ts';

/** Every row that a core handed over, for judging while the run goes on. What a dead core had not committed goes. */
export interface RowTap {
  add(rows: readonly JournalRow[]): void;
  /** A new core begins behind these sequences: what lies beyond them never happened. */
  cutTo(lastSeq: Readonly<Record<string, number>>): void;
  of(table: JournalTable): readonly JournalRow[];
  coreStarts(): readonly number[];
  lastInputSeq(): number;
}

/** @param onRow  told of each row as it comes */
export function createRowTap(onRow: (row: JournalRow) => void): RowTap {
  const tables = Object.fromEntries(JOURNAL_TABLES.map((table) => [table, [] as JournalRow[]])) as Record<
    JournalTable,
    JournalRow[]
  >;
  let lastInputSeq = 0;
  let coreStarts: number[] = [];
  return {
    add(rows) {
      for (const row of rows) {
        if (row.table === 'inputs') {
          lastInputSeq = row.seq;
          if (row.kind === 'core.started') coreStarts.push(row.seq);
        }
        tables[row.table].push(row);
        onRow(row);
      }
    },
    cutTo(lastSeq) {
      for (const table of JOURNAL_TABLES) {
        const rows = tables[table];
        while (rows.length > 0 && rows[rows.length - 1]!.seq > (lastSeq[table] ?? 0)) rows.pop();
      }
      lastInputSeq = lastSeq.inputs ?? 0;
      coreStarts = coreStarts.filter((seq) => seq <= lastInputSeq);
    },
    of: (table) => tables[table],
    coreStarts: () => coreStarts,
    lastInputSeq: () => lastInputSeq,
  };
}
