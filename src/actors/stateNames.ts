import type { StateValue } from 'xstate';

/** A state value as text: `go.lastLook`; the regions of a parallel state stand between bars: `a.x|b.y`. */
export function stateName(value: StateValue): string {
  if (typeof value === 'string') return value;
  return Object.entries(value)
    .map(([key, inner]) => {
      const name = inner === undefined ? '' : stateName(inner);
      return name === '' ? key : `${key}.${name}`;
    })
    .join('|');
}

/** Equal as states, whatever objects hold them. */
export function isSameState(a: StateValue, b: StateValue): boolean {
  if (a === b) return true;
  if (typeof a === 'string' || typeof b === 'string') return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => isSameInner(a[key], b[key]));
}

const isSameInner = (a: StateValue | undefined, b: StateValue | undefined) =>
  a !== undefined && b !== undefined && isSameState(a, b);
