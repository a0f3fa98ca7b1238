import type { RiskLimits } from '../risk/limits.ts';
import { createLossWatch, type Losses, type LossState } from '../risk/lossWatch.ts';
import type { OtherCommand } from './commands.ts';

const NO_LOSSES: Losses = { dayLoss: 0, drawdown: 0 };
const DAY_MS = 86_400_000;

/** What each bot has lost, for the gate; a broken limit closes the bot's permit, once per day or run. */
export interface LossDesk {
  note(bot: string, net: number): void;
  of(bot: string): Losses;
  /** Goes on where a dead core stood; before the first `note`. */
  restore(bot: string, state: LossState): void;
}

export function createLossDesk(deps: {
  readonly limits: RiskLimits;
  nowMs(): number;
  command(command: OtherCommand): void;
  alarm?(message: string, fields: Readonly<Record<string, unknown>>): void;
}): LossDesk {
  const { limits } = deps;
  const watch = createLossWatch();
  const lastNet = new Map<string, number>();
  const latched = new Set<string>();

  const latch = (bot: string, reason: 'loss_limit' | 'drawdown', period: string, value: number, limit: number) => {
    if (value <= limit || latched.has(`${bot}/${reason}/${period}`)) return;
    latched.add(`${bot}/${reason}/${period}`);
    deps.command({ type: 'latch.close', bot, reason, by: 'risk' });
    deps.alarm?.(`${bot} ${reason}: ${value.toFixed(2)} over ${limit}; its permit closes`, {
      bot,
      reason,
      value,
      limit,
    });
  };

  const losses = (bot: string, net: number) => watch.note(bot, net, deps.nowMs());
  return {
    note(bot, net) {
      lastNet.set(bot, net);
      const { dayLoss, drawdown } = losses(bot, net);
      latch(bot, 'loss_limit', String(Math.floor(deps.nowMs() / DAY_MS)), dayLoss, limits.maxDailyLoss);
      latch(bot, 'drawdown', 'run', drawdown, limits.maxDrawdown);
    },
    restore: watch.restore,
    of(bot) {
      const net = lastNet.get(bot);
      // Asked anew: midnight may have passed since the last trade.
      return net === undefined ? NO_LOSSES : losses(bot, net);
    },
  };
}
