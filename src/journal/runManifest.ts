import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NightjarError } from '../domain/errors.ts';
import { writeFileDurably } from './durableFile.ts';

export const MANIFEST_VERSION = 1;

/** `running` in the file of a run that nobody runs any more means: it was killed. */
export type RunEnd = 'running' | 'clean' | 'crash-recovered' | 'failed' | 'quarantined';

export interface RunIncarnation {
  readonly incarnation: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** `killed`: found dead by the next incarnation or the guardian. */
  readonly ended: 'running' | 'clean' | 'failed' | 'killed';
}

/** `manifest.json` of a run: what it was made of and how it ended. Times are wall-clock epoch ms on both clocks. */
export interface RunManifest {
  readonly manifestVersion: number;
  /** Name of the run without a folder suffix: equal for equal virtual runs. */
  readonly run: string;
  /** The folder under `runs/`. */
  readonly folder: string;
  readonly runTag: string;
  readonly nightjarVersion: string;
  readonly nodeVersion: string;
  readonly timeZoneData: string;
  /** SHA-256 of package-lock.json; null in an installed package, which carries none. */
  readonly lockfileHash: string | null;
  readonly configHash: string;
  readonly config: unknown;
  /** SHA-256 per machine, by name. */
  readonly machineHashes: Readonly<Record<string, string>>;
  readonly seed: number | string;
  readonly clock: 'wall' | 'virtual';
  readonly mode: string;
  readonly env: string;
  readonly parentRun: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly ended: RunEnd;
  /** Why a run's journal is not to be written or pruned any more. */
  readonly quarantine?: { readonly reason: string; readonly atMs: number };
  readonly incarnations: readonly RunIncarnation[];
}

export function manifestPath(runDir: string): string {
  return join(runDir, 'manifest.json');
}

export function writeManifest(runDir: string, manifest: RunManifest): void {
  writeFileDurably(manifestPath(runDir), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** @throws NightjarError data.unreadable | schema.newer */
export function readManifest(runDir: string): RunManifest {
  const path = manifestPath(runDir);
  const refuse = (what: string, cause?: unknown) =>
    new NightjarError('data.unreadable', `${path} ${what}: name another run, or restore the file`, { path }, cause);
  let parsed: Partial<RunManifest> | null;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8')) as Partial<RunManifest> | null;
  } catch (error) {
    throw refuse(existsSync(path) ? 'is no JSON' : 'does not exist', error);
  }
  const version = parsed?.manifestVersion;
  if (parsed === null || typeof version !== 'number') throw refuse('is no manifest of a run');
  if (version > MANIFEST_VERSION) {
    throw new NightjarError(
      'schema.newer',
      `${path} has manifest version ${version}, this Nightjar reads up to ${MANIFEST_VERSION}: use the Nightjar that wrote it`,
      { path, fileVersion: version, knownVersion: MANIFEST_VERSION },
    );
  }
  for (const key of ['run', 'folder', 'runTag', 'startedAtMs', 'ended', 'clock'] as const) {
    if (parsed[key] === undefined) throw refuse(`lacks "${key}"`);
  }
  return parsed as RunManifest;
}

/** Reads, changes and writes a manifest; its one writer is whoever holds the data directory's lock. */
export function updateManifest(runDir: string, change: (manifest: RunManifest) => RunManifest): RunManifest {
  const changed = change(readManifest(runDir));
  writeManifest(runDir, changed);
  return changed;
}

/** Adds the next incarnation; one before it that still counts as running was killed. */
export function beginIncarnation(manifest: RunManifest, startedAtMs: number): RunManifest {
  const before = manifest.incarnations.map((one) =>
    one.ended === 'running' ? { ...one, ended: 'killed' as const, endedAtMs: startedAtMs } : one,
  );
  const next: RunIncarnation = { incarnation: before.length + 1, startedAtMs, endedAtMs: null, ended: 'running' };
  return { ...manifest, incarnations: [...before, next], ended: 'running', endedAtMs: null };
}

/** Ends the run. A clean end after a killed or failed incarnation is `crash-recovered`. */
export function endRun(manifest: RunManifest, ended: 'clean' | 'failed', endedAtMs: number): RunManifest {
  const incarnations = manifest.incarnations.map((one) =>
    one.ended === 'running' ? { ...one, ended, endedAtMs } : one,
  );
  const crashed = incarnations.some((one) => one.ended === 'killed' || one.ended === 'failed');
  const runEnd: RunEnd = ended === 'failed' ? 'failed' : crashed ? 'crash-recovered' : 'clean';
  return { ...manifest, incarnations, ended: runEnd, endedAtMs };
}

/** Marks a run whose journal was refused: from now on nobody writes to it, what can be read of it is read. */
export function quarantineRun(manifest: RunManifest, reason: string, atMs: number): RunManifest {
  return { ...endRun(manifest, 'failed', atMs), ended: 'quarantined', quarantine: { reason, atMs } };
}

/** What a replay must match: versions of Nightjar, Node, lockfile and time-zone data. */
export function buildIdentity(
  projectRoot: string,
): Pick<RunManifest, 'nightjarVersion' | 'nodeVersion' | 'timeZoneData' | 'lockfileHash'> {
  const lockfile = join(projectRoot, 'package-lock.json');
  const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };
  return {
    nightjarVersion: manifest.version,
    nodeVersion: process.versions.node,
    timeZoneData: process.versions.tz ?? 'unknown',
    lockfileHash: existsSync(lockfile) ? createHash('sha256').update(readFileSync(lockfile)).digest('hex') : null,
  };
}
