import type { Logger } from '../domain/ports.ts';
import type { OtherCommand } from './commands.ts';
import type { InputPayload } from './inputs.ts';
import type { Permits } from './permits.ts';
import type { RowWriter } from './rowWriter.ts';

/** What is late: the core's own thread, or the journal behind it. */
export type OverloadCause = 'event_loop' | 'journal';

/** Why permits are closed meanwhile. */
export const OVERLOAD_REASONS: Readonly<Record<OverloadCause, string>> = {
  event_loop: 'overload',
  journal: 'journal_stalled',
};

/** So many beginnings within the window are no peak any more: the latch closes too, and an operator has to look. */
const MOST_BEGINNINGS = 3;
const BEGINNINGS_WINDOW_MS = 600_000;

const WORDS: Readonly<Record<OverloadCause, string>> = {
  event_loop: 'event loop delay p99',
  journal: 'oldest row without a commit',
};

/**
 * Closes every permit to new risk while the core is late. The closure is the core's own and ends by itself when the
 * measuring side has seen calm: what an operator or a limit closed stays closed, and nothing in the latch is touched.
 */
export interface OverloadDesk {
  began(input: Extract<InputPayload, { type: 'overload.began' }>): void;
  ended(input: Extract<InputPayload, { type: 'overload.ended' }>): void;
}

export function createOverloadDesk(deps: {
  readonly permits: Permits;
  readonly bots: ReadonlyMap<string, { permitClosed(): void }>;
  readonly rows: RowWriter;
  readonly log: Logger;
  nowMs(): number;
  command(command: OtherCommand): void;
}): OverloadDesk {
  const { permits, bots, rows, log } = deps;
  const causes = new Set<OverloadCause>();
  let beganAtMs: number[] = [];

  const close = () => {
    const [first] = causes;
    permits.closeForOverload(first === undefined ? null : OVERLOAD_REASONS[first]);
  };
  return {
    began({ cause, valueMs, limitMs }) {
      if (causes.has(cause)) return;
      causes.add(cause);
      close();
      beganAtMs = [...beganAtMs.filter((atMs) => deps.nowMs() - atMs < BEGINNINGS_WINDOW_MS), deps.nowMs()];
      const latched = beganAtMs.length >= MOST_BEGINNINGS;
      rows.write('decisions', 'core', 'overload.began', { cause, valueMs, limitMs, latched });
      const until = latched
        ? `for the ${beganAtMs.length}. time in ${BEGINNINGS_WINDOW_MS / 60_000} min: until an operator opens the permits`
        : 'until it is calm';
      log.log(
        'error',
        'risk',
        `OVERLOAD ${WORDS[cause]} ${valueMs.toFixed(0)} ms over ${limitMs} ms: no new risk ${until}`,
        {
          ...{ cause, valueMs, limitMs },
        },
      );
      for (const [bot, { permitClosed }] of bots) {
        if (latched) deps.command({ type: 'latch.close', bot, reason: OVERLOAD_REASONS[cause], by: 'core' });
        permitClosed();
      }
    },
    ended({ cause, calmMs }) {
      if (!causes.delete(cause)) return;
      close();
      rows.write('decisions', 'core', 'overload.ended', { cause, calmMs });
      log.log('warn', 'risk', `overload over: ${WORDS[cause]} within its limit for ${(calmMs / 1000).toFixed(0)} s`);
    },
  };
}
