import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { writeFileDurably } from '../../journal/durableFile.ts';
import type { JournalReader } from '../../journal/journalReader.ts';
import { JOURNAL_TABLES } from '../../journal/rows.ts';
import { createRecoveryFold, type RecoveryFoldState } from './recoveryFold.ts';

/** Changed whenever the fold's state or meaning changes: an older file is then passed over and the journal read whole. */
const CHECKPOINT_VERSION = 3;
const FILE_NAME = 'recovery.json';

/**
 * `recovery.json` of a run: a memory of what the journal says, never more. What is missing, torn, of another version or
 * ahead of the journal is passed over: then recovery reads from the first row, as it would without.
 */
export function readCheckpoint(runDir: string, reader: JournalReader): RecoveryFoldState | undefined {
  try {
    const { version, crc, state } = JSON.parse(readFileSync(join(runDir, FILE_NAME), 'utf8')) as {
      version: number;
      crc: number;
      state: string;
    };
    if (version !== CHECKPOINT_VERSION || crc32(state) !== crc) return undefined;
    const saved = JSON.parse(state) as RecoveryFoldState;
    const last = reader.lastSeq();
    const isAhead = JOURNAL_TABLES.some((table) => (saved.nextSeq[table] ?? 1) > last[table] + 1);
    return isAhead || saved.inputSeq > last.inputs ? undefined : saved;
  } catch {
    return undefined;
  }
}

/**
 * Brings the checkpoint up to the input before the last one, whose rows may still be on their way.
 *
 * @returns the input it covers now
 * @throws the system's error; the old checkpoint is then untouched
 */
export function writeCheckpoint(runDir: string, reader: JournalReader): number {
  const upTo = reader.lastSeq().inputs - 1;
  const saved = readCheckpoint(runDir, reader);
  if (upTo <= (saved?.inputSeq ?? 0)) return saved?.inputSeq ?? 0;
  const fold = createRecoveryFold(saved);
  fold.take(reader, upTo);
  const state = JSON.stringify(fold.save());
  writeFileDurably(join(runDir, FILE_NAME), JSON.stringify({ version: CHECKPOINT_VERSION, crc: crc32(state), state }));
  return upTo;
}

/** As `writeCheckpoint`; a full disk costs the next recovery some time and this core nothing. */
export function keepCheckpoint(runDir: string, reader: JournalReader): void {
  try {
    writeCheckpoint(runDir, reader);
  } catch {
    // The old one, or none, is as true as before.
  }
}
