import { writeSync } from 'node:fs';
import { makeRow } from '../src/journal/journalTestRows.ts';
import { createJournalWriter } from '../src/journal/journalWriter.ts';

/** Appends and commits until it is killed; says on stdout, after each commit, up to which sequence. */
const writer = createJournalWriter(process.argv[2]!, { synchronous: 'FULL' });
for (let seq = writer.lastSeq().inputs + 1; ; ) {
  const groupEnd = seq + (seq % 7);
  for (; seq <= groupEnd; seq += 1) {
    writer.append([makeRow('inputs', seq, { payload: { seq, text: 'x'.repeat(300) } }), makeRow('decisions', seq)]);
  }
  writer.commit();
  writeSync(1, `${groupEnd}\n`);
  if (seq % 50 < 7) writer.checkpoint();
}
