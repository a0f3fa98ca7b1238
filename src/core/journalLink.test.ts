import { describe, expect, it } from 'vitest';
import { makeRow } from '../journal/journalTestRows.ts';
import type { ToJournal } from '../workers/journalMessages.ts';
import { createJournalLink, LATE_MS } from './journalLink.ts';
import { createVirtualClock } from './virtualClock.ts';

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

  it('keeps rows of a failed journal for the next one, and still posts rows, so that orders come back', () => {
    const { link, posted, connect } = startLink();
    connect();
    link.send([input(1)]);
    link.fail();
    link.send([input(2)]);
    expect(link.hasFailed()).toBe(true);
    expect(posted.map(({ type }) => type)).toEqual(['rows', 'rows']);

    posted.length = 0;
    connect();
    expect(link.hasFailed()).toBe(false);
    expect(posted).toEqual([{ type: 'rows', rows: [input(1), input(2)], handOver: false }]);
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

  it('tells when an input is durable: at its commit, or at once when no journal can make it so', () => {
    const { link, connect } = startLink();
    const told: string[] = [];
    link.durable(1, () => told.push('not there'));
    connect();
    link.send([input(1)], true);
    link.durable(1, () => told.push('1'));
    link.send([input(2)], true);
    link.durable(2, () => told.push('2'));
    expect(told).toEqual(['not there']);
    link.committed(1);
    expect(told).toEqual(['not there', '1']);
    link.disconnect();
    expect(told).toEqual(['not there', '1', '2']);
    connect();
    link.durable(3, () => told.push('3'));
    link.fail();
    link.durable(4, () => told.push('4'));
    expect(told.slice(3)).toEqual(['3', '4']);
  });

  it('waits for a late commit once, then for none until the next commit', async () => {
    const clock = createVirtualClock();
    let late = 0;
    const link = createJournalLink(100, clock, () => {
      late += 1;
    });
    link.connect(() => {});
    const told: number[] = [];
    link.durable(1, () => told.push(1));
    const startMs = clock.nowMs();
    await clock.run(startMs + LATE_MS - 1, () => false);
    expect(told).toEqual([]);
    await clock.run(startMs + LATE_MS + 1, () => false);
    expect(told).toEqual([1]);
    link.durable(2, () => told.push(2));
    expect(told).toEqual([1, 2]);
    link.committed(2);
    link.durable(3, () => told.push(3));
    expect(told).toEqual([1, 2]);
    link.committed(3);
    expect([told, late]).toEqual([[1, 2, 3], 1]);
  });

  it('knows since when the oldest row waits for a commit, and calls nothing late that a commit covers', () => {
    const { link, connect } = startLink();
    connect();
    expect(link.oldestWaitingMs()).toBeNull();
    link.send([{ ...input(1), timeMs: 100 }]);
    link.send([{ ...input(2), timeMs: 200 }]);
    link.send([{ ...input(3), timeMs: 300 }]);
    expect(link.oldestWaitingMs()).toBe(100);
    link.committed(2);
    expect(link.oldestWaitingMs()).toBe(300);
    link.committed(3);
    // Its rows are kept until the next commit, however long nothing comes.
    expect(link.waiting()).toBeGreaterThan(0);
    expect(link.oldestWaitingMs()).toBeNull();
  });
});
