import { closeSync, existsSync, fstatSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';

/** A log file of this size is set aside. */
export const LOG_FILE_BYTES = 100 * 2 ** 20;
/** Files set aside: `log.jsonl.1` is the newest; the one behind the last goes. */
export const LOG_FILES_KEPT = 5;
/** A lock that is older than the last line by this much was left by a thread that died in between. */
const STALE_LOCK_MS = 10_000;

export interface LogFile {
  /** One write; several threads and processes may append to the same path. @throws the system's error */
  write(text: string): void;
  close(): void;
}

export interface LogFileLimits {
  readonly maxBytes: number;
  readonly kept: number;
}

/**
 * A file that is appended to by whoever opens it, and set aside when it is full. Before each write the path is looked at:
 * another writer may have set the file aside since. Of two that find it full one gets the lock, the other goes on with
 * the old file until its next line, so that no line is lost.
 *
 * @throws the system's error when the file cannot be opened
 */
export function openLogFile(
  path: string,
  { maxBytes, kept }: LogFileLimits = { maxBytes: LOG_FILE_BYTES, kept: LOG_FILES_KEPT },
): LogFile {
  let fd = openSync(path, 'a', 0o600);
  let inode = fstatSync(fd).ino;

  const reopen = () => {
    const next = openSync(path, 'a', 0o600);
    closeSync(fd);
    fd = next;
    inode = fstatSync(fd).ino;
  };
  const look = () => {
    const now = statSync(path, { throwIfNoEntry: false });
    if (now !== undefined && now.ino === inode && now.size >= maxBytes) setAside(path, inode, kept);
    if (now === undefined || now.ino !== inode || now.size >= maxBytes) reopen();
  };
  return {
    write(text) {
      try {
        look();
      } catch {
        // No new file can be had: better a line in the old one than none.
      }
      writeSync(fd, text);
    },
    close: () => closeSync(fd),
  };
}

function setAside(path: string, inode: number, kept: number): void {
  const lock = `${path}.lock`;
  if (!takeLock(path, lock)) return;
  try {
    // Somebody may have been faster between the look and the lock.
    if (statSync(path).ino !== inode) return;
    rmSync(`${path}.${kept}`, { force: true });
    for (let number = kept - 1; number >= 1; number -= 1) {
      if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
    }
    renameSync(path, `${path}.1`);
  } finally {
    rmSync(lock, { force: true });
  }
}

function takeLock(path: string, lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const left = statSync(lock, { throwIfNoEntry: false });
    // Lines went on into the full file for long after: whoever took the lock is gone.
    if (left !== undefined && statSync(path).mtimeMs - left.mtimeMs > STALE_LOCK_MS) rmSync(lock, { force: true });
    return false;
  }
}
