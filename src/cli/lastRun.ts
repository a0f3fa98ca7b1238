import { statSync } from 'node:fs';
import { recoverState } from '../core/recovery/recoverState.ts';
import { NightjarError } from '../domain/errors.ts';
import type { DataDir } from '../journal/dataDir.ts';
import { partPaths } from '../journal/journalParts.ts';
import { openJournalReader } from '../journal/journalReader.ts';

/** A journal up to this size is read before the start; a longer one would hold it up. */
const READ_BYTES = 64 * 2 ** 20;
/** Orders named at most. */
const NAMED = 5;

/**
 * What a new run says of one before it that nobody ended: its guardian was killed, or the machine went down. Asked for
 * while the data directory's lock is ours, so "running" in its manifest is not true.
 *
 * @returns null when the newest run ended, however it did
 */
export function lastRunLine(dataDir: DataDir): string | null {
  const last = dataDir.latestRun();
  if (last === null || last.ended !== 'running' || last.clock === 'virtual') return null;
  const gone = last.env === 'sim' ? '; its embedded venues are gone with it' : '; look at the venues';
  return `LAST RUN  ${last.folder} did not end cleanly: ${openText(dataDir.runDir(last.folder))}${gone}`;
}

function openText(runDir: string): string {
  const paths = partPaths(runDir);
  if (paths.length === 0) return 'nothing was journalled';
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  if (bytes > READ_BYTES) return 'its journal is long, "nightjar funnel" and "nightjar journal" tell what was open';
  try {
    const reader = openJournalReader(runDir);
    try {
      return foundText(recoverState(reader));
    } finally {
      reader.close();
    }
  } catch (error) {
    if (!(error instanceof NightjarError)) throw error;
    return `its journal cannot be read (${error.message})`;
  }
}

function foundText({ orders, bots }: ReturnType<typeof recoverState>): string {
  const named = orders
    .slice(0, NAMED)
    .map(({ intent: { clientOrderId, venue, side, qty, pair } }) => `${clientOrderId} ${venue} ${side} ${qty} ${pair}`);
  const more = orders.length > NAMED ? `, and ${orders.length - NAMED} more` : '';
  const attempts = Object.entries(bots)
    .filter(([, bot]) => bot.attempts.length > 0)
    .map(([id, bot]) => `${bot.attempts.length} of ${id.replace(/^bot:/, '')}`);
  if (orders.length === 0 && attempts.length === 0) return 'by its journal nothing was open';
  return [
    ...(attempts.length === 0 ? [] : [`attempts open ${attempts.join(', ')}`]),
    ...(orders.length === 0 ? [] : [`orders without a proven fate ${named.join(', ')}${more}`]),
  ].join('; ');
}
