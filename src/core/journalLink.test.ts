import { describe, expect, it } from 'vitest';
import { makeRow } from '../journal/journalTestRows.ts';
import type { ToJournal } from '../workers/journalMessages.ts';
import { createJournalLink } from './journalLink.ts';

const input = (seq: number) => makeRow('inputs', seq);

function startLink(capacity?: number) {
  const link = createJournalLink(capacity);
  const posted: ToJournal[] = [];
  return { link, posted, connect: () => link.connect((message) => posted.push(message)) };
}

describe('journal link', () => {
  it('sends again what was not acknowledged, without handing it over again', () => {
    const { link, posted, connect } = startLink();
    connect();
    link.send([input(1)]);
    link.send([input(2)]);
    link.committed(2);
    link.disconnect();
    link.send([input(3)]);
    posted.length = 0;
    connect();
    expect(posted).toEqual([{ type: 'rows', rows: [input(2), input(3)], handOver: false }]);
  });

  it('keeps rows and lines of a failed journal for the next one, and still posts rows, so that orders come back', () => {
    const { link, posted, connect } = startLink();
    connect();
    link.send([input(1)]);
    link.fail();
    link.send([input(2)]);
    link.execLog('{"line":1}');
    expect(link.hasFailed()).toBe(true);
    expect(posted.map(({ type }) => type)).toEqual(['rows', 'rows']);

    posted.length = 0;
    connect();
    expect(link.hasFailed()).toBe(false);
    expect(posted).toEqual([
      { type: 'rows', rows: [input(1), input(2)], handOver: false },
      { type: 'execLog', line: '{"line":1}' },
    ]);
  });

  it('ends the core when rows outgrow it, but not while the journal has failed: then the control plane goes on', () => {
    const full = startLink(3);
    for (let seq = 1; seq <= 3; seq += 1) full.link.send([input(seq)]);
    expect(() => full.link.send([input(4)])).toThrow('4 rows wait for the journal: more than 3');

    const failed = startLink(3);
    failed.connect();
    failed.link.fail();
    for (let seq = 1; seq <= 50; seq += 1) failed.link.send([input(seq)]);
    expect(failed.link.waiting()).toBe(3);
    expect(failed.connect).toThrow('47 rows were lost while the journal had failed');
  });
});
