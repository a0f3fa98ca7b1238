import { CONTROL_ACTIONS, type ControlAction, REFUSED_ACTIONS } from '../telemetry/metrics.ts';

/** A control message as it came in, before it has an author. */
export interface ControlRequest {
  readonly id: string | null;
  readonly action: ControlAction;
  readonly target?: string;
  readonly reason: string;
  readonly args: Readonly<Record<string, unknown>>;
}

const FIELDS = ['id', 'action', 'target', 'reason', 'args'];
const KNOWN = CONTROL_ACTIONS.filter((action) => !REFUSED_ACTIONS.has(action));
const MAX_ID = 100;
const MAX_REASON = 200;
const MAX_DEPTH = 8;

/** @returns the request, or what is wrong with it: field, value, remedy */
export function parseControlRequest(body: unknown): ControlRequest | string {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return 'the body must be a JSON object such as {"action":"disable_live","reason":"why"}';
  }
  const fields = body as Readonly<Record<string, unknown>>;
  const action = CONTROL_ACTIONS.find((known) => known === fields.action);
  if (action === undefined) return `action ${shown(fields.action)} is unknown: use one of ${KNOWN.join(', ')}`;

  const closes = action === 'disable_live' || action === 'kill';
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name));
  // A stop is never refused over a stray field; anything else might act on the wrong target.
  if (unknown !== undefined && !closes) return `field ${shown(unknown)} is unknown: use ${FIELDS.join(', ')}`;

  const { id = null, target, args = {} } = fields;
  if (id !== null && (typeof id !== 'string' || id === '' || id.length > MAX_ID)) {
    return `id ${shown(id)} must be a text of 1 to ${MAX_ID} characters, or absent`;
  }
  if (target !== undefined && (typeof target !== 'string' || target === '')) {
    return `target ${shown(target)} must be a tree id such as "bot:arb:SOL" or "lane:0", or absent for every bot`;
  }
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    return `args ${shown(args)} must be an object, or absent`;
  }
  // What cannot be journalled cannot be done: 1e999 parses to Infinity, and a tower of brackets overflows the stack.
  if (!isPlain(args, MAX_DEPTH)) return `args must hold finite numbers only, at most ${MAX_DEPTH} levels deep`;
  return {
    id,
    action,
    ...(target === undefined ? {} : { target }),
    reason: cleanReason(fields.reason),
    args: args as Readonly<Record<string, unknown>>,
  };
}

/** One line of text whatever came: a reason must neither forge a log line nor keep a stop from happening. */
export function cleanReason(reason: unknown): string {
  if (typeof reason !== 'string') return 'unspecified';
  const line = reason.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return line === '' ? 'unspecified' : line.slice(0, MAX_REASON);
}

function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((member) => isPlain(member, depth - 1));
}

const shown = (value: unknown) => (value === undefined ? '(absent)' : JSON.stringify(value).slice(0, 100));
