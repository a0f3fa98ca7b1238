/**
 * One side of an order book as a ladder: lots in a flat array indexed by tick around an anchor, so that a change is one
 * store, and a two-level bitmap that finds the next level when the best one goes. Levels outside the window sit in a
 * Map, never price anything, and come in when the window moves.
 *
 * Memory per side: 8 bytes a tick of window (1 MiB at 131 072) plus the bitmaps; the system hands it out as it is touched.
 *
 *     lots   [ 0 0 3 0 … 5 0 ]   one double per tick, base = tick of index 0
 *     words  [ 0b100 … ]         one bit per tick with lots > 0
 *     groups [ 0b1 … ]           one bit per non-zero word
 */
export interface LadderSideOptions {
  /** Ticks in the window: a power of two, at least 2048. */
  readonly windowTicks: number;
  /** Levels kept outside the window; more are counted in `farDropped` and forgotten. */
  readonly maxFarLevels: number;
}

export class LadderSide {
  /** 1 for asks (best = lowest tick), −1 for bids (best = highest). */
  readonly direction: 1 | -1;
  /** Changes that found the far map full. */
  farDropped = 0;
  /** Times the window moved. */
  reanchors = 0;
  readonly #size: number;
  readonly #lots: Float64Array;
  readonly #words: Int32Array;
  readonly #groups: Int32Array;
  readonly #far = new Map<number, number>();
  readonly #maxFar: number;
  #base = 0;
  #count = 0;
  #bestIndex = -1;
  #farIsBetter = false;

  constructor(direction: 1 | -1, options: LadderSideOptions) {
    const { windowTicks } = options;
    if (windowTicks < 2048 || (windowTicks & (windowTicks - 1)) !== 0) {
      throw new RangeError(`windowTicks ${windowTicks} is not a power of two of at least 2048`);
    }
    this.direction = direction;
    this.#size = windowTicks;
    this.#maxFar = options.maxFarLevels;
    this.#lots = new Float64Array(windowTicks);
    this.#words = new Int32Array(windowTicks >> 5);
    this.#groups = new Int32Array(windowTicks >> 10);
  }

  /** Levels in and outside the window. */
  get count(): number {
    return this.#count + this.#far.size;
  }

  /** NaN when the side is empty. */
  get bestTick(): number {
    return this.#bestIndex < 0 ? Number.NaN : this.#base + this.#bestIndex;
  }

  /** 0 when the side is empty. */
  get bestLots(): number {
    return this.#bestIndex < 0 ? 0 : this.#lots[this.#bestIndex]!;
  }

  lotsAt(tick: number): number {
    const index = tick - this.#base;
    return index >= 0 && index < this.#size ? this.#lots[index]! : (this.#far.get(tick) ?? 0);
  }

  clear(): void {
    this.#lots.fill(0);
    this.#words.fill(0);
    this.#groups.fill(0);
    this.#far.clear();
    this.#count = 0;
    this.#bestIndex = -1;
    this.#farIsBetter = false;
  }

  /** Sets each price to its lots (0 removes it); removing what is not there is normal. The best level is right afterwards. */
  apply(ticks: Float64Array, lots: Float64Array, count: number): void {
    if (count > 0 && this.#count === 0 && this.#far.size === 0) this.#anchorAt(ticks[0]!);
    for (let i = 0; i < count; i += 1) {
      const index = ticks[i]! - this.#base;
      if (index >= 0 && index < this.#size) this.#setNear(index | 0, lots[i]!);
      else this.#setFar(ticks[i]!, lots[i]!);
    }
    this.#settle();
  }

  /**
   * Lots taken by trading `notional` (in ticks × lots) from the best level on; NaN when the window holds less.
   * The mean price in ticks is notional ÷ the result.
   */
  lotsForNotional(notional: number): number {
    let left = notional;
    let taken = 0;
    for (let index = this.#bestIndex; index >= 0; index = this.#nextIndex(index)) {
      const tick = this.#base + index;
      const lots = this.#lots[index]!;
      if (tick * lots >= left) return taken + left / tick;
      taken += lots;
      left -= tick * lots;
    }
    return Number.NaN;
  }

  /** All levels, best first, far ones included: for reports and hashes, not for the hot path. */
  levels(): { readonly ticks: Float64Array; readonly lots: Float64Array } {
    const pairs: [number, number][] = [...this.#far];
    for (let index = this.#bestIndex; index >= 0; index = this.#nextIndex(index)) {
      pairs.push([this.#base + index, this.#lots[index]!]);
    }
    pairs.sort((a, b) => (a[0] - b[0]) * this.direction);
    return { ticks: Float64Array.from(pairs, (p) => p[0]), lots: Float64Array.from(pairs, (p) => p[1]) };
  }

  #setNear(index: number, lots: number): void {
    const before = this.#lots[index]!;
    this.#lots[index] = lots;
    if (lots > 0) {
      if (before > 0) return;
      this.#words[index >> 5]! |= 1 << (index & 31);
      this.#groups[index >> 10]! |= 1 << ((index >> 5) & 31);
      this.#count += 1;
      if (this.#bestIndex < 0 || (index - this.#bestIndex) * this.direction < 0) this.#bestIndex = index;
      return;
    }
    if (before <= 0) return;
    const word = this.#words[index >> 5]! & ~(1 << (index & 31));
    this.#words[index >> 5] = word;
    if (word === 0) this.#groups[index >> 10]! &= ~(1 << ((index >> 5) & 31));
    this.#count -= 1;
    if (index === this.#bestIndex) this.#bestIndex = this.#nextIndex(index);
  }

  #setFar(tick: number, lots: number): void {
    if (!(lots > 0)) {
      this.#far.delete(tick);
      return;
    }
    if (this.#far.size >= this.#maxFar && !this.#far.has(tick)) {
      this.farDropped += 1;
      return;
    }
    this.#far.set(tick, lots);
    const best = this.#betterEdge();
    if ((tick - best) * this.direction < 0) this.#farIsBetter = true;
  }

  /** The edge of the window on the better side: a far level beyond it would be the best one. */
  #betterEdge(): number {
    return this.direction === 1 ? this.#base : this.#base + this.#size - 1;
  }

  /** The next worse occupied index, or −1. */
  #nextIndex(index: number): number {
    return this.direction === 1 ? this.#nextAbove(index) : this.#nextBelow(index);
  }

  #nextAbove(index: number): number {
    let word = index >> 5;
    const rest = this.#words[word]! & (-2 << (index & 31));
    if (rest !== 0) return (word << 5) + lowestBit(rest);
    let group = word >> 5;
    let bits = this.#groups[group]! & (-2 << (word & 31));
    while (bits === 0) {
      group += 1;
      if (group >= this.#groups.length) return -1;
      bits = this.#groups[group]!;
    }
    word = (group << 5) + lowestBit(bits);
    return (word << 5) + lowestBit(this.#words[word]!);
  }

  #nextBelow(index: number): number {
    let word = index >> 5;
    const rest = this.#words[word]! & ((1 << (index & 31)) - 1);
    if (rest !== 0) return (word << 5) + highestBit(rest);
    let group = word >> 5;
    let bits = this.#groups[group]! & ((1 << (word & 31)) - 1);
    while (bits === 0) {
      group -= 1;
      if (group < 0) return -1;
      bits = this.#groups[group]!;
    }
    word = (group << 5) + highestBit(bits);
    return (word << 5) + highestBit(this.#words[word]!);
  }

  /** Moves the window when the best level left its middle half, or when the best level is a far one. */
  #settle(): void {
    if (this.#count > 0 && !this.#farIsBetter) {
      const best = this.#bestIndex;
      const quarter = this.#size >> 2;
      if (best >= quarter && best < this.#size - quarter) return;
      // Nothing but this side's best decides; a window already centred as far as it goes (tick 0) stays.
      if (this.#base === centredBase(this.#base + best, this.#size)) return;
    } else if (this.#far.size === 0) return;
    this.#reanchor();
  }

  #reanchor(): void {
    const { ticks, lots } = this.levels();
    this.clear();
    this.reanchors += 1;
    this.#anchorAt(ticks[0]!);
    for (let i = 0; i < ticks.length; i += 1) {
      const index = ticks[i]! - this.#base;
      if (index >= 0 && index < this.#size) this.#setNear(index, lots[i]!);
      else this.#far.set(ticks[i]!, lots[i]!);
    }
  }

  #anchorAt(tick: number): void {
    this.#base = centredBase(tick, this.#size);
  }
}

const centredBase = (tick: number, size: number) => Math.max(0, tick - (size >> 1));

/** Index of the lowest set bit of a non-zero word. */
const lowestBit = (word: number) => 31 - Math.clz32(word & -word);

const highestBit = (word: number) => 31 - Math.clz32(word);
