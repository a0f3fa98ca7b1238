import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { NightjarError } from '../domain/errors.ts';
import { encodeHeads, type JournalHeads, NO_HEADS, perTable, readBase, readHeads } from './journalHeads.ts';
import { lostCommits } from './journalMark.ts';
import { CURRENT_PART, partPaths, sealedName } from './journalParts.ts';
import { partNumberOf, runOf } from './journalSchema.ts';
import { readManifest } from './runManifest.ts';
import {
  type JournalCheck,
  type JournalFinding,
  type JournalReport,
  KEPT_FINDINGS,
  verifyJournal,
} from './verifyJournal.ts';

/** All parts of a run's journal, as one report. */
export interface RunJournalReport extends JournalReport {
  readonly parts: number;
}

/**
 * Verifies every part of a run's journal and that they are one: none is missing, each goes on exactly where the one
 * before ended, all are of this run, no order id stands in two of them, and no committed row is lost.
 */
export function verifyRunJournal(runDir: string, onProgress: (rows: number) => void = () => {}): RunJournalReport {
  const paths = partPaths(runDir);
  const current = join(runDir, CURRENT_PART);
  // Throws as one part does when there is nothing at all.
  if (paths.length === 0) return { ...verifyJournal(current), parts: 0 };
  let before = 0;
  const reports = paths.map((path) => {
    const report = verifyJournal(path, (rows) => onProgress(before + rows));
    before += Object.values(report.rows).reduce((sum, count) => sum + count, 0);
    return report;
  });
  const links = linkFindings(runDir, paths);
  const findings = [
    ...reports.flatMap((report) => report.findings.map((one) => named(one, report.path, paths.length))),
    ...links,
  ];
  const findingCount = reports.reduce((sum, report) => sum + report.findingCount, links.length);
  const rows: Record<string, number> = {};
  for (const report of reports) {
    for (const [table, count] of Object.entries(report.rows)) rows[table] = (rows[table] ?? 0) + count;
  }
  return {
    path: current,
    parts: paths.length,
    schema: reports.at(-1)!.schema,
    rows,
    prunedInputs: Math.max(...reports.map(({ prunedInputs }) => prunedInputs)),
    findingCount,
    findings: findings.slice(0, KEPT_FINDINGS),
    ok: findingCount === 0,
  };
}

function named(finding: JournalFinding, path: string, parts: number): JournalFinding {
  return parts === 1 ? finding : { ...finding, message: `${basename(path)}: ${finding.message}` };
}

function linkFindings(runDir: string, paths: readonly string[]): JournalFinding[] {
  const findings: JournalFinding[] = [];
  const find = (check: JournalCheck, message: string) => findings.push({ check, table: null, seq: null, message });
  const run = runOfManifest(runDir);
  const seenIds = new Map<string, string>();
  let end: JournalHeads = NO_HEADS;
  let number = 0;
  for (const path of paths) {
    const name = basename(path);
    // What cannot be read was named by its own verification; nothing is to be said about its links.
    const part = readPart(path);
    number += 1;
    if (part === null) return findings;
    if (part.number !== number) {
      find('parts', `${sealedName(number)} is missing: the next one here is ${name}, part ${part.number}`);
      number = part.number;
    } else if (encodeHeads(part.base) !== encodeHeads(end)) {
      find('parts', `${name} does not go on where part ${number - 1} ended: one of them is of another time or run`);
    }
    if (run !== null && part.run !== null && part.run !== run) {
      find('parts', `${name} is the journal of run ${part.run}, the folder is that of run ${run}`);
    }
    for (const id of part.orderIds) {
      const where = seenIds.get(id);
      if (where !== undefined) find('client order id', `${where} and ${name} carry ${id}: one order, one id`);
      seenIds.set(id, name);
    }
    end = part.heads;
  }
  const last = perTable((table) => end[table][0]);
  for (const one of lostCommits(dirname(paths.at(-1)!), last)) find('heads', one);
  return findings;
}

function readPart(path: string) {
  try {
    const database = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
    try {
      const ids = database
        .prepare("SELECT DISTINCT json_extract(payload,'$.clientOrderId') AS id FROM intents WHERE kind='order.place'")
        .all();
      return {
        number: partNumberOf(database),
        run: runOf(database),
        base: readBase(database),
        heads: readHeads(database),
        orderIds: ids.map(({ id }) => String(id)),
      };
    } finally {
      database.close();
    }
  } catch {
    return null;
  }
}

function runOfManifest(runDir: string): string | null {
  try {
    return readManifest(runDir).run;
  } catch (error) {
    if (error instanceof NightjarError) return null;
    throw error;
  }
}
