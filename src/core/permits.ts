import type { Closure, LatchState } from './inputs.ts';

/** The core's view of the permit latch. The latch itself is shared memory and a file; the gateway has the last word. */
export interface Permits {
  isOpen(bot: string): boolean;
  /** Not even closing orders may go. False under a flatten. */
  isKilled(bot: string): boolean;
  /** As the latch's words say it. */
  level(bot: string): 'open' | NonNullable<Closure['level']>;
  /** Why it is closed, or null. */
  closure(bot: string): { readonly reason: string; readonly by: string } | null;
  /**
   * @param reopened  an operator opened something: closures of the core's own end where the latch is open
   * @param target  the one bot that was opened, with or without `bot:`; without it, all were. What the core closed on
   *                another has not reached the latch yet, and must hold until it has
   */
  update(latch: LatchState, reopened: boolean, target?: string): void;
  /** The core closes a permit: it holds here at once; the latch follows when the edge has written it. */
  closeByCore(bot: string, reason: string, by: string): void;
  /** Closures of the core's own that the latch does not show yet. */
  unconfirmed(): readonly { readonly bot: string; readonly reason: string; readonly by: string }[];
  /** The run is ending: nothing opens any more, whatever the latch says. */
  closeForStop(reason: string): void;
  /** Nothing can be recorded: nothing opens, whatever the latch says, until null lifts it. */
  closeForJournal(reason: string | null): void;
  /** The core is late: nothing opens until null lifts it; every other closure stays what it is. */
  closeForOverload(reason: string | null): void;
}

export function createPermits(initial: LatchState): Permits {
  let latch = initial;
  let stopping: string | null = null;
  let unrecorded: string | null = null;
  let overloaded: string | null = null;
  const closedByCore = new Map<string, { readonly reason: string; readonly by: string }>();
  const closure = (bot: string) => {
    if (stopping !== null) return { reason: stopping, by: 'stop' };
    if (unrecorded !== null) return { reason: unrecorded, by: 'journal' };
    const lasting = latch.all ?? latch.bots[bot] ?? closedByCore.get(bot) ?? null;
    // What passes by itself is named last: it explains least.
    return lasting ?? (overloaded === null ? null : { reason: overloaded, by: 'core' });
  };
  // The rule of `latchWords.ts`: a bot's own kill or flatten decides, else the stricter of its closure and that of all.
  const level = (bot: string) => {
    const own = levelOf(latch.bots[bot]);
    if (own === 'kill' || own === 'flatten') return own;
    const all = levelOf(latch.all);
    return all === 'open' ? own : all;
  };
  return {
    isOpen: (bot) => closure(bot) === null,
    isKilled: (bot) => level(bot) === 'kill',
    level,
    closure,
    update(next, reopened, target) {
      latch = next;
      for (const bot of [...closedByCore.keys()]) {
        const isMeant = target === undefined || bot === target || bot === `bot:${target}`;
        if ((reopened && isMeant) || next.bots[bot] !== undefined) closedByCore.delete(bot);
      }
    },
    closeByCore(bot, reason, by) {
      // The first reason stands: what followed from it explains less.
      if (latch.bots[bot] === undefined && !closedByCore.has(bot)) closedByCore.set(bot, { reason, by });
    },
    unconfirmed: () => [...closedByCore].map(([bot, closure]) => ({ bot, ...closure })),
    closeForStop(reason) {
      stopping = reason;
    },
    closeForJournal(reason) {
      unrecorded = reason;
    },
    closeForOverload(reason) {
      overloaded = reason;
    },
  };
}

const levelOf = (closure: Closure | null | undefined) =>
  closure === null || closure === undefined ? 'open' : (closure.level ?? 'permit');
