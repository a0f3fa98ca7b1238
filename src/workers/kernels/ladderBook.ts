import type { LadderSideOptions } from './ladderSide.ts';
import { LadderSide } from './ladderSide.ts';
import type { LevelBuffer } from './levelScanner.ts';

/** 131 072 ticks: at BTC's 0.01 tick 655 USD either side of the best price, 1 MiB a side. */
export const DEFAULT_LADDER: LadderSideOptions = { windowTicks: 1 << 17, maxFarLevels: 1 << 17 };

/** Both sides of one market in ticks and lots. Knows nothing of sequence numbers, trust or units. */
export class LadderBook {
  readonly bids: LadderSide;
  readonly asks: LadderSide;

  constructor(options: LadderSideOptions = DEFAULT_LADDER) {
    this.bids = new LadderSide(-1, options);
    this.asks = new LadderSide(1, options);
  }

  clear(): void {
    this.bids.clear();
    this.asks.clear();
  }

  apply(bids: LevelBuffer, asks: LevelBuffer): void {
    this.bids.apply(bids.ticks, bids.lots, bids.count);
    this.asks.apply(asks.ticks, asks.lots, asks.count);
  }

  replace(bids: LevelBuffer, asks: LevelBuffer): void {
    this.clear();
    this.apply(bids, asks);
  }

  /** Best bid at or above best ask. An empty side is not crossed. */
  isCrossed(): boolean {
    return this.bids.bestTick >= this.asks.bestTick;
  }

  /** Moves the book to finer increments: every price × `ticksPerTick`, every size × `lotsPerLot` (whole numbers). */
  rescale(ticksPerTick: number, lotsPerLot: number): void {
    for (const side of [this.bids, this.asks]) {
      const { ticks, lots } = side.levels();
      side.clear();
      side.apply(
        ticks.map((tick) => tick * ticksPerTick),
        lots.map((count) => count * lotsPerLot),
        ticks.length,
      );
    }
  }
}
