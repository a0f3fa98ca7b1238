import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { NightjarError } from '../domain/errors.ts';
import { syncFolder } from './durableFile.ts';

export interface DataLock {
  /** Gives the directory free; does nothing when the lock is no longer this one. */
  release(): void;
}

interface LockHolder {
  readonly pid: number;
  readonly startedAtMs: number;
  /** Start of the process in kernel ticks, so that a pid that was given to somebody else is not taken for the holder. */
  readonly processStart: string | null;
}

/**
 * Claims a data directory for this process. The lock file is linked into place whole, so of two starts one wins; a lock
 * whose process is gone is taken over.
 *
 * @throws NightjarError data.locked, naming the pid that holds it
 */
export function lockDataDir(path: string, nowMs: number, pid = process.pid): DataLock {
  const own: LockHolder = { pid, startedAtMs: nowMs, processStart: processStartOf(pid) };
  const text = `${JSON.stringify(own)}\n`;
  const beside = `${path}.${pid}.new`;
  writeFileSync(beside, text, { mode: 0o644 });
  try {
    // Each round either links, meets a living holder, or removes one dead lock; a third dead one in a row is odd.
    for (let round = 0; round < 3; round += 1) {
      if (linkInto(beside, path)) {
        syncFolder(dirname(path));
        return { release: () => releaseLock(path, text) };
      }
      const held = readHolder(path);
      if (held !== null && isAlive(held.holder)) throw locked(path, held.holder);
      if (held !== null) setAside(path, held.text, pid);
    }
    throw new NightjarError('data.locked', `${path} changes hands too often: try again`, { path });
  } finally {
    rmSync(beside, { force: true });
  }
}

/** The pid of the living process that holds the lock, or null. */
export function lockHolderPid(path: string): number | null {
  const holder = readHolder(path)?.holder ?? null;
  return isAlive(holder) ? holder!.pid : null;
}

function linkInto(beside: string, path: string): boolean {
  try {
    linkSync(beside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Null when the lock vanished in the meantime. Unreadable content has no living holder. */
function readHolder(path: string): { text: string; holder: LockHolder | null } | null {
  try {
    const text = readFileSync(path, 'utf8');
    try {
      const parsed = JSON.parse(text) as Partial<LockHolder> | null;
      if (!Number.isInteger(parsed?.pid)) return { text, holder: null };
      const { pid, startedAtMs = 0, processStart = null } = parsed as LockHolder;
      return { text, holder: { pid, startedAtMs, processStart } };
    } catch {
      return { text, holder: null };
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Another start may have taken the dead lock over since it was read: what was moved away is looked at, and put back if it lives. */
function setAside(path: string, deadText: string, pid: number): void {
  const aside = `${path}.${pid}.dead`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (readFileSync(aside, 'utf8') !== deadText) linkInto(aside, path);
  rmSync(aside, { force: true });
}

function releaseLock(path: string, text: string): void {
  if (readHolder(path)?.text === text) rmSync(path, { force: true });
}

function isAlive(holder: LockHolder | null): boolean {
  if (holder === null) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const start = processStartOf(holder.pid);
  if (start === 'zombie') return false;
  return start === null || holder.processStart === null || start === holder.processStart;
}

/** Field 22 of `/proc/PID/stat` (proc(5)); null where there is no /proc. A zombie holds nothing any more. */
function processStartOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'zombie' : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function locked(path: string, holder: LockHolder | null): NightjarError {
  const pid = holder?.pid;
  return new NightjarError(
    'data.locked',
    `${dirname(path)} is in use by the process with pid ${pid}: stop it first, or give this start another directory with --data`,
    { path, pid },
  );
}
