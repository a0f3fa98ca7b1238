/** A member as it is written, in sorted place. */
interface Label {
  readonly key: string;
  /** `"key":` */
  readonly text: string;
}

/** Objects of one kind list their keys alike: a path of keys leads to the order in which they are written. */
interface Shape {
  readonly next: Map<string, Shape>;
  labels: readonly Label[] | null;
}

/** Rows have a few hundred shapes; what a payload from outside adds is bounded, and sorted each time beyond that. */
const MOST_SHAPES = 16_384;
const root: Shape = { next: new Map(), labels: null };
let shapes = 1;
/** ASCII text in which nothing is escaped. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** JSON with sorted keys: the form in which rows are hashed and compared. @throws TypeError on a value JSON cannot hold */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return PLAIN.test(value) ? `"${value}"` : JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} cannot be journalled`);
      return String(value);
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? `[${value.map(canonicalJson).join(',')}]` : canonicalMembers(value);
    default:
      throw new TypeError(`a ${typeof value} cannot be journalled`);
  }
}

/** One string that grows: lists of entries, filtered, sorted and joined, cost half as much again for each row. */
function canonicalMembers(value: object): string {
  const members = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(members);
  let text = '';
  for (const { key, text: label } of labelsOf(keys)) {
    const member = members[key];
    if (member === undefined) continue;
    text += (text === '' ? '{' : ',') + label + canonicalJson(member);
  }
  return text === '' ? '{}' : `${text}}`;
}

/** Sorting and quoting the keys is half of the work, so it is done once for each shape. */
function labelsOf(keys: readonly string[]): readonly Label[] {
  let shape = root;
  for (const key of keys) {
    let next = shape.next.get(key);
    if (next === undefined) {
      if (shapes >= MOST_SHAPES) return sortedLabels(keys);
      next = { next: new Map(), labels: null };
      shape.next.set(key, next);
      shapes += 1;
    }
    shape = next;
  }
  shape.labels ??= sortedLabels(keys);
  return shape.labels;
}

function sortedLabels(keys: readonly string[]): readonly Label[] {
  return [...keys].sort().map((key) => ({ key, text: `${JSON.stringify(key)}:` }));
}
