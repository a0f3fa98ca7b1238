/**
 * One instrument's order book with price-time queues. Prices are ticks, quantities lots, both whole numbers. The
 * market's own liquidity stands in the same queues as our orders (an entry with `order` null), so an order of ours is
 * reached exactly when everything before it has been taken or withdrawn.
 */
export type BookSide = 'bid' | 'ask';

/** What the book needs to know of an order that rests in it. */
export interface RestingOrder {
  readonly side: BookSide;
  readonly tick: number;
  /** Lots still resting; the book counts it down as they are taken. */
  leavesLots: number;
}

interface QueueEntry {
  lots: number;
  readonly order: RestingOrder | null;
}

interface Level {
  lots: number;
  readonly queue: QueueEntry[];
}

interface Side {
  /** Occupied ticks, worst first, so that the best is cheap to add and remove. */
  readonly ticks: number[];
  readonly levels: Map<number, Level>;
  /** Ticks changed since the last `drainChanges`. */
  readonly dirty: Set<number>;
  /** +1 bids, −1 asks: key = sign × tick rises towards the best. */
  readonly sign: 1 | -1;
}

/** Called per queue entry taken; `order` null = the market's own liquidity. */
export type OnTaken = (tick: number, lots: number, order: RestingOrder | null) => void;

export type LimitBook = ReturnType<typeof createLimitBook>;

export function createLimitBook() {
  const sides = { bid: createSide(1), ask: createSide(-1) };
  let updateId = 1_000_000;

  const touch = (side: Side, tick: number) => {
    side.dirty.add(tick);
    updateId += 1;
  };

  const levelAt = (side: Side, tick: number): Level => {
    const existing = side.levels.get(tick);
    if (existing !== undefined) return existing;
    const level: Level = { lots: 0, queue: [] };
    side.levels.set(tick, level);
    side.ticks.splice(insertionIndex(side, tick), 0, tick);
    return level;
  };

  const dropIfEmpty = (side: Side, tick: number, level: Level) => {
    if (level.lots > 0) return;
    side.levels.delete(tick);
    side.ticks.splice(insertionIndex(side, tick), 1);
  };

  return {
    /** Rises by one per level change. */
    updateId: () => updateId,
    levelCount: (side: BookSide) => sides[side].ticks.length,
    /** Tick of the level at `rank` (0 = best); NaN beyond the last. */
    tickAt: (side: BookSide, rank: number): number =>
      sides[side].ticks[sides[side].ticks.length - 1 - rank] ?? Number.NaN,
    bestTick: (side: BookSide): number => sides[side].ticks.at(-1) ?? Number.NaN,
    lotsAt: (side: BookSide, tick: number): number => sides[side].levels.get(tick)?.lots ?? 0,
    marketLotsAt: (side: BookSide, tick: number): number =>
      sides[side].levels.get(tick)?.queue.reduce((sum, entry) => sum + (entry.order === null ? entry.lots : 0), 0) ?? 0,

    /** Brings the market's own liquidity at a tick to `lots`: more joins at the tail, less leaves from tail or front. */
    setMarketLots(side: BookSide, tick: number, lots: number, leavesFrom: 'front' | 'back' = 'back'): void {
      const book = sides[side];
      const present = this.marketLotsAt(side, tick);
      if (present === lots) return;
      const level = levelAt(book, tick);
      if (lots > present) {
        const tail = level.queue.at(-1);
        if (tail !== undefined && tail.order === null) tail.lots += lots - present;
        else level.queue.push({ lots: lots - present, order: null });
      } else {
        withdrawMarketLots(level, present - lots, leavesFrom);
      }
      level.lots += lots - present;
      touch(book, tick);
      dropIfEmpty(book, tick, level);
    },

    /** Puts an order at the tail of its queue. The caller has made sure that it does not cross. */
    rest(order: RestingOrder): void {
      const book = sides[order.side];
      const level = levelAt(book, order.tick);
      level.queue.push({ lots: order.leavesLots, order });
      level.lots += order.leavesLots;
      touch(book, order.tick);
    },

    /** Takes a resting order out. @returns the lots that were still resting, 0 when it is not in the book */
    remove(order: RestingOrder): number {
      const book = sides[order.side];
      const level = book.levels.get(order.tick);
      const index = level?.queue.findIndex((entry) => entry.order === order) ?? -1;
      if (level === undefined || index < 0) return 0;
      const [entry] = level.queue.splice(index, 1);
      level.lots -= entry!.lots;
      touch(book, order.tick);
      dropIfEmpty(book, order.tick, level);
      return entry!.lots;
    },

    /** Lots on `side` at `limitTick` or better, counted up to `enough`. */
    lotsWithin(side: BookSide, limitTick: number, enough = Number.POSITIVE_INFINITY): number {
      const book = sides[side];
      let sum = 0;
      for (let i = book.ticks.length - 1; i >= 0 && sum < enough; i -= 1) {
        const tick = book.ticks[i]!;
        if (book.sign * tick < book.sign * limitTick) break;
        sum += book.levels.get(tick)!.lots;
      }
      return sum;
    },

    /** Takes up to `maxLots` from `side`, best price first, first come first served, none worse than `limitTick`. */
    take(side: BookSide, maxLots: number, limitTick: number, onTaken: OnTaken): number {
      const book = sides[side];
      let left = maxLots;
      while (left > 0 && book.ticks.length > 0) {
        const tick = book.ticks.at(-1)!;
        if (book.sign * tick < book.sign * limitTick) break;
        const level = book.levels.get(tick)!;
        left -= takeFromLevel(level, left, tick, onTaken);
        touch(book, tick);
        dropIfEmpty(book, tick, level);
      }
      return maxLots - left;
    },

    /** Our orders that rest on `side` at `limitTick` or better, best first, in queue order. */
    ordersWithin(side: BookSide, limitTick: number): RestingOrder[] {
      const book = sides[side];
      const found: RestingOrder[] = [];
      for (let i = book.ticks.length - 1; i >= 0; i -= 1) {
        const tick = book.ticks[i]!;
        if (book.sign * tick < book.sign * limitTick) break;
        for (const entry of book.levels.get(tick)!.queue) if (entry.order !== null) found.push(entry.order);
      }
      return found;
    },

    dirtyCount: () => sides.bid.dirty.size + sides.ask.dirty.size,

    /** `[tick, lots]` of each level changed since the last drain, 0 lots = gone. */
    drainChanges(side: BookSide): [tick: number, lots: number][] {
      const book = sides[side];
      const changes: [number, number][] = [];
      for (const tick of book.dirty) changes.push([tick, book.levels.get(tick)?.lots ?? 0]);
      book.dirty.clear();
      return changes;
    },

    /** The best `depth` levels, best first. */
    top(side: BookSide, depth: number): [tick: number, lots: number][] {
      const book = sides[side];
      const levels: [number, number][] = [];
      for (let i = book.ticks.length - 1; i >= 0 && levels.length < depth; i -= 1) {
        const tick = book.ticks[i]!;
        levels.push([tick, book.levels.get(tick)!.lots]);
      }
      return levels;
    },
  };
}

const createSide = (sign: 1 | -1): Side => ({ ticks: [], levels: new Map(), dirty: new Set(), sign });

/** Index of `tick` in the worst-first list, or where it belongs. */
function insertionIndex(side: Side, tick: number): number {
  const key = side.sign * tick;
  let low = 0;
  let high = side.ticks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (side.sign * side.ticks[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function withdrawMarketLots(level: Level, lots: number, leavesFrom: 'front' | 'back'): void {
  let left = lots;
  const indices = level.queue.map((_, index) => index).filter((index) => level.queue[index]!.order === null);
  if (leavesFrom === 'back') indices.reverse();
  for (const index of indices) {
    const entry = level.queue[index]!;
    const withdrawn = Math.min(entry.lots, left);
    entry.lots -= withdrawn;
    left -= withdrawn;
    if (left === 0) break;
  }
  for (let i = level.queue.length - 1; i >= 0; i -= 1) if (level.queue[i]!.lots === 0) level.queue.splice(i, 1);
}

function takeFromLevel(level: Level, maxLots: number, tick: number, onTaken: OnTaken): number {
  let left = maxLots;
  while (left > 0 && level.queue.length > 0) {
    const entry = level.queue[0]!;
    const lots = Math.min(entry.lots, left);
    entry.lots -= lots;
    level.lots -= lots;
    left -= lots;
    if (entry.order !== null) entry.order.leavesLots -= lots;
    if (entry.lots === 0) level.queue.shift();
    onTaken(tick, lots, entry.order);
  }
  return maxLots - left;
}
