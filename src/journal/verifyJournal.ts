import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { NightjarError } from '../domain/errors.ts';
import { headDifferences, NO_HEADS, perTable, readFloor, readPruned } from './journalHeads.ts';
import { lostTails, structureFindings } from './journalHealth.ts';
import { openJournalForReading, schemaVersion } from './journalSchema.ts';
import type { StoredRow } from './rowChain.ts';
import { createRowCheck } from './rowCheck.ts';
import { JOURNAL_TABLES, type JournalTable } from './rows.ts';

/** What was looked for; a finding names its check. */
export type JournalCheck =
  | 'file'
  | 'structure'
  | 'heads'
  | 'sequence'
  | 'chain'
  | 'payload'
  | 'input order'
  | 'input time'
  | 'client order id'
  | 'parts'
  | 'audit';

export interface JournalFinding {
  readonly check: JournalCheck;
  readonly table: JournalTable | null;
  /** Sequence of the row in its table; null when the finding is not about one row. */
  readonly seq: number | null;
  readonly message: string;
}

export interface JournalReport {
  readonly path: string;
  /** Null when the file could not be read so far. */
  readonly schema: number | null;
  readonly rows: Readonly<Record<string, number>>;
  /** Inputs up to this sequence were taken away by `journal prune`; 0 = none. */
  readonly prunedInputs: number;
  readonly findingCount: number;
  /** The first of them. */
  readonly findings: readonly JournalFinding[];
  readonly ok: boolean;
}

export const KEPT_FINDINGS = 50;
const PAGE_ROWS = 1000;

/**
 * Reads one file of a journal from end to end and names all that is not as its writer left it: the file's structure, gapless
 * sequences, the chain over every row, canonical payloads, and that each row's input stands before it. Changes nothing,
 * and answers also about a file that nothing else can open.
 *
 * @param onProgress  called now and then with the rows read so far
 */
export function verifyJournal(path: string, onProgress: (rows: number) => void = () => {}): JournalReport {
  const findings: JournalFinding[] = [];
  const rows: Record<string, number> = {};
  let findingCount = 0;
  let schema: number | null = null;
  let prunedInputs = 0;
  const find = (check: JournalCheck, message: string, table: JournalTable | null = null, seq: number | null = null) => {
    findingCount += 1;
    if (findings.length < KEPT_FINDINGS) findings.push({ check, table, seq, message });
  };
  const tell = (check: JournalCheck, work: () => void) => {
    try {
      work();
    } catch (error) {
      find(check, error instanceof Error ? error.message : String(error));
    }
  };
  const report = (): JournalReport => ({
    path,
    schema,
    rows,
    prunedInputs,
    findingCount,
    findings,
    ok: findingCount === 0,
  });

  let database: DatabaseSync;
  try {
    database = openJournalForReading(path);
  } catch (error) {
    if (!(error instanceof NightjarError) || !existsSync(path)) throw error;
    find('file', error.message);
    return report();
  }
  try {
    tell('file', () => {
      schema = schemaVersion(database, path);
      if (schema === null) find('file', `${path} holds no table: its writer ended before the first commit`);
    });
    if (schema === null) return report();
    const hasChain = schema >= 2;
    tell('structure', () => {
      for (const one of structureFindings(database, 'integrity_check')) find('structure', one);
    });
    // A journal that is being written goes on meanwhile: what came behind this moment is not looked at.
    const ends = endsNow(database);
    if (hasChain) {
      tell('heads', () => {
        for (const one of [...ends.findings, ...lostTails(database, path)]) find('heads', one);
      });
    }
    const { floor, pruned } = readFloorOrNone(database, hasChain);
    prunedInputs = pruned;
    const lastInput = Math.max(floor.inputs[0], ends.lastSeq.inputs);
    let read = 0;
    for (const table of JOURNAL_TABLES) {
      const check = createRowCheck(table, floor[table], lastInput, hasChain, (what, seq, message) =>
        find(what, message, table, seq),
      );
      rows[table] = 0;
      tell('structure', () => {
        for (const row of storedRows(database, table, ends.lastSeq[table])) {
          check(row);
          rows[table]! += 1;
          read += 1;
          if (read % 10_000 === 0) onProgress(read);
        }
      });
    }
    tell('input time', () => checkTimes(database, find));
    tell('client order id', () => checkOrderIds(database, find));
    return report();
  } finally {
    database.close();
  }
}

/** In pages, so that no long transaction holds up the checkpoint of a journal that is being written. */
function* storedRows(
  database: DatabaseSync,
  table: JournalTable,
  lastSeq: number,
): IterableIterator<StoredRow & { readonly chain?: number }> {
  const page = database.prepare(`SELECT * FROM ${table} WHERE seq>? AND seq<=? ORDER BY seq LIMIT ${PAGE_ROWS}`);
  for (let from = -1; ; ) {
    const rows = page.all(from, lastSeq) as unknown as StoredRow[];
    yield* rows;
    if (rows.length < PAGE_ROWS) return;
    from = rows.at(-1)!.seq;
  }
}

function readFloorOrNone(database: DatabaseSync, hasChain: boolean) {
  try {
    if (hasChain) return { floor: readFloor(database), pruned: readPruned(database)?.inputs[0] ?? 0 };
  } catch {
    // The heads check has named it.
  }
  return { floor: NO_HEADS, pruned: 0 };
}

/** Where the tables end, and how that differs from what the last commit says, in one moment of a living journal. */
function endsNow(database: DatabaseSync): {
  readonly lastSeq: Readonly<Record<JournalTable, number>>;
  readonly findings: readonly string[];
} {
  const lastSeq = perTable(() => Number.MAX_SAFE_INTEGER);
  database.exec('BEGIN');
  try {
    for (const table of JOURNAL_TABLES) {
      lastSeq[table] = Number(database.prepare(`SELECT coalesce(max(seq),0) AS seq FROM ${table}`).get()?.seq);
    }
    return { lastSeq, findings: headDifferences(database) };
  } catch (error) {
    return { lastSeq, findings: [error instanceof Error ? error.message : String(error)] };
  } finally {
    database.exec('COMMIT');
  }
}

type Find = (check: JournalCheck, message: string, table?: JournalTable | null, seq?: number | null) => void;

/** `now` of a handled input is its time, so a row that says another time was not made by it. */
function checkTimes(database: DatabaseSync, find: Find): void {
  for (const table of JOURNAL_TABLES.filter((name) => name !== 'inputs')) {
    const wrong = database
      .prepare(
        `SELECT t.seq, t.input_seq, t.time_ms, i.time_ms AS input_ms FROM ${table} t JOIN inputs i ON i.seq=t.input_seq
         WHERE t.time_ms<>i.time_ms ORDER BY t.seq LIMIT ${KEPT_FINDINGS}`,
      )
      .all();
    for (const row of wrong) {
      const what = `has the time ${row.time_ms}, its input ${row.input_seq} came at ${row.input_ms}`;
      find('input time', `${table} ${row.seq} ${what}`, table, Number(row.seq));
    }
  }
}

function checkOrderIds(database: DatabaseSync, find: Find): void {
  const twice = database
    .prepare(
      `SELECT max(seq) AS seq, count(*) AS count, json_extract(payload,'$.clientOrderId') AS id FROM intents
       WHERE kind='order.place' AND json_valid(payload) GROUP BY id HAVING count>1 LIMIT ${KEPT_FINDINGS}`,
    )
    .all();
  for (const row of twice) {
    find('client order id', `${row.count} intents carry ${row.id}: one order, one id`, 'intents', Number(row.seq));
  }
}
