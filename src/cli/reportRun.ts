import { type Command, InvalidArgumentError } from 'commander';
import { NightjarError } from '../domain/errors.ts';
import { openDataDir } from '../journal/dataDir.ts';
import { type JournalReader, openJournalReader } from '../journal/journalReader.ts';
import type { LookTally } from '../journal/lookTally.ts';
import { type RunManifest, readManifest } from '../journal/runManifest.ts';
import { botName, botSubjects, tallyBot } from '../journal/summariseRun.ts';
import { findJournalledRun } from './journalledRun.ts';

/** What `funnel` and `why` share: which run of which directory, and which of its bots. */
export interface ReportOptions {
  readonly data: string;
  readonly run?: string;
  readonly last?: number;
  readonly json?: boolean;
}

export function addReportOptions(command: Command): Command {
  return command
    .option('--last <N>', 'how many look records', parseCount)
    .option('--run <ID>', 'a run of the data directory; the newest without it')
    .option('--data <DIR>', 'the data directory', './data')
    .option('--json', 'machine-readable');
}

export interface ReportedRun {
  readonly manifest: RunManifest;
  /** As in the manifest, or `killed`: it says running, and nobody runs. */
  readonly state: RunManifest['ended'] | 'killed';
  /** Tree ids of the bots that the run has or is configured to have, sorted. */
  readonly bots: readonly string[];
  tally(bot: string): LookTally;
}

/** Opens the run for the length of `read`. @throws NightjarError data.unreadable | schema.newer | config.invalid */
export function withReportedRun<Value>(options: ReportOptions, read: (run: ReportedRun) => Value): Value {
  const dataDir = openDataDir(options.data);
  const runDir = findJournalledRun(options.data, options.run);
  const manifest = readManifest(runDir);
  const state = manifest.ended !== 'running' ? manifest.ended : dataDir.heldBy() === null ? 'killed' : 'running';
  const reader: JournalReader = openJournalReader(runDir);
  try {
    return read({
      manifest,
      state,
      bots: botSubjects(reader),
      tally: (bot) => tallyBot(reader, bot, state !== 'running'),
    });
  } finally {
    reader.close();
  }
}

/** `arb:SOL` and `bot:arb:SOL` both name the bot. @throws NightjarError config.invalid naming the bots there are */
export function findBot(run: ReportedRun, asked: string): string {
  const found = run.bots.find((bot) => bot === asked || botName(bot) === asked);
  if (found !== undefined) return found;
  const known = run.bots.map(botName);
  throw new NightjarError(
    'config.invalid',
    `run ${run.manifest.folder} has no records of a bot "${asked}": ${known.length === 0 ? 'no bot has looked yet, so there is nothing to report' : `name one of ${known.join(', ')}`}`,
    { bot: asked, known },
  );
}

export function formatRunLine({ manifest, state }: ReportedRun, bot: string): string {
  const how = state === 'running' ? 'still running' : `ended ${state}`;
  return `${botName(bot)} · run ${manifest.folder} (${manifest.mode}, ${how})`;
}

/** `14:30:05.123`, UTC as everywhere on disk. */
export function formatTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(11, 23);
}

export function formatWindow(fromMs: number | null, toMs: number | null): string {
  if (fromMs === null || toMs === null) return '';
  return `, ${new Date(fromMs).toISOString().slice(0, 10)} ${formatTime(fromMs)} to ${formatTime(toMs)} UTC`;
}

export const formatShare = (share: number | null) => (share === null ? '–' : `${(share * 100).toFixed(1)} %`);

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 1_000_000) {
    throw new InvalidArgumentError(`"${text}" is not a whole number from 1 to 1000000, such as 200.`);
  }
  return count;
}
