import type { OtherCommand } from './commands.ts';
import type { Permits } from './permits.ts';

/** Symbols that opened nothing more, since their venue contradicted itself or a limit broke, until an operator reopens. */
export interface Pauses {
  /** Closes the bot's permit and holds the pair at once; again does nothing. */
  pause(pair: string, bot: string, reason: string): void;
  isPaused(pair: string): boolean;
  /** A closed permit that an operator has opened again ends the pause. */
  permitsChanged(): void;
}

export function createPauses(deps: { readonly permits: Permits; command(command: OtherCommand): void }): Pauses {
  const paused = new Map<string, { readonly bot: string; permitClosed: boolean }>();
  return {
    pause(pair, bot, reason) {
      if (paused.has(pair)) return;
      paused.set(pair, { bot, permitClosed: !deps.permits.isOpen(bot) });
      deps.command({ type: 'latch.close', bot, reason, by: 'risk' });
    },
    isPaused: (pair) => paused.has(pair),
    permitsChanged() {
      for (const [pair, entry] of paused) {
        if (!deps.permits.isOpen(entry.bot)) entry.permitClosed = true;
        else if (entry.permitClosed) paused.delete(pair);
      }
    },
  };
}
