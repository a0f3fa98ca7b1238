import type { ExitReason } from '../domain/exitReason.ts';
import type { JournalLink } from './journalLink.ts';

/**
 * Why the end of a run is not in its journal; null when it is. A journal thread that stopped when it was asked had
 * committed all that it was sent before; one that died meanwhile, or had to be killed, had not.
 *
 * @param lastExit  how the last journal thread ended; null while it runs; `neverStarted`: the stop came before the tree was
 *                  up, and what could not be recorded yet could not happen either
 */
export function unrecordedEnd(
  link: Pick<JournalLink, 'hasFailed' | 'oldestWaitingMs'>,
  lastExit: ExitReason['kind'] | 'neverStarted' | null,
): string | null {
  if (link.hasFailed()) return 'the journal failed and was not restarted: the end of the run is not recorded';
  if (lastExit === 'shutdown' || lastExit === 'neverStarted' || link.oldestWaitingMs() === null) return null;
  return `the journal ended with rows in hand (${lastExit ?? 'it never stopped'}): the end of the run is not recorded`;
}
