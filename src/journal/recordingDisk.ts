import { closeSync, fdatasyncSync, ftruncateSync, openSync, statfsSync } from 'node:fs';
import { writeAll } from './durableFile.ts';
import type { RecordingDisk } from './recordingPart.ts';

/** The real disk. `wx`: no recording is ever written over another. */
export const realDisk: RecordingDisk = {
  create: (path) => openSync(path, 'wx', 0o644),
  write: writeAll,
  truncate: ftruncateSync,
  sync: fdatasyncSync,
  close: closeSync,
  freeBytes(folder) {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  },
};
