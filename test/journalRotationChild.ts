import { makeRow } from '../src/journal/journalTestRows.ts';
import { createJournalWriter } from '../src/journal/journalWriter.ts';

/** Writes ten inputs, rotates, and dies by its own SIGKILL at the step that is named; then the caller looks. */
const [path, step] = process.argv.slice(2);
const writer = createJournalWriter(path!, {
  synchronous: 'FULL',
  onRotation(reached) {
    if (reached === step) process.kill(process.pid, 'SIGKILL');
  },
});
const from = writer.lastSeq().inputs;
for (let seq = from + 1; seq <= from + 10; seq += 1) {
  writer.append([makeRow('inputs', seq, { payload: 'x'.repeat(2000) }), makeRow('decisions', seq)]);
  writer.commit();
}
writer.rotate();
