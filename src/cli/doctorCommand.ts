import type { Command } from 'commander';
import { CEX_VENUES } from '../domain/instruments.ts';
import { openDataDir } from '../journal/dataDir.ts';
import { checkData } from './doctor/dataChecks.ts';
import type { Finding } from './doctor/finding.ts';
import { checkDeadMan, checkLive } from './doctor/liveChecks.ts';
import { checkRequestLoad } from './doctor/loadChecks.ts';
import { checkMachine } from './doctor/machineChecks.ts';
import { checkRuns } from './doctor/runChecks.ts';
import { action, EXIT, type ExitCode, printJson, printText } from './output.ts';

interface DoctorOptions {
  readonly data: string;
  readonly json?: true;
}

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('looks at machine, data directory, journals and the running system; exit code 1 when something FAILs')
    .option('--data <dir>', 'the data directory', './data')
    .option('--json', 'machine-readable')
    .action(action((options: DoctorOptions) => examine(options)));
}

/** Every check stands for itself: whatever is garbage is named, and the others still look. Changes nothing. */
async function examine({ data, json }: DoctorOptions): Promise<ExitCode> {
  const dataDir = openDataDir(data);
  const findings = [
    ...checkMachine(dataDir.root),
    ...checkData(dataDir),
    ...(await checkLive(dataDir)),
    ...checkRuns(dataDir),
    ...checkRequestLoad(process.cwd()),
    ...checkDeadMan([...CEX_VENUES, 'jupiter']),
  ];
  const failed = findings.filter(({ level }) => level === 'FAIL').length;
  if (json === true) printJson({ data: dataDir.root, ok: failed === 0, findings });
  else printText(formatFindings(findings, failed));
  return failed === 0 ? EXIT.done : EXIT.failed;
}

function formatFindings(findings: readonly Finding[], failed: number): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ level, check, message, remedy }) => [
    `${level.padEnd(4)}  ${check.padEnd(width)}  ${message}`,
    ...(remedy === undefined ? [] : [`${' '.repeat(width + 6)}  → ${remedy}`]),
  ]);
  const warned = findings.filter(({ level }) => level === 'warn').length;
  const warnings = `${warned} warning${warned === 1 ? '' : 's'}`;
  return [...lines, failed === 0 ? `OK: nothing fails, ${warnings}` : `${failed} FAIL, ${warnings}`].join('\n');
}
