import type { KnobFinding } from '../domain/knobs.ts';
import { nearestName } from './nearestName.ts';
import type { Assignment } from './readSetting.ts';
import { settingPaths } from './settingPaths.ts';

/** Variables with our prefix that are not settings. */
const RESERVED: ReadonlySet<string> = new Set(['NIGHTJAR_CONFIG', 'NIGHTJAR_REQUIRE_REAL']);

/** Short names that the bots' owners know, and what they set. */
const ALIASES: Readonly<Record<string, { readonly path: string; readonly scale: number }>> = {
  NET_EDGE_MIN_BPS: { path: 'bots.arb.netEdgeMinBps', scale: 1 },
  GUARD_SEC: { path: 'bots.arb.guardMs', scale: 1000 },
  MAX_NOTIONAL: { path: 'bots.arb.maxNotional', scale: 1 },
};

/** Short names of bots that later versions bring: setting one now would do nothing, so it is refused. */
const LATER_ALIASES: Readonly<Record<string, string>> = {
  ALIGN_MS: 'snipe',
  KEEP_CONFIRM_MS: 'snipe',
  JOIN_WINDOW_MS: 'snipe',
  TTL_MS: 'snipe',
  REQUIRE_PAIR: 'snipe',
  REPLAY_MODE: 'snipe',
  CANARY_ENABLED: 'short',
  CANARY_RATIO: 'short',
};

/** `bots.arb.netEdgeMinBps` → `NIGHTJAR_BOTS_ARB_NET_EDGE_MIN_BPS`. */
export function envNameOf(path: string): string {
  const words = path.split('.').map((part) => part.replace(/([a-z0-9])([A-Z])/g, '$1_$2'));
  return `NIGHTJAR_${words.join('_').toUpperCase()}`;
}

export const aliasesOf = (path: string) => Object.keys(ALIASES).filter((name) => ALIASES[name]!.path === path);

const pathByKey: ReadonlyMap<string, string> = new Map(settingPaths.map(({ path }) => [keyOf(envNameOf(path)), path]));

/** What the environment sets, short names first, so that the full name of the same setting wins. Empty = not set. */
export function readConfigEnv(env: Readonly<Record<string, string | undefined>>): {
  readonly assignments: Assignment[];
  readonly findings: KnobFinding[];
} {
  const assignments: Assignment[] = [];
  const findings: KnobFinding[] = [];
  const refuse = (path: string, value: string, limit: string, remedy: string) =>
    findings.push({ severity: 'refuse', path, value, limit, remedy });

  for (const [name, bot] of Object.entries(LATER_ALIASES)) {
    const value = env[name];
    if (value !== undefined && value !== '') {
      refuse(name, value, `belongs to the bot "${bot}", which is not in this version`, `unset ${name}`);
    }
  }
  for (const [name, { path, scale }] of Object.entries(ALIASES)) {
    const value = env[name];
    if (value === undefined || value === '') continue;
    const isNumber = value.trim() !== '' && Number.isFinite(Number(value));
    const raw = scale !== 1 && isNumber ? String(Number(value) * scale) : value;
    assignments.push({ path, raw, isText: true, origin: 'env', where: name });
  }
  for (const name of Object.keys(env).sort()) {
    const value = env[name];
    if (!name.startsWith('NIGHTJAR_') || RESERVED.has(name) || value === undefined || value === '') continue;
    const path = pathByKey.get(keyOf(name));
    if (path !== undefined) {
      assignments.push({ path, raw: value, isText: true, origin: 'env', where: name });
      continue;
    }
    const nearest = nearestName(name, [...settingPaths.map((known) => envNameOf(known.path)), ...RESERVED]);
    refuse(name, value, 'not a setting', nearest === null ? `unset ${name}` : `did you mean ${nearest}?`);
  }
  return { assignments, findings };
}

/** Underscores fall where words meet; without them both spellings of a path are the same. */
function keyOf(name: string): string {
  return name.slice('NIGHTJAR_'.length).replaceAll('_', '').toLowerCase();
}
