import { createHash } from 'node:crypto';
import { canonicalJson } from './canonicalJson.ts';
import type { JournalRow } from './rows.ts';

/** A row as it is hashed and compared: canonical JSON of the whole row. Folder names and wall-clock stamps are no part of it. */
export function canonicalRow(row: JournalRow): string {
  return canonicalJson(row);
}

export interface RowHash {
  /** @param line  from `canonicalRow` */
  add(line: string): void;
  /** SHA-256, hexadecimal. Nothing can be added afterwards. */
  digest(): string;
}

/** SHA-256 over rows in order, a newline behind each. */
export function createRowHash(): RowHash {
  const hash = createHash('sha256');
  return {
    add: (line) => {
      hash.update(line);
      hash.update('\n');
    },
    digest: () => hash.digest('hex'),
  };
}
