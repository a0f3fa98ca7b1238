import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { queryJournal } from './journalQuery.ts';
import { openJournalForReading } from './journalSchema.ts';
import { makeRow, makeTempDir } from './journalTestRows.ts';
import { createJournalWriter } from './journalWriter.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function startQuery() {
  const path = join(makeTempDir(), 'journal.sqlite');
  const writer = createJournalWriter(path, { synchronous: 'OFF' });
  writer.append([1, 2, 3].map((seq) => makeRow('inputs', seq)));
  writer.close();
  const database = openJournalForReading(path);
  open.push(database);
  return (sql: string, limit = 10) => queryJournal(database, sql, limit);
}

describe('journal query', () => {
  it('gives columns and rows, and says when the limit cut them', () => {
    const query = startQuery();
    expect(query('SELECT seq, kind FROM inputs ORDER BY seq')).toEqual({
      columns: ['seq', 'kind'],
      rows: [1, 2, 3].map((seq) => [seq, 'timer.due']),
      cut: false,
    });
    expect(query('SELECT seq FROM inputs', 2)).toMatchObject({ rows: [[1], [2]], cut: true });
    expect(query('SELECT seq FROM inputs', 3).cut).toBe(false);
    expect(
      query("WITH big AS (SELECT seq FROM inputs WHERE seq>1) SELECT ';' || count(*) AS n FROM big; -- done").rows,
    ).toEqual([[';2']]);
  });

  it.each([
    ['DELETE FROM inputs', 'does not begin with SELECT'],
    ['PRAGMA journal_mode=DELETE', 'does not begin with SELECT'],
    ["ATTACH 'other.sqlite' AS other", 'does not begin with SELECT'],
    ['SELECT 1; DROP TABLE inputs', 'more than one statement'],
    ["SELECT '--'; DELETE FROM inputs", 'more than one statement'],
    ['SELECT 1 /* ; */ ; SELECT 2', 'more than one statement'],
    ['WITH x AS (SELECT 1) DELETE FROM inputs', 'more than read'],
    ['WITH x AS (SELECT 1) INSERT INTO meta SELECT 1, 2', 'more than read'],
    ["SELECT * FROM pragma_table_info('inputs')", 'more than read'],
    ['SELECT absent FROM inputs', 'no such column: absent'],
  ])('refuses %s', (sql, why) => {
    const query = startQuery();
    expect(() => query(sql)).toThrow(
      expect.objectContaining({ code: 'config.invalid', message: expect.stringContaining(why) }),
    );
    expect(query('SELECT count(*) FROM inputs').rows).toEqual([[3]]);
  });
});
