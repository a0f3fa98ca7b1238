import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { LatchState } from '../domain/control.ts';
import { makeRow, makeTempDir } from '../journal/journalTestRows.ts';
import type { JournalRow } from '../journal/rows.ts';
import { openStateStore, verifyAudit } from '../journal/stateStore.ts';
import { createJournalAudit } from './journalAudit.ts';

const OPEN: LatchState = { all: null, bots: {} };
const CLOSED: LatchState = { all: null, bots: { 'bot:arb:SOL': { reason: 'drill', by: 'operate', atMs: 5 } } };
const cause = (action: string, reason: string) => ({
  id: 'x',
  action,
  target: 'arb:SOL',
  reason,
  args: {},
  by: 'operate',
  from: '127.0.0.1',
});
const started = (inputSeq: number, latch: LatchState) =>
  makeRow('inputs', inputSeq, { inputSeq, kind: 'core.started', payload: { type: 'core.started', latch } });
const permit = (inputSeq: number, latch: LatchState, action: string) =>
  makeRow('decisions', inputSeq, { inputSeq, kind: 'permit', payload: { latch, cause: cause(action, 'drill') } });
const control = (inputSeq: number, status: number) =>
  makeRow('decisions', inputSeq, {
    inputSeq,
    kind: 'control',
    payload: { message: cause('crash', 'why not'), status },
  });

function startAudit(path = join(makeTempDir(), 'state.sqlite'), run = 'run-1') {
  const audit = createJournalAudit(openStateStore(path), run);
  const read = () => {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      return {
        entries: database
          .prepare('SELECT entry FROM audit ORDER BY seq')
          .all()
          .map((row) => JSON.parse(String(row.entry)) as Record<string, unknown>),
        history: database.prepare('SELECT bot, level, reason, by FROM permit_history ORDER BY audit_seq').all(),
      };
    } finally {
      database.close();
    }
  };
  return { path, audit, read };
}

describe('journal audit', () => {
  it('says who did what, from where, and what it changed', () => {
    const { audit, read, path } = startAudit();
    audit.committed([started(1, OPEN), makeRow('decisions', 1), permit(2, CLOSED, 'disable_live')]);
    audit.committed([control(3, 409), permit(4, OPEN, 'enable_live')]);
    audit.close();

    const { entries, history } = read();
    expect(entries).toMatchObject([
      {
        run: 'run-1',
        inputSeq: 2,
        who: 'operate',
        from: '127.0.0.1',
        what: 'disable_live',
        target: 'arb:SOL',
        before: OPEN,
        after: CLOSED,
        result: 'done',
      },
      { inputSeq: 3, what: 'crash', reason: 'why not', before: null, after: null, result: '409' },
      { inputSeq: 4, what: 'enable_live', before: CLOSED, after: OPEN },
    ]);
    expect(history).toEqual([
      { bot: 'bot:arb:SOL', level: 'permit', reason: 'drill', by: 'operate' },
      { bot: 'bot:arb:SOL', level: null, reason: 'drill', by: 'operate' },
    ]);
    expect(verifyAudit(path).findings).toEqual([]);
  });

  it('notices a latch file that was changed by hand between two runs', () => {
    const first = startAudit();
    first.audit.committed([started(1, OPEN), permit(2, CLOSED, 'disable_live')]);
    first.audit.close();
    const next = startAudit(first.path, 'run-2');
    next.audit.committed([started(1, OPEN)]);
    next.audit.close();
    expect(next.read().entries.at(-1)).toMatchObject({
      run: 'run-2',
      who: 'nobody',
      from: 'latch file',
      before: CLOSED,
      after: OPEN,
    });
  });

  it('catches up with what a dead journal thread had committed, and repeats nothing', () => {
    const rows: JournalRow[] = [
      started(1, OPEN),
      permit(2, CLOSED, 'disable_live'),
      control(3, 200),
      permit(4, OPEN, 'enable_live'),
    ];
    const first = startAudit();
    first.audit.committed(rows.slice(0, 2));
    first.audit.close();

    const next = startAudit(first.path);
    expect(next.audit.auditedInput()).toBe(2);
    next.audit.catchUp(rows.slice(2), 40);
    next.audit.close();
    const third = startAudit(first.path);
    expect(third.audit.auditedInput()).toBe(40);
    third.audit.catchUp(rows, 40);
    third.audit.close();

    expect(third.read().entries.map(({ inputSeq, what }) => `${inputSeq} ${what}`)).toEqual([
      '2 disable_live',
      '3 crash',
      '4 enable_live',
    ]);
    expect(third.read().entries.at(-1)).toMatchObject({ before: CLOSED, after: OPEN });
  });
});
