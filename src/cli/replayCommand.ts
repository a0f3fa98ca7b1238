import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { type VerifyReport, verifyRun } from '../core/verifyRun.ts';
import { NightjarError } from '../domain/errors.ts';
import { openDataDir } from '../journal/dataDir.ts';
import { marketOfFileName, readRecordingManifest } from '../journal/recordingManifest.ts';
import { replayRecordingFolder } from '../workers/recordingFolder.ts';
import { replayRecordings } from '../workers/recordingReplay.ts';
import { action, EXIT, type ExitCode, printJson, printText, talk } from './output.ts';
import { createProgress } from './progress.ts';
import { recordingCheckText } from './recordingCheckText.ts';
import { recordingReportText } from './recordingReportText.ts';

const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface ReplayCommandOptions {
  readonly verify?: boolean;
  readonly json?: boolean;
  readonly data: string;
}

export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description('read recordings through the live decoders, or re-decide a recorded run and compare')
    .argument(
      '<what...>',
      'recordings (<receive time ns> <frame> per line, plain, gzip or zstd), a folder of nightjar record, or one run: its folder or its name',
    )
    .option(
      '--verify',
      'for a run: compare every decision and command (what a run is replayed for, so also without it)',
    )
    .option('--data <dir>', 'data directory in which a run is looked for by name', './data')
    .option('--json', 'machine-readable')
    .action(action((what: string[], options: ReplayCommandOptions) => replay(what, options)));
}

async function replay(what: readonly string[], options: ReplayCommandOptions): Promise<ExitCode> {
  const [first = '', ...more] = what;
  if (more.length === 0 && isRecordingFolder(first)) return replayFolder(first, options);
  const runDir = runDirOf(what, options);
  return runDir === null ? replayFiles(what, options) : verify(runDir, options);
}

function isRecordingFolder(path: string): boolean {
  if (!existsSync(path) || !statSync(path).isDirectory()) return false;
  return readRecordingManifest(path) !== null || readdirSync(path).some((name) => marketOfFileName(name) !== null);
}

async function replayFolder(folder: string, options: ReplayCommandOptions): Promise<ExitCode> {
  const progress = createProgress();
  const startedAtMs = performance.now();
  const report = await replayRecordingFolder(folder, {
    onProgress: (lines, file) => progress.show(`${lines.toLocaleString('en')} lines, in ${file}`),
  }).finally(() => progress.end());
  if (options.json === true) printJson(report);
  else {
    printText(recordingReportText(report, (performance.now() - startedAtMs) / 1000));
    printText(`\n${recordingCheckText(report.recording)}`);
  }
  return report.recording?.isOk === false ? EXIT.failed : EXIT.done;
}

/** A run's folder has a manifest; with --verify a name of the data directory will do. */
function runDirOf(what: readonly string[], { verify, data }: ReplayCommandOptions): string | null {
  const folders = what.filter((path) => existsSync(path) && statSync(path).isDirectory());
  if (verify !== true && folders.length === 0) return null;
  if (what.length > 1) {
    throw new NightjarError('config.invalid', `replay ${what.join(' ')}: a run is replayed alone`, {
      remedy: 'name one run, or recordings only',
    });
  }
  const [name] = what as [string];
  if (folders.length === 0) return openDataDir(data).findRun(name);
  if (existsSync(join(name, 'manifest.json'))) return name;
  throw new NightjarError('data.unreadable', `${name} is a folder without manifest.json, so it is no run`, {
    remedy: 'name a folder under DATA/runs, a folder of nightjar record, or the recordings themselves',
  });
}

async function replayFiles(files: readonly string[], options: ReplayCommandOptions): Promise<ExitCode> {
  const progress = createProgress();
  const startedAtMs = performance.now();
  const report = await replayRecordings(files, {
    onProgress: (lines, file) => progress.show(`${lines.toLocaleString('en')} lines, in ${file}`),
  }).finally(() => progress.end());
  if (options.json === true) printJson(report);
  else printText(recordingReportText(report, (performance.now() - startedAtMs) / 1000));
  // Not a frame in all of it: whoever asked named the wrong file, and a script has to see that.
  const read = report.lines - (report.frames.badLine ?? 0) - (report.frames.badFrame ?? 0);
  if (read === 0) {
    talk('nothing could be read: a recording has one "<receive time in ns> <frame>" per line, plain, gzip or zstd');
    return EXIT.failed;
  }
  return EXIT.done;
}

function verify(runDir: string, options: ReplayCommandOptions): ExitCode {
  const progress = createProgress();
  const report = verifyRun(runDir, {
    projectRoot: PROJECT_ROOT,
    onProgress: (inputs) => progress.show(`${inputs.toLocaleString('en')} inputs re-decided`),
  });
  progress.end();
  if (options.json === true) printJson(report);
  else printText(verifyText(report));
  return report.ok ? EXIT.done : EXIT.failed;
}

function verifyText(report: VerifyReport): string {
  const tables = Object.entries(report.compared).map(([table, count]) => `${table} ${count}`);
  return [
    `run ${report.run}: ${report.inputs} inputs of ${report.incarnations} core incarnation${report.incarnations === 1 ? '' : 's'} decided again`,
    `compared  ${tables.join('  ')}`,
    ...report.versionDifferences.map((difference) => `version   ${difference}`),
    ...report.firstMismatches.map(
      ({ table, seq, recorded, replayed }) =>
        `differs   ${table} ${seq}\n  recorded  ${recorded}\n  replayed  ${replayed}`,
    ),
    report.ok ? 'verified: every row is the same' : `FAILED: ${report.mismatches} rows differ`,
  ].join('\n');
}
