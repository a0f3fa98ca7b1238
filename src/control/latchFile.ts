import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { LatchState } from '../domain/control.ts';
import { writeFileDurably } from '../journal/durableFile.ts';

const closure = z.strictObject({
  reason: z.string(),
  by: z.string(),
  atMs: z.number(),
  level: z.enum(['permit', 'flatten', 'kill']).optional(),
});
const latchFile = z.strictObject({ all: closure.nullable(), bots: z.record(z.string(), closure) });

export const OPEN_LATCH: LatchState = { all: null, bots: {} };

/** `DATA/latch`: the truth about permits. No file = nothing was ever closed. What cannot be read counts as all closed. */
export function readLatchFile(path: string, nowMs: number): LatchState {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return OPEN_LATCH;
    return unreadable(nowMs);
  }
  try {
    return latchFile.parse(JSON.parse(text)) as LatchState;
  } catch {
    return unreadable(nowMs);
  }
}

/** @throws the system's error; the old file is then untouched */
export function writeLatchFile(path: string, state: LatchState): void {
  writeFileDurably(path, `${JSON.stringify(state, null, 2)}\n`, 0o600);
}

const unreadable = (atMs: number): LatchState => ({
  all: { reason: 'latch file unreadable', by: 'start', atMs },
  bots: {},
});
