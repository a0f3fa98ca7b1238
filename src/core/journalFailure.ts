import type { PlainError } from '../domain/errors.ts';
import type { Logger } from '../domain/ports.ts';
import type { OtherCommand } from './commands.ts';
import type { Permits } from './permits.ts';
import type { RowWriter } from './rowWriter.ts';

/** Why every permit is closed while nothing can be recorded. */
export const JOURNAL_FAILED = 'journal_failed';

interface ClosableBot {
  readonly config: { readonly id: string };
  permitClosed(): void;
}

/**
 * A failed sync or a full disk: what cannot be recorded must not happen. Every permit closes, here at once and in the
 * latch, so that the gateway refuses what is on its way and a restart finds it closed; the rest of the core goes on and
 * answers. A journal that starts anew lifts the core's own closure, the latch is the operator's to open.
 */
export function closeForJournal(
  error: PlainError,
  {
    permits,
    bots,
    rows,
    command,
    log,
  }: {
    readonly permits: Permits;
    readonly bots: ReadonlyMap<string, ClosableBot>;
    readonly rows: RowWriter;
    command(command: OtherCommand): void;
    readonly log: Logger;
  },
): void {
  permits.closeForJournal(JOURNAL_FAILED);
  log.log('error', 'risk', `JOURNAL FAILED: no new risk until it is restarted: ${error.message}`, { code: error.code });
  rows.write('decisions', 'journal', 'journal.failed', { error });
  for (const [bot, { permitClosed }] of bots) {
    command({ type: 'latch.close', bot, reason: JOURNAL_FAILED, by: 'core' });
    permitClosed();
  }
}
