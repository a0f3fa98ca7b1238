import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openJournalReader } from '../src/journal/journalReader.ts';
import { makeRow, makeTempDir } from '../src/journal/journalTestRows.ts';
import { createJournalWriter } from '../src/journal/journalWriter.ts';
import { ROTATION_STEPS } from '../src/journal/rotateJournal.ts';
import { verifyRunJournal } from '../src/journal/verifyRunJournal.ts';

it.each(ROTATION_STEPS)(
  'has every committed row after a kill in a rotation at "%s", and goes on from there',
  async (step) => {
    const dir = makeTempDir();
    const path = join(dir, 'journal.sqlite');
    const entry = fileURLToPath(new URL('./journalRotationChild.ts', import.meta.url));
    for (const expected of [10, 20]) {
      const child = spawn(process.execPath, [entry, path, step], { stdio: ['ignore', 'ignore', 'inherit'] });
      expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
      // A reader beside the dead writer has it all, in whatever files it lies.
      const reader = openJournalReader(dir);
      expect(reader.lastSeq()).toMatchObject({ inputs: expected, decisions: expected });
      expect([...reader.rows('inputs')].length).toBe(expected);
      reader.close();
      expect(verifyRunJournal(dir)).toMatchObject({ ok: true, findings: [] });
    }
    // A torn next part, whatever is in it, is thrown away: no row was ever in it.
    const hadCurrent = existsSync(path);
    writeFileSync(join(dir, 'journal.next.sqlite'), 'torn');
    const writer = createJournalWriter(path, { synchronous: 'FULL' });
    writer.append([makeRow('inputs', 21), makeRow('decisions', 21)]);
    writer.close();
    expect(verifyRunJournal(dir)).toMatchObject({ ok: true, rows: { inputs: 21, decisions: 21 } });
    expect(readdirSync(dir)).not.toContain('journal.next.sqlite');
    expect(hadCurrent).toBe(step !== 'sealed' && step !== 'next one made');
  },
);
