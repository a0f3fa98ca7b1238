export interface StatusDelta {
  /** JSON pointer (RFC 6901) → the value that now stands there. */
  readonly set: Readonly<Record<string, unknown>>;
  readonly unset: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * What differs between two status texts' objects, down to the second level: a bot, a feed, a thread. What a reader
 * missed lies in the next delta, since it is always taken against what that reader was last sent.
 *
 * @returns null when nothing differs
 */
export function statusDelta(before: Fields, after: Fields): StatusDelta | null {
  const set: Record<string, unknown> = {};
  const unset: string[] = [];
  compare('', before, after, 2);
  return Object.keys(set).length === 0 && unset.length === 0 ? null : { set, unset };

  function compare(path: string, old: Fields, now: Fields, depth: number): void {
    for (const key of Object.keys(old)) if (!Object.hasOwn(now, key)) unset.push(path + pointer(key));
    for (const [key, value] of Object.entries(now)) {
      const was = old[key];
      if (JSON.stringify(was) === JSON.stringify(value)) continue;
      if (depth > 1 && isFields(was) && isFields(value)) compare(path + pointer(key), was, value, depth - 1);
      else set[path + pointer(key)] = value;
    }
  }
}

const pointer = (key: string) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
