import type { ArbKnobs } from '../strategies/arb/arbKnobs.ts';
import type { NightjarConfig } from './resolveSettings.ts';

/** One arbitrage bot of the tree. */
export interface ArbInstance {
  /** Tree id, `bot:arb:SOL`. */
  readonly id: string;
  readonly symbol: string;
  /** `SOL/USDT` */
  readonly pair: string;
  /** `amount` 0 means "worth the same as SOL's": the lane resolves it when it knows both prices. */
  readonly knobs: ArbKnobs;
}

/** In the order of `bots.arb.symbols`, which is also the order of permit slots. */
export function arbInstances(config: NightjarConfig): ArbInstance[] {
  return config.bots.arb.symbols.map((symbol) => ({
    id: `bot:arb:${symbol}`,
    symbol,
    pair: `${symbol}/USDT`,
    knobs: config.bots.arb.instances[symbol]!,
  }));
}
