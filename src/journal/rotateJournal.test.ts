import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { controlRowsAfter } from './controlRows.ts';
import { openQueryDatabase, queryJournal } from './journalQuery.ts';
import { openJournalReader } from './journalReader.ts';
import { makeRow, makeTempDir } from './journalTestRows.ts';
import { createJournalWriter, type JournalWriter } from './journalWriter.ts';
import { planPruneRun, pruneRun, pruneSealedParts } from './pruneJournal.ts';
import { verifyJournal } from './verifyJournal.ts';
import { verifyRunJournal } from './verifyRunJournal.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const START_MS = 1_767_600_000_000;
const rowsOf = (seq: number) => [
  makeRow('inputs', seq, { timeMs: START_MS + seq * 1000, payload: { seq, text: 'x'.repeat(500) } }),
  makeRow('decisions', seq, { timeMs: START_MS + seq * 1000, subject: `bot:${seq % 2}` }),
  makeRow('intents', seq, {
    timeMs: START_MS + seq * 1000,
    kind: 'order.place',
    payload: { clientOrderId: `nj${seq}` },
  }),
];

/** `perPart` inputs in each sealed part, and as many in the one that is being written. */
function writeParts(parts: number, perPart = 10, run?: string) {
  const dir = makeTempDir();
  const path = join(dir, 'journal.sqlite');
  const writer = createJournalWriter(path, { synchronous: 'FULL', ...(run === undefined ? {} : { run }) });
  open.push(writer);
  for (let part = 1, seq = 1; part <= parts; part += 1) {
    for (let i = 0; i < perPart; i += 1, seq += 1) {
      writer.append(rowsOf(seq));
      writer.commit();
    }
    if (part < parts) expect(writer.rotate()).toBe(true);
  }
  return { dir, path, writer, last: parts * perPart };
}

const readSeqs = (dir: string, table: 'inputs' | 'decisions') => {
  const reader = openJournalReader(dir);
  try {
    return { seqs: [...reader.rows(table)].map(({ seq }) => seq), last: reader.lastSeq(), hash: reader.hash(table) };
  } finally {
    reader.close();
  }
};
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

describe('a journal of several parts', () => {
  it('is read as one, and has the hash of the same rows in one file', () => {
    const { dir } = writeParts(3);
    const whole = writeParts(1, 30);
    expect(
      readdirSync(dir)
        .filter((name) => name.endsWith('.sqlite'))
        .sort(),
    ).toEqual(['journal.1.sqlite', 'journal.2.sqlite', 'journal.sqlite']);
    const read = readSeqs(dir, 'decisions');
    expect(read.seqs).toEqual(upTo(30));
    expect(read.last).toMatchObject({ inputs: 30, decisions: 30, fills: 0 });
    expect(read.hash).toBe(readSeqs(whole.dir, 'decisions').hash);
    const reader = openJournalReader(dir);
    expect([...reader.inputs(18)].map(({ seq }) => seq)).toEqual(upTo(30).slice(17));
    expect(reader.subjects('decisions')).toEqual(['bot:0', 'bot:1']);
    reader.close();
    expect(verifyRunJournal(dir)).toMatchObject({
      ok: true,
      parts: 3,
      rows: { inputs: 30, decisions: 30 },
      findings: [],
    });
    expect(verifyJournal(join(dir, 'journal.2.sqlite'))).toMatchObject({ ok: true, rows: { inputs: 10 } });
  });

  it('goes on in the newest part when it is opened again, its sequences and its chain with it', () => {
    const { dir, path, writer } = writeParts(3);
    writer.close();
    const next = createJournalWriter(path, { synchronous: 'FULL' });
    open.push(next);
    expect(next.lastSeq()).toMatchObject({ inputs: 30, decisions: 30 });
    next.append(rowsOf(31));
    next.commit();
    expect(next.rotate()).toBe(true);
    next.append(rowsOf(32));
    next.commit();
    expect(verifyRunJournal(dir)).toMatchObject({ ok: true, parts: 4, rows: { inputs: 32 } });
  });

  it('knows rows of a sealed part that are sent again, and refuses another content under their sequence', () => {
    const { writer } = writeParts(3);
    expect(writer.append([...rowsOf(9), ...rowsOf(10)])).toEqual([]);
    expect(() => writer.append([{ ...rowsOf(10)[1]!, payload: { other: 1 } }])).toThrow(
      'decisions 10 is already written with another content',
    );
  });

  it('does not begin a part while a group is open, while somebody reads, or behind one without a row', () => {
    const { dir, writer } = writeParts(2);
    writer.append(rowsOf(21));
    expect(writer.rotate()).toBe(false);
    writer.commit();
    const reader = openJournalReader(dir);
    expect([...reader.rows('inputs')].length).toBe(21);
    expect(writer.rotate()).toBe(false);
    writer.append(rowsOf(22));
    writer.commit();
    expect([...reader.rows('inputs')].length).toBe(22);
    reader.close();
    expect(writer.rotate()).toBe(true);
    expect(writer.rotate()).toBe(false);
    expect(readSeqs(dir, 'inputs').last).toMatchObject({ inputs: 22 });
  });

  it('is asked by SQL as one, and the audit catches up over all parts', () => {
    const { dir } = writeParts(12, 3);
    const { database, leftOut } = openQueryDatabase(dir);
    open.push(database);
    expect(leftOut).toBe(2);
    expect(queryJournal(database, 'SELECT count(*), min(seq), max(seq) FROM inputs', 5).rows).toEqual([[30, 7, 36]]);
    expect(() => queryJournal(database, 'WITH a AS (SELECT 1) DELETE FROM inputs', 5)).toThrow(
      'cannot modify inputs because it is a view',
    );
    const control = writeParts(2);
    control.writer.append([makeRow('inputs', 21, { kind: 'core.started', payload: {} })]);
    control.writer.commit();
    control.writer.rotate();
    control.writer.append([makeRow('inputs', 22, { kind: 'core.started', payload: {} })]);
    control.writer.commit();
    expect(controlRowsAfter(control.dir, 5).map(({ seq }) => seq)).toEqual([21, 22]);
  });

  it.each([
    ['a part that is missing', (dir: string) => rmSync(join(dir, 'journal.1.sqlite')), /journal\.1\.sqlite is missing/],
    [
      'a part under another number',
      (dir: string) => renameSync(join(dir, 'journal.2.sqlite'), join(dir, 'journal.1.sqlite')),
      /is missing|is part 2/,
    ],
    [
      'a part of another run in between',
      (dir: string) => renameSync(join(writeParts(3, 7).dir, 'journal.2.sqlite'), join(dir, 'journal.2.sqlite')),
      /does not go on where part 1 ended/,
    ],
  ])('names %s', (_, damage, message) => {
    const { dir, writer } = writeParts(3);
    writer.close();
    damage(dir);
    const report = verifyRunJournal(dir);
    expect(report.ok).toBe(false);
    expect(report.findings.map((one) => one.message).join('\n')).toMatch(message);
  });

  it('is pruned in its sealed parts while it is written, and in all once the run is over', () => {
    const { dir, writer } = writeParts(3, 100);
    const run = { clock: 'wall', startedAtMs: START_MS } as const;
    const cutoffMs = START_MS + 151_000;
    expect(planPruneRun(dir, run, cutoffMs)).toMatchObject({ inputs: 150, upToSeq: 150 });
    const reader = openJournalReader(dir);
    expect(pruneSealedParts(dir, run, cutoffMs).map(({ inputs }) => inputs)).toEqual([100, 50]);
    expect([...reader.rows('inputs')].length).toBe(300);
    reader.close();
    expect(pruneSealedParts(dir, run, cutoffMs)).toEqual([]);
    writer.append(rowsOf(301));
    writer.commit();
    expect(verifyRunJournal(dir)).toMatchObject({ ok: true, prunedInputs: 150, rows: { inputs: 151, decisions: 301 } });
    writer.close();
    pruneRun(dir, run, START_MS + 900_000);
    expect(verifyRunJournal(dir)).toMatchObject({ ok: true, rows: { inputs: 0, decisions: 301 } });
    expect(readdirSync(dir).filter((name) => /tmp|-wal|-shm|-journal/.test(name))).toEqual([]);
  });

  it('is refused by the writer of another run, and its part as it was', () => {
    const { dir, path, writer } = writeParts(2, 10, 'run-a');
    writer.close();
    const other = () => createJournalWriter(path, { synchronous: 'FULL', run: 'run-b' });
    expect(other).toThrow(/it is the journal of run run-a, not of run-b/);
    const again: JournalWriter = createJournalWriter(path, { synchronous: 'FULL', run: 'run-a' });
    again.close();
    const sealed = new DatabaseSync(join(dir, 'journal.1.sqlite'), { readOnly: true });
    expect(sealed.prepare("SELECT value FROM meta WHERE key='run'").get()).toEqual({ value: 'run-a' });
    sealed.close();
  });
});
