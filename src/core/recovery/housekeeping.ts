import { NightjarError } from '../../domain/errors.ts';
import { openDataDir } from '../../journal/dataDir.ts';
import { openJournalReader } from '../../journal/journalReader.ts';
import { DAY_MS, pruneRun, pruneSealedParts } from '../../journal/pruneJournal.ts';
import type { RunManifest } from '../../journal/runManifest.ts';
import { writeCheckpoint } from './recoveryCheckpoint.ts';

export interface HousekeepingInput {
  readonly dataDir: string;
  /** Folder of the run that is running. */
  readonly runDir: string;
  /** Inputs older than this go: out of sealed parts, and out of runs that are over. */
  readonly inputsKeptDays: number;
}

export interface HousekeepingReport {
  /** The input that the recovery checkpoint covers now. */
  readonly checkpointInput: number;
  readonly prunedInputs: number;
  /** One sentence per run that was left alone. */
  readonly troubles: readonly string[];
}

/** One round beside the writer: the recovery checkpoint of the living run, and the retention of inputs in all runs. */
export function keepHouse(input: HousekeepingInput, nowMs: number): HousekeepingReport {
  const troubles: string[] = [];
  let checkpointInput = 0;
  let prunedInputs = 0;
  const tell = (what: string, work: () => void) => {
    try {
      work();
    } catch (error) {
      troubles.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      if (!(error instanceof NightjarError) && !isSystemError(error)) throw error;
    }
  };
  tell('recovery checkpoint', () => {
    const reader = openJournalReader(input.runDir);
    try {
      checkpointInput = writeCheckpoint(input.runDir, reader);
    } finally {
      reader.close();
    }
  });
  const dataDir = openDataDir(input.dataDir);
  const cutoffMs = nowMs - input.inputsKeptDays * DAY_MS;
  for (const run of dataDir.runs().filter(({ ended }) => ended !== 'quarantined')) {
    const runDir = dataDir.runDir(run.folder);
    // Of a run that is over all parts; of this one, and of one that was killed and may be looked into, the sealed ones.
    const isOver = runDir !== input.runDir && isEnded(run);
    tell(`inputs of run ${run.folder}`, () => {
      if (isOver) prunedInputs += pruneRun(runDir, run, cutoffMs).inputs;
      else for (const { inputs } of pruneSealedParts(runDir, run, cutoffMs)) prunedInputs += inputs;
    });
  }
  return { checkpointInput, prunedInputs, troubles };
}

const isEnded = ({ ended }: RunManifest) => ended === 'clean' || ended === 'crash-recovered' || ended === 'failed';
const isSystemError = (error: unknown) => typeof (error as NodeJS.ErrnoException)?.code === 'string';
