import { expect, it } from 'vitest';
import { makeRow } from '../journal/journalTestRows.ts';
import { createJournalLink } from './journalLink.ts';
import { unrecordedEnd } from './unrecordedEnd.ts';

/** A run that stops: the journal has acknowledged inputs up to `committed` of 9. */
function stopWith({ committed }: { readonly committed: number }) {
  const link = createJournalLink();
  link.connect(() => {});
  link.send(Array.from({ length: 9 }, (_, i) => makeRow('inputs', i + 1)));
  link.committed(committed);
  link.disconnect();
  return link;
}

it.each(['killed', 'crash'] as const)('a journal that was %s with rows in hand leaves no recorded end', (kind) => {
  expect(unrecordedEnd(stopWith({ committed: 7 }), kind)).toContain('the end of the run is not recorded');
  expect(unrecordedEnd(stopWith({ committed: 9 }), kind)).toBeNull();
});

it('what comes after an orderly stop of the journal, like the end of the edge, is no loss', () => {
  const link = stopWith({ committed: 9 });
  link.send([makeRow('inputs', 10)]);
  expect(unrecordedEnd(link, 'shutdown')).toBeNull();
});

it('a run that is stopped before its journal is up has nothing that it would have to record', () => {
  expect(unrecordedEnd(stopWith({ committed: 0 }), 'neverStarted')).toBeNull();
  expect(unrecordedEnd(stopWith({ committed: 0 }), null)).toContain('it never stopped');
});

it('a journal that has failed leaves none, however it stopped', () => {
  const link = stopWith({ committed: 9 });
  link.fail();
  expect(unrecordedEnd(link, 'shutdown')).toContain('failed');
});
