import type { LatchWindow } from '../invariants/latchWindows.ts';

/**
 * Keeps by its own bookkeeping when which orders of which bot were forbidden, from what operators asked and the edge did.
 * It knows neither the latch's words nor its file: that is what it judges.
 */
export interface LatchWatch {
  /** An action that may allow something is about to be done. */
  before(action: string, bots: readonly string[], atMs: number): void;
  /** An action that forbids something has been done. */
  after(action: string, bots: readonly string[], atMs: number): void;
  windows(): readonly LatchWindow[];
  isClosed(bot: string): boolean;
}

export function createLatchWatch(): LatchWatch {
  const past: LatchWindow[] = [];
  const open = new Map<string, LatchWindow>();
  const end = (bot: string, forbids: LatchWindow['forbids'], atMs: number) => {
    const window = open.get(`${bot} ${forbids}`);
    if (window === undefined) return;
    open.delete(`${bot} ${forbids}`);
    past.push({ ...window, untilMs: atMs });
  };
  const begin = (bot: string, forbids: LatchWindow['forbids'], atMs: number) => {
    if (!open.has(`${bot} ${forbids}`)) open.set(`${bot} ${forbids}`, { bot, forbids, fromMs: atMs, untilMs: null });
  };
  return {
    before(action, bots, atMs) {
      for (const bot of bots) {
        if (action === 'enable_live') end(bot, 'opening', atMs);
        if (action === 'enable_live' || action === 'flatten') end(bot, 'all', atMs);
      }
    },
    after(action, bots, atMs) {
      for (const bot of bots) {
        if (['disable_live', 'drain', 'flatten', 'kill'].includes(action)) begin(bot, 'opening', atMs);
        if (action === 'kill') begin(bot, 'all', atMs);
      }
    },
    windows: () => [...past, ...open.values()],
    isClosed: (bot) => open.has(`${bot} opening`),
  };
}
