import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { NightjarError } from '../domain/errors.ts';
import { openDataDir } from '../journal/dataDir.ts';
import { type AuditReport, verifyAudit } from '../journal/stateStore.ts';
import type { JournalFinding } from '../journal/verifyJournal.ts';
import { type RunJournalReport, verifyRunJournal } from '../journal/verifyRunJournal.ts';
import type { RunChoice } from './journalCommand.ts';
import { findJournalledRun } from './journalledRun.ts';
import { EXIT, type ExitCode, formatTable, printJson, printText } from './output.ts';
import { createProgress } from './progress.ts';

/** Reads journal and audit; exit code 1 when anything is wrong with either. */
export function printVerification({ data, run, json }: RunChoice): ExitCode {
  const dataDir = openDataDir(data);
  const runDir = findJournalledRun(data, run);
  const progress = createProgress();
  const journal = verifyRunJournal(runDir, (rows) => progress.show(`${rows} rows`));
  progress.end();
  const { audit, findings: auditFindings } = checkAudit(dataDir.statePath);
  const ok = journal.ok && auditFindings.length === 0;
  if (json === true) {
    printJson({ run: basename(runDir), ok, journal, audit, auditFindings });
  } else {
    printText(formatVerification(basename(runDir), journal, audit, auditFindings));
  }
  return ok ? EXIT.done : EXIT.failed;
}

/** No file yet means that nothing was audited yet: that is no finding. */
function checkAudit(path: string): { audit: AuditReport | null; findings: JournalFinding[] } {
  const finding = (message: string, seq: number | null = null): JournalFinding => ({
    check: 'audit',
    table: null,
    seq,
    message,
  });
  if (!existsSync(path)) return { audit: null, findings: [] };
  try {
    const audit = verifyAudit(path);
    return { audit, findings: audit.findings.map(({ seq, message }) => finding(message, seq)) };
  } catch (error) {
    if (!(error instanceof NightjarError)) throw error;
    return { audit: null, findings: [finding(error.message)] };
  }
}

function formatVerification(
  run: string,
  journal: RunJournalReport,
  audit: AuditReport | null,
  auditFindings: readonly JournalFinding[],
): string {
  const rows = Object.entries(journal.rows).map(([table, count]) => [`  ${table}`, String(count)]);
  const pruned = journal.prunedInputs === 0 ? [] : [`  inputs up to ${journal.prunedInputs} were pruned`];
  const found = [...journal.findings, ...auditFindings].map(({ check, message }) => `  ${check}: ${message}`);
  const rest = journal.findingCount - journal.findings.length;
  const count = journal.findingCount + auditFindings.length;
  return [
    `journal of run ${run}, schema ${journal.schema ?? 'unknown'}${journal.parts > 1 ? `, ${journal.parts} parts` : ''}`,
    ...(rows.length === 0 ? [] : [formatTable([['  table', 'rows'], ...rows], [1])]),
    ...pruned,
    audit === null ? 'audit: no entries' : `audit: ${audit.entries} entries, head ${audit.head.slice(0, 16)}`,
    ...found,
    ...(rest > 0 ? [`  … and ${rest} more`] : []),
    count === 0
      ? 'OK: nothing is wrong'
      : `DAMAGED: ${count} finding${count === 1 ? '' : 's'}; keep a copy as it is, and read what can be read with "journal export"`,
  ].join('\n');
}
