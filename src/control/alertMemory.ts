import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileDurably } from '../journal/durableFile.ts';

/** Alerts remembered as done, on disk; the oldest is forgotten. */
const MAX_REMEMBERED = 1_024;

const alertFile = z.array(z.string());

/**
 * Which alerts have closed their permits already, in `DATA/alerts`: Alertmanager repeats a firing one for hours, and a
 * permit that an operator has opened again must not close because the edge was restarted in between.
 */
export interface AlertMemory {
  has(id: string): boolean;
  /** @throws the system's error: then it is known until the edge ends, and no longer */
  add(id: string): void;
}

/** @param onUnreadable  the file says nothing: every alert is a new one, which closes too much and never too little */
export function createAlertMemory(path: string, onUnreadable: (why: string) => void): AlertMemory {
  const done = new Set(readDone(path, onUnreadable));
  return {
    has: (id) => done.has(id),
    add(id) {
      done.add(id);
      if (done.size > MAX_REMEMBERED) done.delete(done.values().next().value!);
      writeFileDurably(path, `${JSON.stringify([...done], null, 1)}\n`, 0o600);
    },
  };
}

function readDone(path: string, onUnreadable: (why: string) => void): readonly string[] {
  try {
    return alertFile.parse(JSON.parse(readFileSync(path, 'utf8'))).slice(-MAX_REMEMBERED);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onUnreadable(String(error));
    return [];
  }
}
