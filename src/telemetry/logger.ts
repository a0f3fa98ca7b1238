import { writeSync } from 'node:fs';
import { type Logger as PinoLogger, pino } from 'pino';
import type { Logger } from '../domain/ports.ts';
import { type LogFileLimits, openLogFile } from './logFile.ts';
import { createScrubber } from './scrubber.ts';

export interface LoggerOptions {
  /** Appended to and rotated; several threads may share one file, since a line is one write. */
  readonly file?: string;
  /** When the file is set aside; 100 MiB, 5 kept, unless told. */
  readonly limits?: LogFileLimits;
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
  const file = options.file === undefined ? null : openLogFile(options.file, options.limits);
  const fds = [options.fd, options.stderr === true ? 2 : undefined].filter((fd) => fd !== undefined);
  const sinks = [
    ...(file === null ? [] : [file.write]),
    ...fds.map((fd) => (text: string) => void writeSync(fd, text)),
  ];
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
        for (const write of sinks) {
          try {
            write(clean);
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
      file?.close();
    },
  };
}
