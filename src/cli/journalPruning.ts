import { NightjarError } from '../domain/errors.ts';
import { type DataDir, openDataDir } from '../journal/dataDir.ts';
import { DAY_MS, type PrunePlan, planPruneRun, pruneRun } from '../journal/pruneJournal.ts';
import type { RunManifest } from '../journal/runManifest.ts';
import type { RunChoice } from './journalCommand.ts';
import { EXIT, type ExitCode, formatTable, printJson, printText } from './output.ts';

interface PruneOptions extends RunChoice {
  readonly plan?: boolean;
  readonly days: number;
}

interface PrunedRun extends PrunePlan {
  readonly run: string;
  readonly fileBytesAfter: number | null;
}

/** Plans or prunes the runs that are over; a run that cannot be read is named and left alone, and the exit code is 1. */
export function printPruning(options: PruneOptions): ExitCode {
  const dataDir = openDataDir(options.data);
  const cutoffMs = Date.now() - options.days * DAY_MS;
  const pruned: PrunedRun[] = [];
  const failed: { run: string; message: string }[] = [];
  for (const run of prunableRuns(dataDir, options.run)) {
    if (run.ended === 'quarantined') {
      failed.push({ run: run.folder, message: `it is quarantined (${run.quarantine?.reason ?? 'without a reason'})` });
      continue;
    }
    const runDir = dataDir.runDir(run.folder);
    try {
      const done =
        options.plan === true
          ? { ...planPruneRun(runDir, run, cutoffMs), fileBytesAfter: null }
          : pruneRun(runDir, run, cutoffMs);
      if (done.upToSeq !== null) pruned.push({ run: run.folder, ...done });
    } catch (error) {
      if (!(error instanceof NightjarError)) throw error;
      failed.push({ run: run.folder, message: error.message });
    }
  }
  const plan = options.plan === true;
  if (options.json === true) printJson({ plan, days: options.days, runs: pruned, failed });
  else printText(formatPruning(pruned, failed, options));
  return failed.length === 0 ? EXIT.done : EXIT.failed;
}

/** @throws NightjarError data.locked for the run that is running, asked for by name */
function prunableRuns(dataDir: DataDir, asked: string | undefined): readonly RunManifest[] {
  const runs = dataDir.runs();
  const holder = dataDir.heldBy();
  // Of the runs that say "running" the newest is the living one; one before it was killed.
  const running = holder === null ? undefined : runs.find((run) => run.ended === 'running');
  if (asked === undefined) return runs.filter((run) => run !== running);
  const runDir = dataDir.findRun(asked);
  const run = runs.find(({ folder }) => dataDir.runDir(folder) === runDir)!;
  if (run !== running) return [run];
  throw new NightjarError('data.locked', `run ${run.folder} is running (pid ${holder}): prune it when it is over`, {
    run: run.folder,
    pid: holder,
  });
}

function formatPruning(
  pruned: readonly PrunedRun[],
  failed: readonly { readonly run: string; readonly message: string }[],
  { plan, days }: PruneOptions,
): string {
  const mb = (bytes: number | null) => (bytes === null ? '' : (bytes / 2 ** 20).toFixed(1));
  const table = formatTable(
    [
      ['run', 'inputs', 'payload MiB', 'file MiB', plan === true ? '' : 'file MiB now'],
      ...pruned.map((one) => [
        one.run,
        String(one.inputs),
        mb(one.payloadBytes),
        mb(one.fileBytes),
        mb(one.fileBytesAfter),
      ]),
    ],
    [1, 2, 3, 4],
  );
  const head =
    pruned.length === 0
      ? `No run that is over has inputs older than ${days} days.`
      : `${plan === true ? 'Would go' : 'Gone'}: inputs older than ${days} days. Without them a run cannot be decided again by "replay --verify".\n${table}`;
  return [head, ...failed.map(({ run, message }) => `${run}: left alone: ${message}`)].join('\n');
}
