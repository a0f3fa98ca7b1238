import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { makeTempDir } from './journalTestRows.ts';
import { type AuditEntry, openStateStore, verifyAudit } from './stateStore.ts';

const entry = (inputSeq: number, change: Partial<AuditEntry> = {}): AuditEntry => ({
  run: 'run-1',
  inputSeq,
  timeMs: 1_767_623_400_000 + inputSeq,
  who: 'operate',
  from: '127.0.0.1',
  what: 'disable_live',
  target: 'arb:SOL',
  reason: `drill ${inputSeq}`,
  before: { all: null },
  after: { all: null },
  result: 'done',
  ...change,
});
const plain = (...inputSeqs: number[]) => inputSeqs.map((inputSeq) => ({ entry: entry(inputSeq), permits: [] }));

function startStore() {
  const path = join(makeTempDir(), 'state.sqlite');
  const store = openStateStore(path);
  const tamper = (sql: string) => {
    const hand = new DatabaseSync(path);
    hand.exec(sql);
    hand.close();
  };
  return { path, store, tamper };
}

describe('the audit', () => {
  it('chains what is appended, over restarts, and writes no act twice', () => {
    const { path, store } = startStore();
    store.appendAudit(plain(3, 7));
    store.close();
    const again = openStateStore(path);
    again.appendAudit(plain(7, 9));
    again.close();

    expect(verifyAudit(path)).toMatchObject({
      entries: 3,
      findings: [],
      head: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it.each([
    ['a changed entry', `UPDATE audit SET entry=replace(entry,'drill 4','drill 5') WHERE seq=2`, 2, 'was changed'],
    ['an entry taken out', 'DELETE FROM audit WHERE seq=2', 3, 'entries are missing'],
    ['the last entry taken away', 'DELETE FROM audit WHERE seq=3', 2, 'missing at the end'],
    [
      'an entry changed together with its own hash',
      `UPDATE audit SET hash='${'a'.repeat(64)}' WHERE seq=2`,
      3,
      'does not go on from the entry before it',
    ],
    [
      'two entries exchanged',
      'UPDATE audit SET seq=9 WHERE seq=1; UPDATE audit SET seq=1 WHERE seq=2; UPDATE audit SET seq=2 WHERE seq=9',
      1,
      'was changed',
    ],
  ])('tells of %s', (_, sql, seq, message) => {
    const { path, store, tamper } = startStore();
    store.appendAudit(plain(2, 4, 6));
    store.close();
    tamper(sql);
    expect(verifyAudit(path).findings).toContainEqual({ seq, message: expect.stringContaining(message) });
  });

  it('keeps the permits’ history with the entry that changed them', () => {
    const { path, store } = startStore();
    const permits = [{ bot: 'bot:arb:SOL', level: 'permit' as const, reason: 'drill', by: 'operate' }];
    store.appendAudit([{ entry: entry(5), permits }]);
    store.close();
    const database = new DatabaseSync(path, { readOnly: true });
    expect(database.prepare('SELECT * FROM permit_history').all()).toEqual([
      {
        audit_seq: 1,
        time_ms: entry(5).timeMs,
        run: 'run-1',
        bot: 'bot:arb:SOL',
        level: 'permit',
        reason: 'drill',
        by: 'operate',
      },
    ]);
    database.close();
  });

  it('takes nothing of a call that fails', () => {
    const { path, store } = startStore();
    store.appendAudit(plain(1));
    const bad = { entry: entry(3, { after: Number.NaN }), permits: [] };
    expect(() => store.appendAudit([...plain(2), bad])).toThrow(/audit of .*state.sqlite: NaN cannot be journalled/);
    store.appendAudit(plain(4));
    store.close();
    expect(verifyAudit(path)).toMatchObject({ entries: 2, findings: [] });
  });

  it.each([
    ['no database', (path: string) => writeFileSync(path, 'nothing '.repeat(1000)), 'data.unreadable'],
    [
      'somebody else’s database',
      (path: string) => {
        const hand = new DatabaseSync(path);
        hand.exec('CREATE TABLE other (x)');
        hand.close();
      },
      'data.unreadable',
    ],
    [
      'a newer state',
      (path: string) => {
        openStateStore(path).close();
        const hand = new DatabaseSync(path);
        hand.exec("UPDATE meta SET value='5' WHERE key='schema_version'; PRAGMA wal_checkpoint(TRUNCATE)");
        hand.close();
      },
      'schema.newer',
    ],
  ])('refuses %s by name and changes no byte of it', (_, make, code) => {
    const path = join(makeTempDir(), 'state.sqlite');
    make(path);
    const before = readFileSync(path);
    for (const open of [openStateStore, verifyAudit]) {
      expect(() => open(path)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(path) }));
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});
