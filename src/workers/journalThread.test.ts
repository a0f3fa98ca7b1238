import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../domain/ports.ts';
import { openJournalReader } from '../journal/journalReader.ts';
import { makeRow, makeTempDir } from '../journal/journalTestRows.ts';
import { createJournalWriter, type JournalWriter } from '../journal/journalWriter.ts';
import type { JournalRow } from '../journal/rows.ts';
import { verifyAudit } from '../journal/stateStore.ts';
import { verifyRunJournal } from '../journal/verifyRunJournal.ts';
import { silentMetrics } from '../telemetry/metricSink.ts';
import type { ToGateway } from './gatewayMessages.ts';
import type { FromJournal, ToJournal } from './journalMessages.ts';
import { createJournalThread, GROUP_COMMIT_MS } from './journalThread.ts';
import { createVirtualJournal } from './virtualJournal.ts';

/** Fires due timers in order when stepped. */
function createStepClock() {
  let nowMs = 1000;
  let timers: { dueMs: number; fn: () => void }[] = [];
  const clock: Clock = {
    nowMs: () => nowMs,
    after(delayMs, fn) {
      const timer = { dueMs: nowMs + delayMs, fn };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    every: () => () => {},
  };
  const step = (ms: number) => {
    const untilMs = nowMs + ms;
    for (;;) {
      const due = timers.filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) break;
      timers = timers.filter((other) => other !== due);
      nowMs = due.dueMs;
      due.fn();
    }
    nowMs = untilMs;
  };
  /** The thread stood still for so long: what fell due meanwhile comes in whatever order, here the last one first. */
  const stall = (ms: number) => {
    nowMs += ms;
    const due = timers.filter(({ dueMs }) => dueMs <= nowMs).sort((a, b) => b.dueMs - a.dueMs);
    timers = timers.filter((timer) => !due.includes(timer));
    for (const { fn } of due) fn();
  };
  return { clock, step, stall };
}

function startThread(
  options: {
    waiting?: ToJournal[];
    wrap?: (writer: JournalWriter) => JournalWriter;
    runDir?: string;
    maxBytes?: number;
    rotateBytes?: number;
    statePath?: string;
  } = {},
) {
  const runDir = options.runDir ?? makeTempDir();
  const { maxBytes, rotateBytes, statePath } = options;
  const log: string[] = [];
  const posted: FromJournal[] = [];
  const { clock, step, stall } = createStepClock();
  const waiting = options.waiting ?? [];
  const thread = createJournalThread({
    boot: {
      runDir,
      run: 'test-run',
      ...(statePath === undefined ? {} : { statePath }),
      ...(rotateBytes === undefined ? {} : { rotateBytes }),
    },
    clock,
    metrics: silentMetrics,
    port: {
      post(message) {
        posted.push(message);
        if (message.type !== 'ready') log.push(message.type);
      },
      next: () => waiting.shift(),
    },
    openWriter(path) {
      const writer = createJournalWriter(path, {
        synchronous: 'FULL',
        ...(maxBytes === undefined ? {} : { maxBytes }),
      });
      const logged: JournalWriter = Object.create(writer, {
        commit: {
          value: () => {
            writer.commit();
            log.push('synced');
          },
        },
      });
      return options.wrap?.(logged) ?? logged;
    },
  });
  const send = (message: ToJournal) => thread.onMessage(message);
  return { runDir, log, posted, send, step, stall, waiting };
}

/** A gateway whose mail is written into `log` in the order of sending, as a real port keeps it. */
function connectGateway(thread: ReturnType<typeof startThread>) {
  const { port1, port2 } = new MessageChannel();
  const send = port1.postMessage.bind(port1);
  port1.postMessage = (message: ToGateway) => {
    thread.log.push(message.type === 'place' ? `place ${message.intent.clientOrderId}` : message.type);
    send(message);
  };
  thread.send({ type: 'gatewayPort', port: port1 });
  thread.log.length = 0;
  return { received: () => drain(port2), closeFar: () => port2.close(), port: port1 };
}

function drain(port: MessagePort): ToGateway[] {
  const messages: ToGateway[] = [];
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    messages.push(next.message as ToGateway);
  }
  return messages;
}

const intent = (seq: number) =>
  makeRow('intents', seq, { kind: 'order.place', payload: { clientOrderId: `nj${seq}`, qty: '1' } });
const cancel = (seq: number) =>
  makeRow('intents', seq, { kind: 'order.cancel', payload: { clientOrderId: `nj${seq}`, venue: 'okx' } });
const rows = (...list: JournalRow[]): ToJournal => ({ type: 'rows', rows: list });

function stored(runDir: string, table: 'inputs' | 'decisions' | 'intents') {
  const reader = openJournalReader(runDir);
  try {
    return [...reader.rows(table)].map(({ seq }) => seq);
  } finally {
    reader.close();
  }
}

describe('journal thread', () => {
  it('hands an intent over after the one commit that holds it and all before it', () => {
    const thread = startThread();
    const gateway = connectGateway(thread);
    thread.send(rows(makeRow('inputs', 1)));
    expect(thread.log).toEqual([]);

    thread.send(rows(makeRow('decisions', 1), intent(1)));

    expect(thread.log).toEqual(['synced', 'place nj1', 'committed']);
    expect(gateway.received()).toEqual([{ type: 'place', intent: { clientOrderId: 'nj1', qty: '1' } }]);
    expect(stored(thread.runDir, 'inputs')).toEqual([1]);
  });

  it('takes what already waits into the same commit, keeps the order of orders and passes over cancels', () => {
    const waiting = [rows(intent(2), cancel(3)), rows(makeRow('inputs', 1, { inputSeq: 7 }))];
    const thread = startThread();
    connectGateway(thread);
    thread.waiting.push(...waiting);
    thread.send(rows(intent(1)));

    expect(thread.log).toEqual(['synced', 'place nj1', 'place nj2', 'committed']);
    expect(thread.posted.at(-1)).toMatchObject({ type: 'committed', inputSeq: 7 });
  });

  it('lets rows without an intent wait for company, at most the group time', () => {
    const thread = startThread();
    thread.send(rows(makeRow('inputs', 1)));
    thread.step(GROUP_COMMIT_MS / 2);
    thread.send(rows(makeRow('inputs', 2)));
    expect(stored(thread.runDir, 'inputs')).toEqual([]);

    thread.step(GROUP_COMMIT_MS / 2);

    expect(thread.log).toEqual(['synced', 'committed']);
    expect(thread.posted.at(-1)).toEqual({ type: 'committed', inputSeq: 2, commitMs: GROUP_COMMIT_MS });
    expect(stored(thread.runDir, 'inputs')).toEqual([1, 2]);
  });

  it('does not let rows wait for company whose commit somebody waits for', () => {
    const thread = startThread();
    thread.send({ type: 'rows', rows: [makeRow('inputs', 1)], urgent: true });
    expect(thread.log).toEqual(['synced', 'committed']);
    thread.send(rows(makeRow('inputs', 2)));
    expect(thread.log).toEqual(['synced', 'committed']);
  });

  it('commits at once when the group is full', () => {
    const thread = startThread();
    thread.send(rows(...Array.from({ length: 5000 }, (_, i) => makeRow('inputs', i + 1))));
    expect(thread.log).toEqual(['synced', 'committed']);
  });

  const closed = (seq: number) => {
    const parts = { spread: seq, adverse: 0, fees: 0, slippage: 0, net: seq };
    const payload = { attempt: seq, ...parts, execLog: { time: seq, outcome: 'trade', bot: 'arb:SOL' } };
    return makeRow('decisions', seq, { kind: 'attempt.closed', payload });
  };
  const execLines = (runDir: string) =>
    readFileSync(join(runDir, 'exec_log.jsonl'), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown);
  const lineOf = (seq: number) => ({
    ...{ time: seq, outcome: 'trade', bot: 'arb:SOL' },
    ...{ spread: seq, adverse: 0, fees: 0, slippage: 0, net: seq },
  });

  it('writes the exec line of an attempt only behind the commit of its row', () => {
    const thread = startThread({
      wrap: (writer) => Object.create(writer, { commit: { value: () => checkThenCommit(writer) } }),
    });
    let before: unknown = 'never looked';
    function checkThenCommit(writer: JournalWriter) {
      before = execLines(thread.runDir);
      writer.commit();
    }
    thread.send(rows(closed(1), makeRow('decisions', 2)));
    thread.step(GROUP_COMMIT_MS);

    expect(before).toEqual([]);
    expect(execLines(thread.runDir)).toEqual([lineOf(1)]);
  });

  it.each([
    ['the last lines', (text: string) => text.split('\n').slice(0, 2).join('\n').concat('\n')],
    ['the end of a line and all behind it', (text: string) => text.slice(0, text.indexOf('\n') + 20)],
    ['the whole exec log', () => ''],
    ['nothing', (text: string) => text],
  ])('has a line for every attempt of the journal, once, after a death that lost %s', (_, lose) => {
    const first = startThread();
    first.send(rows(...[1, 2, 3, 4].map(closed)));
    first.send({ type: 'stop' });
    const path = join(first.runDir, 'exec_log.jsonl');
    expect(execLines(first.runDir)).toEqual([1, 2, 3, 4].map(lineOf));
    writeFileSync(path, lose(readFileSync(path, 'utf8')));
    const next = startThread({ runDir: first.runDir });
    // Sent again, as by a core that had no answer: known rows give no second line.
    next.send({ type: 'rows', rows: [closed(4), closed(5)], handOver: false });
    next.send({ type: 'stop' });
    expect(execLines(first.runDir)).toEqual([1, 2, 3, 4, 5].map(lineOf));
  });

  it('gives intents back that are committed while no gateway is there, and never sends them later', () => {
    const thread = startThread();
    thread.send(rows(intent(1)));
    expect(thread.posted).toContainEqual({ type: 'undelivered', clientOrderIds: ['nj1'] });

    const gateway = connectGateway(thread);
    thread.send(rows(intent(2)));
    expect(gateway.received()).toMatchObject([{ intent: { clientOrderId: 'nj2' } }]);
  });

  it('writes rows that are sent again without handing them over, and gives back what was never sent', () => {
    const thread = startThread();
    const gateway = connectGateway(thread);
    thread.send(rows(intent(1)));
    gateway.received();
    thread.send({ type: 'rows', rows: [intent(1), intent(2), cancel(3)], handOver: false });
    thread.step(GROUP_COMMIT_MS);

    expect(gateway.received()).toEqual([]);
    expect(thread.posted).toContainEqual({ type: 'undelivered', clientOrderIds: ['nj2'] });
    expect(stored(thread.runDir, 'intents')).toEqual([1, 2, 3]);
  });

  it('notices that the gateway has gone', async () => {
    const thread = startThread();
    const gateway = connectGateway(thread);
    const closed = new Promise((resolve) => gateway.port.once('close', resolve));
    gateway.closeFar();
    await closed;
    thread.send(rows(intent(1)));
    expect(thread.log).toContain('undelivered');
    expect(thread.log).not.toContain('place nj1');
  });

  it('does not hand an intent over again that was already in the file', () => {
    const thread = startThread();
    const gateway = connectGateway(thread);
    thread.send(rows(intent(1)));
    gateway.received();
    thread.send(rows(intent(1), intent(2)));
    expect(gateway.received()).toMatchObject([{ intent: { clientOrderId: 'nj2' } }]);
  });

  it('F5: a sync fails once: fail-stop, orders come back unsent', () => {
    let broken = true;
    const thread = startThread({
      wrap: (writer) =>
        Object.create(writer, {
          commit: {
            value: () => {
              if (broken) throw Object.assign(new Error('disk I/O error'), { code: 'EIO' });
              writer.commit();
            },
          },
        }),
    });
    const { port1, port2 } = new MessageChannel();
    broken = false;
    thread.send({ type: 'gatewayPort', port: port1 });
    broken = true;
    thread.send(rows(intent(1)));
    broken = false;
    thread.send(rows(intent(2), cancel(3)));
    thread.send({ type: 'rows', rows: [intent(1), cancel(3)], handOver: false });
    thread.step(1000);
    expect(drain(port2)).toEqual([]);
    thread.send({ type: 'stop' });

    expect(thread.posted.slice(1)).toEqual([
      { type: 'failed', error: expect.objectContaining({ code: 'journal.failed', message: 'disk I/O error' }) },
      { type: 'undelivered', clientOrderIds: ['nj1'] },
      { type: 'undelivered', clientOrderIds: ['nj2'] },
      { type: 'stopped' },
    ]);
    expect(stored(thread.runDir, 'intents')).toEqual([]);
    port2.close();
  });

  it('F4: gives back every order that a full disk kept from being recorded, and no recorded row is lost', () => {
    const thread = startThread({ maxBytes: 300 * 1024 });
    const { port1, port2 } = new MessageChannel();
    thread.send({ type: 'gatewayPort', port: port1 });
    const sent: string[] = [];
    for (let seq = 1; seq <= 200; seq += 1) {
      thread.send(rows(makeRow('inputs', seq, { payload: 'x'.repeat(4000) }), intent(seq)));
      sent.push(...drain(port2).map((message) => (message.type === 'place' ? message.intent.clientOrderId : '?')));
    }
    port2.close();

    const failed = thread.posted.filter(({ type }) => type === 'failed');
    expect(failed).toEqual([
      { type: 'failed', error: expect.objectContaining({ message: expect.stringContaining('disk is full') }) },
    ]);
    const back = thread.posted.flatMap((message) => (message.type === 'undelivered' ? message.clientOrderIds : []));
    expect([...sent, ...back]).toEqual(Array.from({ length: 200 }, (_, i) => `nj${i + 1}`));
    expect(sent.length).toBeGreaterThan(10);
    expect(stored(thread.runDir, 'intents')).toEqual(sent.map((_, i) => i + 1));
  });

  it('refuses an intents row that is no order before it is committed', () => {
    const thread = startThread();
    thread.send(rows(makeRow('intents', 1, { kind: 'order.dream' })));
    expect(thread.posted.at(-1)).toMatchObject({ type: 'failed', error: { code: 'journal.failed' } });
    expect(stored(thread.runDir, 'intents')).toEqual([]);
  });

  it('audits control after its commit, and at its start what a dead thread left out', () => {
    const runDir = makeTempDir();
    const statePath = join(runDir, 'state.sqlite');
    const control = (seq: number) =>
      makeRow('decisions', seq, {
        kind: 'control',
        payload: { message: { action: 'crash', reason: 'drill', args: {}, by: 'operate', from: 'here' }, status: 200 },
      });
    const unaudited = startThread({ runDir });
    unaudited.send(rows(makeRow('inputs', 1), control(1)));
    unaudited.send({ type: 'stop' });

    const thread = startThread({ runDir, statePath });
    expect(verifyAudit(statePath)).toMatchObject({ entries: 1, findings: [] });
    thread.send(rows(makeRow('inputs', 2), control(2)));
    expect(verifyAudit(statePath).entries).toBe(1);
    thread.step(GROUP_COMMIT_MS);
    expect(verifyAudit(statePath)).toMatchObject({ entries: 2, findings: [] });
  });

  it('empties the write-ahead file in a quiet moment, not before', () => {
    let frames = () => 0;
    const thread = startThread({
      wrap(writer) {
        frames = () => writer.pendingFrames();
        return writer;
      },
    });
    thread.send(
      rows(...Array.from({ length: 500 }, (_, i) => makeRow('inputs', i + 1, { payload: 'x'.repeat(4000) }))),
    );
    thread.step(GROUP_COMMIT_MS);
    expect(frames()).toBeGreaterThan(500);
    thread.step(100);
    expect(frames()).toBe(0);
  });

  it('goes on when the quiet moment comes before the commit of an open group, as after a stall', () => {
    const { send, stall, log, posted } = startThread();
    send(rows(makeRow('decisions', 1)));
    stall(1000);
    expect(posted.filter(({ type }) => type === 'failed')).toEqual([]);
    expect(log).toContain('committed');
  });

  it('seals its part in a quiet moment once it is full, and again at midnight UTC', () => {
    const thread = startThread({ rotateBytes: 200_000 });
    const sealed = () => readdirSync(thread.runDir).filter((name) => /^journal\.\d+\.sqlite$/.test(name));
    const big = (seq: number) => makeRow('inputs', seq, { payload: 'x'.repeat(4000) });
    thread.send(rows(...Array.from({ length: 100 }, (_, i) => big(i + 1))));
    thread.step(GROUP_COMMIT_MS);
    expect(sealed()).toEqual([]);
    thread.step(100);
    expect(sealed()).toEqual(['journal.1.sqlite']);
    thread.send(rows(makeRow('inputs', 101)));
    thread.step(3_600_000);
    expect(sealed()).toHaveLength(1);
    thread.step(86_400_000 - 3_600_000);
    thread.send(rows(makeRow('inputs', 102)));
    thread.step(100);
    expect(sealed()).toEqual(['journal.1.sqlite', 'journal.2.sqlite']);
    thread.send(rows(makeRow('inputs', 103), intent(1)));
    thread.step(100);
    expect(sealed()).toHaveLength(2);
    expect(thread.posted.at(-1)).toMatchObject({ type: 'committed', inputSeq: 103 });
    expect(verifyRunJournal(thread.runDir)).toMatchObject({ ok: true, parts: 3, rows: { inputs: 103 } });
  });

  it('waits for a reader, then for a quiet moment at most 5 s, and rotates between two commits', () => {
    const thread = startThread({ rotateBytes: 100_000 });
    const sealed = () => existsSync(join(thread.runDir, 'journal.1.sqlite'));
    thread.send(rows(...Array.from({ length: 50 }, (_, i) => makeRow('inputs', i + 1, { payload: 'x'.repeat(4000) }))));
    const reader = openJournalReader(thread.runDir);
    expect([...reader.rows('inputs')]).toHaveLength(0);
    thread.step(200);
    expect(sealed()).toBe(false);
    reader.close();
    let seq = 50;
    // Never a quiet moment: a row each 20 ms.
    for (let ms = 0; ms < 4700; ms += 20) {
      seq += 1;
      thread.send(rows(makeRow('inputs', seq)));
      thread.step(20);
    }
    expect(sealed()).toBe(false);
    for (let ms = 0; ms < 400; ms += 20) {
      seq += 1;
      thread.send(rows(makeRow('inputs', seq)));
      thread.step(20);
    }
    expect(sealed()).toBe(true);
    expect(stored(thread.runDir, 'inputs')).toHaveLength(seq);
  });

  it('commits, hands over and closes when it is stopped', () => {
    const thread = startThread();
    const gateway = connectGateway(thread);
    thread.waiting.push({ type: 'stop' });
    thread.send(rows(makeRow('inputs', 1), intent(1)));
    expect(thread.log).toEqual(['synced', 'place nj1', 'committed', 'stopped']);
    expect(gateway.received()).toHaveLength(1);
  });
});

describe('virtual journal', () => {
  function startVirtual() {
    const runDir = makeTempDir();
    const { clock, step } = createStepClock();
    const events: string[] = [];
    const journal = createVirtualJournal({
      writer: createJournalWriter(join(runDir, 'journal.sqlite'), { synchronous: 'OFF' }),
      clock,
      deliver: (message) => events.push(`${message.type} ${message.intent.clientOrderId}`),
      committed: (inputSeq) => events.push(`committed ${inputSeq}`),
    });
    return { runDir, journal, step, events };
  }

  it('hands an intent over one virtual millisecond after its rows, in order', () => {
    const { journal, step, events } = startVirtual();
    journal.append([makeRow('inputs', 1)]);
    journal.append([intent(1)]);
    step(0.5);
    journal.append([intent(2), cancel(3)]);
    step(0.4);
    expect(events).toEqual([]);
    step(0.1);
    expect(events).toEqual(['place nj1', 'committed 1']);
    step(1);
    expect(events).toEqual(['place nj1', 'committed 1', 'place nj2', 'committed 3']);
  });

  it('keeps every row and delivers nothing more once closed', () => {
    const { runDir, journal, step, events } = startVirtual();
    for (let seq = 1; seq <= 3000; seq += 1) journal.append([makeRow('inputs', seq)]);
    journal.append([intent(1)]);
    journal.close();
    step(10);
    expect(events).toEqual([]);
    expect(stored(runDir, 'inputs')).toHaveLength(3000);
    expect(stored(runDir, 'intents')).toEqual([1]);
  });
});
