import { type AmountE12, toE12 } from './amounts.ts';

export interface SimHolding {
  readonly asset: string;
  readonly free: AmountE12;
  readonly locked: AmountE12;
}

/** One venue's account of ours. What an open order may cost is locked until the order ends. */
export function createSimAccount(start: Readonly<Record<string, number>>) {
  const holdings = new Map<string, { free: AmountE12; locked: AmountE12 }>();
  const holdingOf = (asset: string) => {
    let holding = holdings.get(asset);
    if (holding === undefined) {
      holding = { free: 0n, locked: 0n };
      holdings.set(asset, holding);
    }
    return holding;
  };
  for (const [asset, amount] of Object.entries(start)) holdingOf(asset).free = toE12(amount);

  return {
    freeOf: (asset: string): AmountE12 => holdings.get(asset)?.free ?? 0n,
    /** Adds to what is free; negative = spends. */
    credit(asset: string, amount: AmountE12): void {
      holdingOf(asset).free += amount;
    },
    lock(asset: string, amount: AmountE12): void {
      const holding = holdingOf(asset);
      holding.free -= amount;
      holding.locked += amount;
    },
    unlock(asset: string, amount: AmountE12): void {
      this.lock(asset, -amount);
    },
    list: (): SimHolding[] => [...holdings].map(([asset, { free, locked }]) => ({ asset, free, locked })),
  };
}

export type SimAccount = ReturnType<typeof createSimAccount>;
