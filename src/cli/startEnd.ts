import type { GuardianResult } from '../guardian/guardianTypes.ts';
import { endRun, quarantineRun, type RunManifest } from '../journal/runManifest.ts';

/** A core that cannot take its run's journal over says so with the file's name. */
const JOURNAL_REFUSED = /^(data\.unreadable|schema\.newer): .*journal(\.\d+)?\.sqlite/;

/** The manifest of a run that is over: one whose journal was refused is quarantined, so that nobody writes to it again. */
export function endedManifest(
  manifest: RunManifest,
  { ended, message }: Pick<GuardianResult, 'ended' | 'message'>,
  atMs: number,
): RunManifest {
  if (ended === 'failed' && JOURNAL_REFUSED.test(message)) return quarantineRun(manifest, message, atMs);
  return endRun(manifest, ended === 'clean' ? 'clean' : 'failed', atMs);
}
