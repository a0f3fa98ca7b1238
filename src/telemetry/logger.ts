import { closeSync, openSync, writeSync } from 'node:fs';
import { type Logger as PinoLogger, pino } from 'pino';
import type { Logger } from '../domain/ports.ts';
import { createScrubber } from './scrubber.ts';

export interface LoggerOptions {
  /** Appended to; several threads may share one file, since a line is one write. */
  readonly file?: string;
  /** Instead of a file: an open descriptor, which stays the caller's. */
  readonly fd?: number;
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Values that must never be written, whatever field they hide in. More by `keepSecret`. */
  readonly secrets?: readonly string[];
  /** Also to stderr. */
  readonly stderr?: boolean;
  /** On every line: the thread or the incarnation. */
  readonly base?: Readonly<Record<string, unknown>>;
}

export interface FileLogger extends Logger {
  keepSecret(value: string): void;
  /** Lines that could not be written (disk full): the program goes on, the loss is counted. */
  lostLines(): number;
  close(): void;
}

/**
 * pino on a descriptor, written synchronously: a line is on its way before the call returns, also while the main thread
 * spins. The scrubber is the last stage, on the finished line, so that no nesting or spelling of a key gets round it.
 *
 * @throws the system's error when the file cannot be opened
 */
export function createLogger(options: LoggerOptions): FileLogger {
  const scrubber = createScrubber(options.secrets ?? []);
  const ownFd = options.file === undefined ? null : openSync(options.file, 'a', 0o600);
  const fds = [ownFd ?? options.fd, options.stderr === true ? 2 : undefined].filter((fd) => fd !== undefined);
  let lost = 0;
  let closed = false;

  const log: PinoLogger = pino(
    {
      level: options.level,
      base: options.base ?? {},
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'message',
    },
    {
      write(line: string) {
        if (closed) return;
        const clean = scrubber.scrub(line);
        for (const fd of fds) {
          try {
            writeSync(fd, clean);
          } catch {
            lost += 1;
          }
        }
      },
    },
  );

  return {
    log: (level, channel, message, fields) => log[level]({ ...fields, channel }, message),
    keepSecret: scrubber.keep,
    lostLines: () => lost,
    close() {
      if (closed) return;
      closed = true;
      if (ownFd !== null) closeSync(ownFd);
    },
  };
}
