import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Replaces `path` by `text` so that a reader, also one after a power loss, finds the old content or the new one, never
 * a part: written beside, synced, renamed over, then the folder's own entry is synced.
 *
 * @param mode  permission bits of the new file
 * @throws the system's error (ENOSPC, EROFS …); the old content is then untouched
 */
export function writeFileDurably(path: string, text: string, mode = 0o644): void {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(beside, 'w', mode);
    try {
      writeAll(file, Buffer.from(text));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Makes what a file holds survive a power loss, whoever wrote it. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes created, renamed and removed entries of a folder survive a power loss. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** A write may take fewer bytes than asked, on a nearly full disk for one: goes on until all are taken. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done);
}
