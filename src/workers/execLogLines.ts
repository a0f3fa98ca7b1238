import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { canonicalJson } from '../journal/canonicalJson.ts';
import { openParts } from '../journal/journalParts.ts';
import type { EvParts, JournalRow, TradeClosedPayload } from '../journal/rows.ts';

const PARTS = ['spread', 'adverse', 'fees', 'slippage', 'net'] as const satisfies readonly (keyof EvParts)[];
/** The end of `exec_log.jsonl` that is looked at: some thousand lines. */
const TAIL_BYTES = 2 ** 20;

/** The line of an attempt that has ended; null for every other row. So the exec log is a function of the journal. */
export function execLineOf({ table, kind, payload }: Pick<JournalRow, 'table' | 'kind' | 'payload'>): string | null {
  if (table !== 'decisions' || kind !== 'attempt.closed') return null;
  const closed = payload as TradeClosedPayload;
  return JSON.stringify({ ...closed.execLog, ...Object.fromEntries(PARTS.map((part) => [part, closed[part]])) });
}

/**
 * Lines of attempts that the journal has and the file has not, oldest first: those behind the newest one that is there,
 * since lines are written in the order of their rows. Their keys stand in the journal's order.
 */
export function missingExecLines(runDir: string, execLogPath: string): readonly string[] {
  const there = new Set(tailLines(execLogPath).flatMap(canonicalOf));
  const missing: string[] = [];
  const parts = openParts(runDir);
  try {
    for (const { database } of parts.toReversed()) {
      const newestFirst = database.prepare(
        "SELECT payload FROM decisions WHERE kind='attempt.closed' ORDER BY seq DESC",
      );
      for (const { payload } of newestFirst.iterate()) {
        const line = execLineOf({ table: 'decisions', kind: 'attempt.closed', payload: JSON.parse(String(payload)) })!;
        if (there.has(canonicalJson(JSON.parse(line)))) return missing;
        missing.unshift(line);
      }
    }
    return missing;
  } finally {
    for (const { database } of parts) database.close();
  }
}

function canonicalOf(line: string): string[] {
  try {
    return [canonicalJson(JSON.parse(line))];
  } catch {
    // The first one may be cut, and somebody may have written something else in between.
    return [];
  }
}

function tailLines(path: string): string[] {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString().split('\n');
  } finally {
    closeSync(file);
  }
}
