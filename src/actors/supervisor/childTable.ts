import type { ChildState } from './supervisorState.ts';

/** A child and its place in the start order; changed in place by the newest version that holds it. */
interface Entry {
  readonly order: number;
  child: ChildState;
}

/** What one change took away: the child (undefined: there was none) and its place. */
interface Undo {
  readonly id: string;
  readonly order: number;
  readonly child: ChildState | undefined;
}

const NO_CHANGES: readonly Undo[] = [];

/** The children of a supervisor as a table that others may read. */
export type ReadonlyChildTable = Pick<
  ChildTable,
  'get' | 'has' | 'size' | 'keys' | 'values' | 'copy' | typeof Symbol.iterator
>;

/**
 * Children by id, listed in the order in which they were first set. A copy takes the entries over and leaves its original
 * a list of what changed since, so that deciding one event costs the same with ten children and with ten thousand. An
 * original is as it was, but the first look into it costs a walk over all children: only the newest version is fast.
 *
 * @source  Baker 1991, "Shallow binding makes functional arrays fast", without rerooting
 */
export class ChildTable {
  /** Null while a newer version has the entries. */
  #entries: Map<string, Entry> | null;
  /** The version that took the entries over, and what it changed since, oldest first. */
  #newer: ChildTable | null = null;
  #undoToThis: readonly Undo[] = NO_CHANGES;
  /** The list of the version that this one was copied from. */
  #undoOfOlder: Undo[] | null = null;
  #nextOrder = 0;
  #aliveCount = 0;
  #busyCount = 0;
  #count = 0;

  /** @param children  null: the entries come from the version that this one is a copy of */
  constructor(children: readonly ChildState[] | null = []) {
    this.#entries = children === null ? null : new Map();
    for (const child of children ?? []) this.set(child.spec.id, child);
  }

  get size(): number {
    return this.#count;
  }

  /** Children of which something may run. */
  get alive(): number {
    return this.#aliveCount;
  }

  /** Children that are starting or stopping. */
  get busy(): number {
    return this.#busyCount;
  }

  copy(): ChildTable {
    const copy = new ChildTable(null);
    copy.#entries = this.#own();
    const undo: Undo[] = [];
    copy.#undoOfOlder = undo;
    copy.#nextOrder = this.#nextOrder;
    copy.#aliveCount = this.#aliveCount;
    copy.#busyCount = this.#busyCount;
    copy.#count = this.#count;
    this.#entries = null;
    this.#newer = copy;
    this.#undoToThis = undo;
    return copy;
  }

  get(id: string): ChildState | undefined {
    return this.#own().get(id)?.child;
  }

  has(id: string): boolean {
    return this.#own().has(id);
  }

  /** Place in the start order; -1 for a child that is not there. */
  orderOf(id: string): number {
    return this.#own().get(id)?.order ?? -1;
  }

  set(id: string, child: ChildState): void {
    const entries = this.#own();
    const entry = entries.get(id);
    if (entry === undefined) {
      const order = this.#nextOrder;
      this.#nextOrder += 1;
      this.#count += 1;
      this.#undoOfOlder?.push({ id, order, child: undefined });
      entries.set(id, { order, child });
    } else {
      this.#tally(entry.child, -1);
      this.#undoOfOlder?.push({ id, order: entry.order, child: entry.child });
      entry.child = child;
    }
    this.#tally(child, 1);
  }

  delete(id: string): boolean {
    const entries = this.#own();
    const entry = entries.get(id);
    if (entry === undefined) return false;
    this.#count -= 1;
    this.#tally(entry.child, -1);
    this.#undoOfOlder?.push({ id, order: entry.order, child: entry.child });
    return entries.delete(id);
  }

  keys(): readonly string[] {
    return [...this.#own().keys()];
  }

  /** All children in start order: a walk over all, so not for every event. */
  values(): readonly ChildState[] {
    return Array.from(this.#own().values(), ({ child }) => child);
  }

  /** Two tables are equal when they list equal children: who holds the entries is nobody's business. */
  [Symbol.iterator](): Iterator<ChildState> {
    return this.values()[Symbol.iterator]();
  }

  #tally({ phase }: ChildState, by: 1 | -1): void {
    if (phase === 'starting' || phase === 'stopping') this.#busyCount += by;
    if (phase === 'starting' || phase === 'stopping' || phase === 'running') this.#aliveCount += by;
  }

  /** The entries of this very version: those of the newest, with what changed since undone, newest change first. */
  #own(): Map<string, Entry> {
    if (this.#entries !== null) return this.#entries;
    const changes: (readonly Undo[])[] = [];
    let holder: ChildTable = this;
    while (holder.#entries === null) {
      changes.push(holder.#undoToThis);
      holder = holder.#newer!;
    }
    const before = new Map(holder.#entries.entries().map(([id, { order, child }]) => [id, { order, child }]));
    for (const list of changes.reverse()) {
      for (const { id, order, child } of list.toReversed()) {
        if (child === undefined) before.delete(id);
        else before.set(id, { order, child });
      }
    }
    this.#entries = new Map([...before].sort((a, b) => a[1].order - b[1].order));
    this.#newer = null;
    this.#undoToThis = NO_CHANGES;
    return this.#entries;
  }
}
