import { NightjarError } from '../domain/errors.ts';

/** Exit codes of every command. */
export const EXIT = { done: 0, failed: 1, usage: 2, unknown: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Data goes to stdout, so that it can be piped; talk goes to stderr. */
export function printText(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function talk(text: string): void {
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
}

/**
 * Columns padded to their widest cell, two blanks apart, the first row being the head.
 *
 * @param right  indexes of the columns that hold numbers
 */
export function formatTable(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      widths
        .map((width, column) => {
          const cell = row[column] ?? '';
          return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One message an operator can act on: code, what happened, remedy. A stack only where the fault is ours. */
export function formatError(error: unknown): string {
  if (error instanceof NightjarError) {
    const remedy = typeof error.details.remedy === 'string' ? `\n  ${error.details.remedy}` : '';
    return `nightjar: ${error.code}: ${error.message}${remedy}`;
  }
  if (isDiskTrouble(error)) return `nightjar: ${error.message}\n  free the disk, or make it writable, and try again`;
  if (error instanceof Error) return `nightjar: unexpected: ${error.stack ?? error.message}`;
  return `nightjar: unexpected: ${String(error)}`;
}

/** The system refused a write: nothing of ours is broken, so a stack would only hide what to do. */
function isDiskTrouble(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && ['ENOSPC', 'EDQUOT', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '');
}

export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof NightjarError)) return EXIT.failed;
  return error.code === 'config.invalid' || error.code === 'control.bad-request' ? EXIT.usage : EXIT.failed;
}

/**
 * Wraps a command's action: its answer becomes the exit code (nothing = done), what it throws becomes one message.
 * The code is set, not exited with, so that piped output is written to its end.
 */
export function action<Args extends readonly unknown[]>(
  run: (...args: Args) => Promise<ExitCode | undefined> | ExitCode | undefined,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    try {
      process.exitCode = (await run(...args)) ?? EXIT.done;
    } catch (error) {
      talk(formatError(error));
      process.exitCode = exitCodeOf(error);
    }
  };
}
