/** One line of the doctor: what was looked at, how it is, and what to do where it is not well. */
export interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warn' | 'FAIL';
  readonly message: string;
  readonly remedy?: string;
}

export const well = (check: string, message: string): Finding => ({ check, level: 'ok', message });
export const warn = (check: string, message: string, remedy: string): Finding => ({
  check,
  level: 'warn',
  message,
  remedy,
});
export const fail = (check: string, message: string, remedy: string): Finding => ({
  check,
  level: 'FAIL',
  message,
  remedy,
});

/** A check that throws is a finding too: the doctor is for systems of which nothing can be taken for granted. */
export function guarded(check: string, look: () => readonly Finding[]): readonly Finding[] {
  try {
    return look();
  } catch (error) {
    return [fail(check, firstLine(error), 'see the message; what it names cannot be read as it is')];
  }
}

export const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
