export interface LatchedBot {
  /** The key of `LatchState.bots`: the id under which the core knows it. */
  readonly id: string;
  /** Without the tree's prefix: `arb:SOL`. What lines, labels and people say. */
  readonly name: string;
  readonly slot: number;
}

export function latchedBots(bots: readonly { readonly id: string; readonly slot: number }[]): readonly LatchedBot[] {
  return bots.map(({ id, slot }) => ({ id, slot, name: botName(id) }));
}

/** `bot:arb:SOL` and `arb:SOL` mean the same bot. */
export const botName = (target: string) => (target.startsWith('bot:') ? target.slice('bot:'.length) : target);

/** The bots a permit action is about: none named = every bot; null = there is no such bot. */
export function findBots(bots: readonly LatchedBot[], target: string | undefined): readonly LatchedBot[] | null {
  if (target === undefined) return bots;
  const found = bots.filter(({ name }) => name === botName(target));
  return found.length === 0 ? null : found;
}
