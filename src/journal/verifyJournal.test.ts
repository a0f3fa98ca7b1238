import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { makeRow, makeTempDir } from './journalTestRows.ts';
import { createJournalWriter, type JournalWriter } from './journalWriter.ts';
import type { JournalTable } from './rows.ts';
import { verifyJournal } from './verifyJournal.ts';

const TABLES: readonly JournalTable[] = ['inputs', 'decisions', 'intents'];

/** Five inputs, a decision and an order for each; then `damage` by another hand. */
function writeAndDamage(damage = '', more: (writer: JournalWriter) => void = () => {}) {
  const path = join(makeTempDir(), 'journal.sqlite');
  const writer = createJournalWriter(path, { synchronous: 'OFF' });
  for (let seq = 1; seq <= 5; seq += 1) {
    const payloads = { inputs: { seq }, decisions: { seq }, intents: { clientOrderId: `nj${seq}` } };
    for (const table of TABLES as readonly (keyof typeof payloads)[]) {
      const kind = table === 'intents' ? { kind: 'order.place' } : {};
      writer.append([makeRow(table, seq, { ...kind, payload: payloads[table] })]);
    }
  }
  more(writer);
  writer.close();
  const hand = new DatabaseSync(path);
  hand.exec(damage);
  hand.close();
  return verifyJournal(path);
}

describe('journal verify', () => {
  it('finds nothing in a journal as its writer left it', () => {
    expect(writeAndDamage()).toMatchObject({
      ok: true,
      schema: 3,
      findings: [],
      rows: { inputs: 5, decisions: 5, intents: 5, fills: 0 },
    });
  });

  it.each([
    ['a changed payload', 'UPDATE decisions SET payload=\'{"seq":9}\' WHERE seq=3', 'chain', 'decisions', 3],
    ['a changed time', 'UPDATE decisions SET time_ms=time_ms+1 WHERE seq=3', 'input time', 'decisions', 3],
    ['a row that is gone', 'DELETE FROM inputs WHERE seq=2', 'sequence', 'inputs', 3],
    ['a last row that is gone', 'DELETE FROM decisions WHERE seq=5', 'heads', null, null],
    ['a last row that was changed with its chain', 'UPDATE decisions SET chain=1 WHERE seq=5', 'heads', null, null],
    ['a payload that is no JSON', "UPDATE intents SET payload='{' WHERE seq=4", 'payload', 'intents', 4],
    ['a payload in another spelling', "UPDATE intents SET payload='{ }' WHERE seq=4", 'payload', 'intents', 4],
    ['an order before its input', 'UPDATE intents SET input_seq=6 WHERE seq=5', 'input order', 'intents', 5],
    ['rows out of the order of inputs', 'UPDATE decisions SET input_seq=1 WHERE seq=4', 'input order', 'decisions', 4],
    ['an input under another number', 'UPDATE inputs SET input_seq=4 WHERE seq=5', 'input order', 'inputs', 5],
    [
      'one order id given twice',
      `UPDATE intents SET payload='{"clientOrderId":"nj1"}' WHERE seq=2`,
      'client order id',
      'intents',
      2,
    ],
  ])('names %s', (_, damage, check, table, seq) => {
    const report = writeAndDamage(damage);
    expect(report.ok).toBe(false);
    expect(report.findings).toContainEqual({ check, table, seq, message: expect.any(String) });
  });

  it('names one damaged row once, and not each row behind it', () => {
    const { findings } = writeAndDamage("UPDATE decisions SET subject='bot:arb:RAY' WHERE seq=2");
    expect(findings.map(({ check, seq }) => `${check} ${seq}`)).toEqual(['chain 2']);
    expect(findings[0]!.message).toBe(
      'decisions 2 (bot:arb:RAY run.note) is not what its writer wrote: its chain value does not fit',
    );
  });

  it('answers about files that nothing else opens', () => {
    const dir = makeTempDir();
    const path = join(dir, 'journal.sqlite');
    writeFileSync(path, 'this is no database '.repeat(300));
    expect(verifyJournal(path).findings).toMatchObject([{ check: 'file', message: /not a database/ }]);

    expect(writeAndDamage("UPDATE meta SET value='9' WHERE key='schema_version'").findings).toMatchObject([
      { check: 'file', message: /journal schema 9, this Nightjar reads up to 2/ },
    ]);
    expect(() => verifyJournal(join(dir, 'none.sqlite'))).toThrow(/no journal at/);
  });

  it('looks at a journal that is being written only up to the moment it began', () => {
    const path = join(makeTempDir(), 'journal.sqlite');
    const writer = createJournalWriter(path, { synchronous: 'OFF' });
    const append = (from: number, to: number) => {
      for (let seq = from; seq <= to; seq += 1) writer.append([makeRow('inputs', seq), makeRow('decisions', seq)]);
      writer.commit();
    };
    append(1, 12_000);
    let grown = 12_000;
    const report = verifyJournal(path, () => {
      append(grown + 1, grown + 50);
      grown += 50;
    });
    writer.close();
    expect(grown).toBeGreaterThan(12_000);
    expect(report.findings).toEqual([]);
    expect(report.rows).toMatchObject({ inputs: 12_000, decisions: 12_000 });
  });
});
