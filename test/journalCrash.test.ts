import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { openJournalReader } from '../src/journal/journalReader.ts';
import { makeRow, makeTempDir } from '../src/journal/journalTestRows.ts';
import { canonicalRow, createRowHash } from '../src/journal/rowHash.ts';
import type { JournalRow } from '../src/journal/rows.ts';
import { createSlab, type Dimensions, slabLayout } from '../src/telemetry/slab.ts';
import type { ToGateway } from '../src/workers/gatewayMessages.ts';
import type { FromJournal, JournalBoot, ToJournal } from '../src/workers/journalMessages.ts';

const dimensions: Dimensions = { bots: ['arb:SOL'], pairs: ['SOL/USDT'], lanes: ['lane:0'], children: ['journal'] };

/** Runs a writing process and kills it after `lines` reported commits; @returns the last sequence it reported. */
async function writeAndKill(path: string, lines: number): Promise<number> {
  const entry = fileURLToPath(new URL('./journalWriterChild.ts', import.meta.url));
  const child = spawn(process.execPath, [entry, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
    if (text.split('\n').length > lines) child.kill('SIGKILL');
  });
  const [, signal] = await once(child, 'close');
  expect(signal).toBe('SIGKILL');
  return Number(text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1));
}

it('has every row that a killed writer reported as committed, whole groups only, and goes on from there', async () => {
  const dir = makeTempDir();
  const path = join(dir, 'journal.sqlite');
  for (let kill = 1; kill <= 6; kill += 1) {
    const reported = await writeAndKill(path, 5 + kill * 17);
    const reader = openJournalReader(dir);
    const last = reader.lastSeq();
    const seqs = [...reader.rows('inputs')].map(({ seq }) => seq);
    reader.close();

    expect(last.inputs).toBeGreaterThanOrEqual(reported);
    expect(last.decisions).toBe(last.inputs);
    expect(seqs).toEqual(Array.from({ length: last.inputs }, (_, i) => i + 1));
  }
});

it('hands intents from the journal thread straight to the gateway port, with their rows already in the file', async () => {
  const runDir = makeTempDir();
  const layout = slabLayout('journal', 'journal', dimensions);
  const slab = createSlab(layout);
  const worker = new Worker(new URL('../src/workers/journalEntry.ts', import.meta.url), {
    workerData: { incarnation: 1, runDir, slab, dimensions } satisfies JournalBoot,
  });
  const posted: FromJournal[] = [];
  worker.on('message', (message: FromJournal) => posted.push(message));
  const send = (message: ToJournal, transfer: MessagePort[] = []) => worker.postMessage(message, transfer as never[]);
  const { port1, port2 } = new MessageChannel();
  send({ type: 'gatewayPort', port: port1 }, [port1 as never]);

  const reader = () => openJournalReader(runDir);
  const seen: { id: string; inFile: number }[] = [];
  const all = new Promise<void>((resolve) => {
    port2.on('message', (message: ToGateway) => {
      if (message.type !== 'place') return;
      const open = reader();
      seen.push({ id: message.intent.clientOrderId, inFile: open.lastSeq().inputs });
      open.close();
      if (seen.length === 20) resolve();
    });
  });
  for (let seq = 1; seq <= 20; seq += 1) {
    send({ type: 'rows', rows: [makeRow('inputs', seq)] });
    send({
      type: 'rows',
      rows: [makeRow('intents', seq, { kind: 'order.place', payload: { clientOrderId: `nj${seq}` } })],
    });
  }
  await all;
  const payload = { execLog: { outcome: 'trade' }, net: 1 };
  send({ type: 'rows', rows: [makeRow('decisions', 1, { inputSeq: 20, kind: 'attempt.closed', payload })] });
  send({ type: 'stop' });
  const [code] = await once(worker, 'exit');
  port2.close();

  expect(code).toBe(0);
  expect(seen.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, i) => `nj${i + 1}`));
  seen.forEach(({ inFile }, i) => {
    expect(inFile).toBeGreaterThanOrEqual(i + 1);
  });
  expect(posted[0]).toEqual({ type: 'ready' });
  expect(posted.at(-1)).toEqual({ type: 'stopped' });
  expect(posted.filter(({ type }) => type === 'committed').at(-1)).toMatchObject({ inputSeq: 20 });
  const rowsCounted = layout.series.find(({ key }) => key === 'nightjar_journal_rows_total')!;
  expect(new Float64Array(slab)[rowsCounted.at]).toBe(41);
  expect(readFileSync(join(runDir, 'exec_log.jsonl'), 'utf8')).toBe('{"outcome":"trade","net":1}\n');
});

it('says why when the journal thread cannot open its file', async () => {
  const worker = new Worker(new URL('../src/workers/journalEntry.ts', import.meta.url), {
    workerData: { incarnation: 1, runDir: join(makeTempDir(), 'missing'), slab: new SharedArrayBuffer(8) },
  });
  // Listened for before the message comes: both may arrive in one turn.
  const exited = once(worker, 'exit');
  const [message] = (await once(worker, 'message')) as [FromJournal];
  await exited;
  expect(message).toMatchObject({ type: 'failed', error: { code: 'data.unreadable' } });
});

it('hashes rows as their canonical JSON says, and the same after they were read back', async () => {
  const { createJournalWriter } = await import('../src/journal/journalWriter.ts');
  const dir = makeTempDir();
  const rows: JournalRow[] = [
    makeRow('decisions', 1, { payload: { b: 1e21, a: -0, nested: [{ z: null, y: 'ü\u2028"\\\u0000' }] } }),
    makeRow('decisions', 2, { timeMs: 1_767_623_400_000.123, subject: 'bot:"odd"', payload: 5e-324 }),
    makeRow('decisions', 3, { timeMs: 12, payload: 'text' }),
  ];
  const writer = createJournalWriter(join(dir, 'journal.sqlite'), { synchronous: 'OFF' });
  writer.append(rows);
  writer.close();
  const expected = createRowHash();
  for (const row of rows) expected.add(canonicalRow(row));

  const reader = openJournalReader(dir);
  const again = createRowHash();
  for (const row of reader.rows('decisions')) again.add(canonicalRow(row));
  const digest = expected.digest();
  expect(reader.hash('decisions')).toBe(digest);
  expect(again.digest()).toBe(digest);
  expect(reader.hash('decisions', 'intents')).toBe(digest);
  expect(reader.hash('commands', 'intents')).not.toBe(digest);
  reader.close();
});
