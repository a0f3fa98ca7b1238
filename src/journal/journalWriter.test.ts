import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { openJournalReader } from './journalReader.ts';
import { openJournalDatabase } from './journalSchema.ts';
import { makeRow, makeTempDir } from './journalTestRows.ts';
import { createJournalWriter, type JournalWriter, type JournalWriterOptions } from './journalWriter.ts';
import { JOURNAL_TABLES } from './rows.ts';
import { verifyJournal } from './verifyJournal.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function startWriter(dir = makeTempDir(), options: Partial<JournalWriterOptions> = {}) {
  const path = join(dir, 'journal.sqlite');
  const writer = createJournalWriter(path, { synchronous: 'FULL', ...options });
  open.push(writer);
  return { dir, path, writer };
}

function readDecisions(dir: string) {
  const reader = openJournalReader(dir);
  try {
    return [...reader.rows('decisions')];
  } finally {
    reader.close();
  }
}

const decisions = (...seqs: number[]) => seqs.map((seq) => makeRow('decisions', seq));

describe('journal writer', () => {
  it('gives back what was committed, and nothing of an open group, while it writes', () => {
    const { dir, writer } = startWriter();
    writer.append(decisions(1, 2));
    writer.commit();
    writer.append(decisions(3));

    expect(readDecisions(dir)).toEqual(decisions(1, 2));

    writer.commit();
    expect(readDecisions(dir)).toEqual(decisions(1, 2, 3));
  });

  it('continues the sequences of the file it opens', () => {
    const { dir, writer } = startWriter();
    writer.append([...decisions(1, 2), makeRow('crashes', 1)]);
    writer.close();

    const { writer: next } = startWriter(dir);

    expect(next.lastSeq()).toMatchObject({ decisions: 2, crashes: 1, inputs: 0 });
    expect(() => next.append(decisions(4))).toThrow('decisions expected sequence 3, received 4');
  });

  it('takes nothing of a call in which one row is refused, and goes on with the group', () => {
    const { dir, writer } = startWriter();
    writer.append(decisions(1));
    expect(() => writer.append([...decisions(2), ...decisions(9)])).toThrow('received 9');
    writer.append(decisions(2));
    writer.commit();

    expect(readDecisions(dir)).toEqual(decisions(1, 2));
  });

  it.each([
    ['a number that is none', { payload: { px: Number.NaN } }, 'NaN cannot be journalled'],
    ['a bigint', { payload: { sum: 1n } }, 'a bigint cannot be journalled'],
    ['an undefined element', { payload: [undefined] }, 'a undefined cannot be journalled'],
    ['a time that is none', { timeMs: Number.POSITIVE_INFINITY }, 'timeMs Infinity is no time'],
    ['a sequence below 1', { seq: 0 }, 'seq must be a whole number from 1'],
    ['a nameless kind', { kind: '' }, 'subject and kind must be named'],
  ])('refuses %s and names the row', (_, change, message) => {
    const { writer } = startWriter();
    expect(() => writer.append([makeRow('decisions', 1, change)])).toThrow(message);
    expect(() => writer.append([makeRow('decisions', 1, change)])).toThrow(/^decisions [01] \(bot:arb:SOL/);
    expect(writer.groupRows).toBe(0);
  });

  it('passes over rows that are sent again, and refuses another content under a written sequence', () => {
    const { dir, writer } = startWriter();
    writer.append(decisions(1, 2));
    writer.commit();

    expect(writer.append(decisions(1, 2, 3)).map(({ seq }) => seq)).toEqual([3]);
    expect(() => writer.append([makeRow('decisions', 2, { payload: { other: 1 } })])).toThrow(
      'decisions 2 is already written with another content',
    );
    writer.commit();
    expect(readDecisions(dir)).toEqual(decisions(1, 2, 3));
  });

  it.each([1, 7, 8, 9, 30])('takes %i rows of each of two tables in turn, some of them twice in one call', (count) => {
    const { dir, path, writer } = startWriter();
    const seqs = Array.from({ length: count }, (_, i) => i + 1);
    const rows = seqs.flatMap((seq) => [makeRow('decisions', seq), makeRow('crashes', seq)]);

    const fresh = writer.append([...rows, ...decisions(count), ...decisions(1)]);
    writer.commit();

    expect(fresh).toEqual(rows);
    expect(readDecisions(dir)).toEqual(decisions(...seqs));
    expect(writer.lastSeq()).toMatchObject({ decisions: count, crashes: count });
    expect(verifyJournal(path).findings.filter(({ check }) => check === 'chain')).toEqual([]);
  });

  it('fails on a full disk and keeps every row that was committed', () => {
    const { dir, writer } = startWriter(undefined, { maxBytes: 200 * 1024 });
    const big = (seq: number) => makeRow('decisions', seq, { payload: 'x'.repeat(4000) });
    let committed = 0;
    const fill = () => {
      for (let seq = 1; seq <= 200; seq += 1) {
        writer.append([big(seq)]);
        writer.commit();
        committed = seq;
      }
    };

    expect(fill).toThrow('database or disk is full');
    expect(committed).toBeGreaterThan(10);
    expect(readDecisions(dir)).toHaveLength(committed);
    expect(writer.lastSeq().decisions).toBe(committed);
  });

  it('answers inside a group how much waited before it', () => {
    const { writer } = startWriter();
    writer.append(decisions(1));
    writer.commit();
    const before = writer.pendingFrames();
    writer.append(decisions(2));
    expect(writer.pendingFrames()).toBe(before);
    expect(writer.checkpoint()).toBe(before);
    expect(before).toBeGreaterThan(0);
    writer.commit();
    expect(writer.pendingFrames()).toBeGreaterThan(before);
  });

  it('moves the write-ahead file into the database only when told', () => {
    const { writer } = startWriter();
    for (let seq = 1; seq <= 2000; seq += 1) {
      writer.append([makeRow('decisions', seq, { payload: 'x'.repeat(4000) })]);
      if (seq % 100 === 0) writer.commit();
    }
    // The automatic checkpoint would have come at 1000 frames.
    expect(writer.pendingFrames()).toBeGreaterThan(2000);
    expect(writer.checkpoint()).toBe(0);
    expect(writer.pendingFrames()).toBe(0);
  });
});

describe('journal schema', () => {
  it('refuses a newer file naming both versions, and changes no byte of it', () => {
    const { dir, path, writer } = startWriter();
    writer.append(decisions(1));
    writer.close();
    const hand = new DatabaseSync(path);
    hand.exec("UPDATE meta SET value='7' WHERE key='schema_version'; PRAGMA wal_checkpoint(TRUNCATE)");
    hand.close();
    const before = readFileSync(path);

    const act = () => createJournalWriter(path, { synchronous: 'FULL' });
    expect(act).toThrow('journal schema 7, this Nightjar reads up to 3');
    expect(act).toThrow(expect.objectContaining({ code: 'schema.newer' }));
    expect(() => openJournalReader(dir)).toThrow(expect.objectContaining({ code: 'schema.newer' }));
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('brings an older file forward after copying it', () => {
    const { path, writer } = startWriter();
    writer.append(decisions(1));
    writer.close();

    const steps = { 3: 'ALTER TABLE decisions ADD COLUMN note TEXT' };
    const database = openJournalDatabase(path, 'FULL', { version: 4, steps });
    open.push(database);

    expect(database.prepare('SELECT seq, note FROM decisions').all()).toEqual([{ seq: 1, note: null }]);
    const copy = new DatabaseSync(`${path}.v3.bak`, { readOnly: true });
    open.push(copy);
    expect(copy.prepare("SELECT value FROM meta WHERE key='schema_version'").get()).toEqual({ value: '3' });
    expect(copy.prepare('SELECT count(*) AS count FROM decisions').get()).toEqual({ count: 1 });
  });

  it('gives the rows of a version 1 file their chain, and goes on with it', () => {
    const dir = makeTempDir();
    const path = join(dir, 'journal.sqlite');
    const columns = 'seq INTEGER PRIMARY KEY, input_seq INTEGER, time_ms REAL, subject TEXT, kind TEXT, payload TEXT';
    const old = new DatabaseSync(path);
    old.exec('CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT');
    old.exec("INSERT INTO meta VALUES ('schema_version', '1')");
    for (const table of JOURNAL_TABLES) old.exec(`CREATE TABLE ${table} (${columns}) STRICT`);
    old.exec('BEGIN');
    const insert = old.prepare('INSERT INTO decisions VALUES (?,?,?,?,?,?)');
    for (const { seq, inputSeq, timeMs, subject, kind } of decisions(
      ...Array.from({ length: 2500 }, (_, i) => i + 1),
    )) {
      insert.run(seq, inputSeq, timeMs, subject, kind, `{"seq":${seq}}`);
      old.prepare('INSERT INTO inputs VALUES (?,?,?,?,?,?)').run(seq, seq, timeMs, 'timer', 'timer.due', '{}');
    }
    old.exec('COMMIT');
    old.close();
    expect(verifyJournal(path)).toMatchObject({ ok: true, schema: 1, rows: { decisions: 2500 } });
    const before = readDecisions(dir);

    const { writer } = startWriter(dir);
    writer.append([makeRow('inputs', 2501), makeRow('decisions', 2501)]);
    writer.close();

    expect(readDecisions(dir)).toEqual([...before, makeRow('decisions', 2501)]);
    expect(verifyJournal(path)).toMatchObject({ ok: true, schema: 3, rows: { decisions: 2501 } });
    expect(verifyJournal(`${path}.v1.bak`)).toMatchObject({ ok: true, schema: 1, rows: { decisions: 2500 } });
  });

  it('leaves an older file as it was when no way leads forward', () => {
    const { path, writer } = startWriter();
    writer.close();
    expect(() => openJournalDatabase(path, 'FULL', { version: 4, steps: { 2: '' } })).toThrow(
      'no way from journal schema 3 to 4',
    );
    const again: JournalWriter = createJournalWriter(path, { synchronous: 'FULL' });
    open.push(again);
    expect(again.lastSeq().inputs).toBe(0);
  });

  it('explains a missing journal without making one', () => {
    const dir = makeTempDir();
    expect(() => openJournalReader(dir)).toThrow(/no journal at .*: check the run's id/);
    expect(existsSync(join(dir, 'journal.sqlite'))).toBe(false);
  });

  it('explains a database that is no journal, to reader and writer', () => {
    const dir = makeTempDir();
    const path = join(dir, 'journal.sqlite');
    const hand = new DatabaseSync(path);
    hand.exec('CREATE TABLE other (x)');
    hand.close();

    expect(() => openJournalReader(dir)).toThrow(/cannot be read as a journal \(no such table: meta\)/);
    expect(() => createJournalWriter(path, { synchronous: 'FULL' })).toThrow('cannot be read as a journal');
  });
});
