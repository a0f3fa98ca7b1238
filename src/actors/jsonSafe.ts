const MAX_DEPTH = 6;
const MAX_ITEMS = 64;
const MAX_TEXT = 2000;

/**
 * A copy that JSON, and the journal's canonical form of it, can hold: numbers that JSON lacks become null, bigints
 * strings, functions and what is too deep, too long or circular a short note.
 */
export function toJsonSafe(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return value.length <= MAX_TEXT ? value : `${value.slice(0, MAX_TEXT)}… (${value.length} characters)`;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'boolean':
      return value;
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : copyObject(value, depth);
    default:
      return value === undefined ? null : `(${typeof value})`;
  }
}

function copyObject(value: object, depth: number): unknown {
  if (depth >= MAX_DEPTH) return Array.isArray(value) ? '(list)' : '(object)';
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const items = Array.isArray(value) ? value : Array.from(value as unknown as ArrayLike<unknown>);
    const kept = items.slice(0, MAX_ITEMS).map((item) => toJsonSafe(item, depth + 1));
    return items.length <= MAX_ITEMS ? kept : [...kept, `(${items.length - MAX_ITEMS} more)`];
  }
  if (value instanceof Map) return copyObject(Object.fromEntries(value), depth);
  if (value instanceof Set) return copyObject([...value], depth);
  const copy: Record<string, unknown> = {};
  let kept = 0;
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    if (kept === MAX_ITEMS) break;
    copyMember(copy, key, toJsonSafe(member, depth + 1));
    kept += 1;
  }
  return copy;
}

/** As a property of its own, also where the name means something to objects. */
function copyMember(copy: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') copy[key] = value;
  else Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true });
}
