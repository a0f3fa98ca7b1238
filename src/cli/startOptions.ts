import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { arbInstances } from '../config/arbInstances.ts';
import type { NightjarConfig } from '../config/loadConfig.ts';
import { NightjarError } from '../domain/errors.ts';
import type { Drill } from '../guardian/coreMessages.ts';
import { THREAD_DRILLS } from '../workers/threadDrill.ts';
import type { ConfigOptions } from './configOptions.ts';

export interface StartOptions extends ConfigOptions {
  readonly for?: string;
  readonly summary?: string;
  readonly json?: boolean;
  readonly drill: readonly string[];
  readonly coreRestarts?: string;
  readonly faults?: string;
  /** `--no-guardian` gives false. */
  readonly guardian: boolean;
}

/** `90s`, `10m`, `2h`, `500ms`, or a plain number of seconds. */
export function parseDuration(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? 's']!;
  const durationMs = match === null ? Number.NaN : Number(match[1]) * unitMs;
  if (!(durationMs >= 1000)) {
    throw new NightjarError('config.invalid', `${flag} "${text}": give at least one second, like 90s, 10m or 2h`);
  }
  return durationMs;
}

/** `3/60s`: so many deaths of the core within that time are followed by a restart. */
export function parseCoreRestarts(text: string): { most: number; withinMs: number } {
  const [count = '', time = ''] = text.split('/');
  if (!/^[1-9]\d*$/.test(count) || time === '') {
    throw new NightjarError('config.invalid', `--core-restarts "${text}": give count/time, like 3/60s`);
  }
  return { most: Number(count), withinMs: parseDuration('--core-restarts', time) };
}

/** `20s:lane:0` crashes it at that time, `20s:lane:0=spin` makes its thread spin. */
export function parseDrill(text: string, id: number): Drill {
  const split = text.indexOf(':');
  if (split < 1) throw new NightjarError('config.invalid', `--drill "${text}": give time:target, like 20s:lane:0`);
  const [target = '', mode] = text.slice(split + 1).split('=');
  if (mode !== undefined && !THREAD_DRILLS.some((known) => known === mode)) {
    throw new NightjarError(
      'config.invalid',
      `--drill "${text}": mode ${mode} is unknown; use one of ${THREAD_DRILLS.join(', ')}, or none to crash it`,
    );
  }
  const atMs = parseDuration('--drill', text.slice(0, split));
  return { id, atMs, target, ...(mode === undefined ? {} : { mode }) };
}

/** What would only show at the end of the run, or never. @throws NightjarError config.invalid */
export function refuseBadStart(options: StartOptions, drills: readonly Drill[], config: NightjarConfig): void {
  if (config.env !== 'sim' || config.mode !== 'live') {
    throw new NightjarError(
      'config.invalid',
      `mode ${config.mode} on env ${config.env} is not in this version: only mode live on the embedded venues (env sim) is; leave both at their defaults`,
    );
  }
  if (options.summary !== undefined && !existsSync(dirname(resolve(options.summary)))) {
    throw new NightjarError(
      'config.invalid',
      `--summary ${options.summary}: its folder does not exist; make it, or name another`,
    );
  }
  for (const drill of drills) refuseBadDrill(drill, config);
}

function refuseBadDrill({ target, mode }: Drill, config: NightjarConfig): void {
  const threads = ['edge', 'journal', 'gateway', 'lane:0'];
  const bots = arbInstances(config).map(({ id }) => id);
  const targets = mode === undefined ? [...threads, 'risk', 'lanes', 'bots', ...bots, 'control'] : ['core', ...threads];
  if (mode !== undefined && config.clock === 'virtual') {
    throw new NightjarError(
      'config.invalid',
      `--drill mode ${mode}: a virtual run has no threads that could; drop "=${mode}", or use --clock wall`,
    );
  }
  if (targets.includes(target) || targets.includes(`bot:${target}`)) return;
  const what = mode === undefined ? 'is no part of the tree' : 'has no thread of its own';
  throw new NightjarError('config.invalid', `--drill target "${target}" ${what}; use one of ${targets.join(', ')}`);
}
