import { hash32 } from '../../domain/random.ts';
import type { ChildState } from './supervisorState.ts';

/** Where a child stands in the start order, and what is known of it. */
interface Entry {
  readonly id: string;
  readonly order: number;
  readonly child: ChildState;
}

/** A few entries, or 32 nodes chosen by the next five bits of the id's hash. Never changed once made. */
type Node = { readonly entries: readonly Entry[] } | { readonly nodes: readonly (Node | null)[] };

const BITS = 5;
const FANOUT = 1 << BITS;
const MAX_ENTRIES = 8;
/** Below this no bits of the hash are left: entries of equal hash share a leaf. */
const MAX_SHIFT = 30;
const EMPTY: Node = { entries: [] };

/** The children of a supervisor as a table that others may read. */
export type ReadonlyChildTable = Pick<ChildTable, 'get' | 'has' | 'size' | 'keys' | 'values' | 'copy'>;

/**
 * Children by id, listed in the order in which they were first set. A copy costs nothing and shares what is not changed,
 * so that deciding one event costs the same with ten children and with ten thousand.
 *
 * @source  Bagwell 2001, "Ideal hash trees" (path copying)
 */
export class ChildTable {
  private root: Node = EMPTY;
  private nextOrder = 0;
  private count = 0;
  private aliveCount = 0;
  private busyCount = 0;

  constructor(children: readonly ChildState[] = []) {
    for (const child of children) this.set(child.spec.id, child);
  }

  get size(): number {
    return this.count;
  }

  /** Children of which something may run. */
  get alive(): number {
    return this.aliveCount;
  }

  /** Children that are starting or stopping. */
  get busy(): number {
    return this.busyCount;
  }

  copy(): ChildTable {
    return Object.assign(new ChildTable(), this);
  }

  get(id: string): ChildState | undefined {
    return find(this.root, id)?.child;
  }

  has(id: string): boolean {
    return find(this.root, id) !== undefined;
  }

  /** Place in the start order; -1 for a child that is not there. */
  orderOf(id: string): number {
    return find(this.root, id)?.order ?? -1;
  }

  set(id: string, child: ChildState): void {
    const before = find(this.root, id);
    if (before === undefined) this.count += 1;
    else this.tally(before.child, -1);
    this.tally(child, 1);
    const order = before?.order ?? this.nextOrder;
    if (before === undefined) this.nextOrder += 1;
    this.root = put(this.root, { id, order, child }, hash32(id), 0);
  }

  delete(id: string): boolean {
    const before = find(this.root, id);
    if (before === undefined) return false;
    this.count -= 1;
    this.tally(before.child, -1);
    this.root = remove(this.root, id, hash32(id), 0) ?? EMPTY;
    return true;
  }

  keys(): readonly string[] {
    return this.inOrder().map(({ id }) => id);
  }

  /** All children in start order: costs a sort, so not for every event. */
  values(): readonly ChildState[] {
    return this.inOrder().map(({ child }) => child);
  }

  private inOrder(): Entry[] {
    const entries: Entry[] = [];
    collect(this.root, entries);
    return entries.sort((a, b) => a.order - b.order);
  }

  private tally({ phase }: ChildState, by: 1 | -1): void {
    if (phase === 'starting' || phase === 'stopping') this.busyCount += by;
    if (phase === 'starting' || phase === 'stopping' || phase === 'running') this.aliveCount += by;
  }
}

const slotOf = (hash: number, shift: number): number => (hash >>> shift) & (FANOUT - 1);

function find(root: Node, id: string): Entry | undefined {
  let node: Node | null = root;
  const hash = hash32(id);
  for (let shift = 0; node !== null; shift += BITS) {
    if ('entries' in node) return node.entries.find((entry) => entry.id === id);
    node = node.nodes[slotOf(hash, shift)]!;
  }
  return undefined;
}

function put(node: Node | null, entry: Entry, hash: number, shift: number): Node {
  if (node === null) return { entries: [entry] };
  if ('nodes' in node) {
    const slot = slotOf(hash, shift);
    return { nodes: node.nodes.with(slot, put(node.nodes[slot]!, entry, hash, shift + BITS)) };
  }
  const at = node.entries.findIndex(({ id }) => id === entry.id);
  if (at !== -1) return { entries: node.entries.with(at, entry) };
  const entries = [...node.entries, entry];
  return entries.length <= MAX_ENTRIES || shift > MAX_SHIFT ? { entries } : split(entries, shift);
}

function split(entries: readonly Entry[], shift: number): Node {
  const nodes: (Node | null)[] = new Array<Node | null>(FANOUT).fill(null);
  for (const entry of entries) {
    const hash = hash32(entry.id);
    const slot = slotOf(hash, shift);
    nodes[slot] = put(nodes[slot]!, entry, hash, shift + BITS);
  }
  return { nodes };
}

/** The node without the entry; null when nothing is left in it. */
function remove(node: Node | null, id: string, hash: number, shift: number): Node | null {
  if (node === null) return null;
  if ('entries' in node) {
    const entries = node.entries.filter((entry) => entry.id !== id);
    return entries.length === 0 ? null : { entries };
  }
  const slot = slotOf(hash, shift);
  const nodes = node.nodes.with(slot, remove(node.nodes[slot]!, id, hash, shift + BITS));
  return nodes.every((each) => each === null) ? null : { nodes };
}

function collect(node: Node | null, into: Entry[]): void {
  if (node === null) return;
  if ('entries' in node) into.push(...node.entries);
  else for (const each of node.nodes) collect(each, into);
}
