import { existsSync, readdirSync, statSync } from 'node:fs';
import type { DataDir } from '../../journal/dataDir.ts';
import { partPaths } from '../../journal/journalParts.ts';
import { checkPartQuickly } from '../../journal/journalSchema.ts';
import { readManifest } from '../../journal/runManifest.ts';
import { verifyRunJournal } from '../../journal/verifyRunJournal.ts';
import { type Finding, fail, firstLine, guarded, warn, well } from './finding.ts';

/** The newest runs are looked at; older ones on request, by `journal verify --run`. */
const MOST_RUNS = 20;
/** A newest journal up to this size is read from end to end; of all others the structure and the heads are looked at. */
const WHOLE_BYTES = 32 * 2 ** 20;

/** Manifest and journal of each of the newest runs. */
export function checkRuns(dataDir: DataDir): readonly Finding[] {
  return guarded('runs', () => {
    if (!existsSync(dataDir.runsDir)) return [well('runs', 'none yet')];
    const folders = readdirSync(dataDir.runsDir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort((a, b) => changedMs(dataDir.runDir(b)) - changedMs(dataDir.runDir(a)));
    const left = folders.length - MOST_RUNS;
    const running = dataDir.heldBy() !== null;
    return [
      ...folders.slice(0, MOST_RUNS).flatMap((folder, i) => checkRun(dataDir.runDir(folder), folder, i === 0, running)),
      ...(left > 0 ? [well('runs', `${left} older ones were not looked at`)] : []),
    ];
  });
}

function checkRun(runDir: string, folder: string, isNewest: boolean, running: boolean): readonly Finding[] {
  const check = `run ${folder}`;
  return guarded(check, () => {
    const findings: Finding[] = [];
    try {
      const { ended, quarantine } = readManifest(runDir);
      if (ended === 'quarantined') {
        findings.push(
          warn(
            check,
            `quarantined: ${quarantine?.reason ?? 'without a reason'}`,
            'keep it as it is; "journal verify" says what is wrong',
          ),
        );
      } else if (ended === 'running' && !(isNewest && running)) {
        findings.push(
          warn(
            check,
            'was killed: its manifest still says running',
            'nothing to do: its journal is whole up to its last commit',
          ),
        );
      }
    } catch (error) {
      findings.push(
        fail(check, firstLine(error), 'restore the manifest from a copy; the journal can be read without it'),
      );
    }
    return [...findings, ...checkJournal(runDir, folder, isNewest)];
  });
}

function checkJournal(runDir: string, folder: string, isNewest: boolean): readonly Finding[] {
  const check = `journal ${folder}`;
  const remedy = `keep a copy as it is; nightjar journal verify --run ${folder} names every finding`;
  const paths = partPaths(runDir);
  if (paths.length === 0) return [warn(check, 'there is none', 'nothing to do if the run ended before it began')];
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  if (isNewest && bytes <= WHOLE_BYTES) {
    const report = verifyRunJournal(runDir);
    if (!report.ok) return [fail(check, `${report.findingCount} findings: ${report.findings[0]!.message}`, remedy)];
    return [
      well(check, `${report.rows.inputs ?? 0} inputs in ${report.parts} part${report.parts > 1 ? 's' : ''}, verified`),
    ];
  }
  const found = paths.flatMap(checkPartQuickly);
  if (found.length > 0) return [fail(check, found[0]!, remedy)];
  return [
    well(
      check,
      `${paths.length} part${paths.length > 1 ? 's' : ''}, ${(bytes / 2 ** 20).toFixed(1)} MiB, structure and heads`,
    ),
  ];
}

function changedMs(runDir: string): number {
  return statSync(runDir, { throwIfNoEntry: false })?.birthtimeMs ?? 0;
}
