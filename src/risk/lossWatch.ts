const DAY_MS = 86_400_000;

export interface Losses {
  /** Fall of the net since midnight UTC, at least 0, reportCcy. */
  readonly dayLoss: number;
  /** Fall of the net from its highest point since the start, at least 0, reportCcy. */
  readonly drawdown: number;
}

export interface LossWatch {
  /** @param net  what the bot has made since its start, fees included; @returns its losses with this figure counted in */
  note(bot: string, net: number, nowMs: number): Losses;
  /** Where it stands; null before the first figure. Handed to the next core, so that a restart forgives nothing. */
  state(bot: string): LossState | null;
  restore(bot: string, state: LossState): void;
}

export interface LossState {
  /** Days since the epoch, UTC. */
  readonly day: number;
  readonly netAtDayStart: number;
  readonly lastNet: number;
  readonly highestNet: number;
}

/** How far each bot has fallen, since midnight UTC and from its best moment. Starts at 0: the net of a start is 0. */
export function createLossWatch(): LossWatch {
  const byBot = new Map<string, { day: number; netAtDayStart: number; lastNet: number; highestNet: number }>();
  return {
    state(bot) {
      const entry = byBot.get(bot);
      return entry === undefined ? null : { ...entry };
    },
    restore: (bot, state) => void byBot.set(bot, { ...state }),
    note(bot, net, nowMs) {
      const day = Math.floor(nowMs / DAY_MS);
      const entry = byBot.get(bot) ?? { day, netAtDayStart: 0, lastNet: 0, highestNet: 0 };
      byBot.set(bot, entry);
      if (entry.day !== day) {
        entry.day = day;
        entry.netAtDayStart = entry.lastNet;
      }
      entry.lastNet = net;
      entry.highestNet = Math.max(entry.highestNet, net);
      return { dayLoss: Math.max(0, entry.netAtDayStart - net), drawdown: entry.highestNet - net };
    },
  };
}
