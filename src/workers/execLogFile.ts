import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder, writeAll } from '../journal/durableFile.ts';

export interface ExecLogFile {
  /** Appends whole lines and returns once they are durable. @throws the system's error, ENOSPC for one */
  append(lines: readonly string[]): void;
  close(): void;
}

/** Opens `exec_log.jsonl` for appending. A last line that a dead writer left without its end is cut off first. */
export function openExecLogFile(path: string): ExecLogFile {
  const file = openSync(path, 'a+', 0o644);
  cutTornTail(file);
  syncFolder(dirname(path));
  return {
    append(lines) {
      if (lines.length === 0) return;
      writeAll(file, Buffer.from(`${lines.join('\n')}\n`));
      fdatasyncSync(file);
    },
    close: () => closeSync(file),
  };
}

const CHUNK_BYTES = 64 * 1024;

function cutTornTail(file: number): void {
  const size = fstatSync(file).size;
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const read = readSync(file, chunk, 0, end - start, start);
    const newline = chunk.subarray(0, read).lastIndexOf(0x0a);
    if (newline >= 0) {
      if (start + newline + 1 < size) ftruncateSync(file, start + newline + 1);
      return;
    }
    end = start;
  }
  if (size > 0) ftruncateSync(file, 0);
}
