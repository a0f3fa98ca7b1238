import { join } from 'node:path';
import { toPlainError } from '../domain/errors.ts';
import type { CancelTimer, Clock } from '../domain/ports.ts';
import { createJournalWriter, type JournalWriter } from '../journal/journalWriter.ts';
import type { JournalRow } from '../journal/rows.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import { openExecLogFile } from './execLogFile.ts';
import { gatewayMessageOf, type IntentMessage } from './gatewayMessageOf.ts';
import type { ToGateway } from './gatewayMessages.ts';
import type { FromJournal, JournalBoot, ToJournal } from './journalMessages.ts';

/** The core's end of the journal thread. */
export interface JournalPort {
  post(message: FromJournal): void;
  /** The next message that already waits, without blocking. */
  next(): ToJournal | undefined;
}

export interface JournalThreadInput {
  readonly boot: Pick<JournalBoot, 'runDir'>;
  readonly port: JournalPort;
  readonly clock: Clock;
  readonly metrics: MetricSink;
  /** Test seam: how `journal.sqlite` is opened. */
  readonly openWriter?: (path: string) => JournalWriter;
}

export interface JournalThread {
  /** Takes one message and those that wait behind it. */
  onMessage(message: ToJournal): void;
}

/** A group waits at most this long for company, so that with the sync it is durable within 5 ms. */
export const GROUP_COMMIT_MS = 2;
/**
 * Capacity of the open group, in rows and lines. Policy when full: commit at once, drop nothing. The core bounds what
 * waits in the port by what it has seen `committed`.
 */
export const GROUP_CAPACITY = 4096;
/** A moment is quiet when nothing has arrived for this long; then a checkpoint of at least this many frames is worth it. */
const QUIET_MS = 50;
const CHECKPOINT_FRAMES = 256;
/** 32 MiB of write-ahead file: from here a checkpoint no longer waits for a quiet moment. */
const CHECKPOINT_BOUND_FRAMES = 8192;

/**
 * The journal thread's logic: the only writer of a run's journal, and the only way by which an intent reaches the
 * gateway. Rows are appended as they arrive; a group with an intent commits once the port is drained, any other within
 * `GROUP_COMMIT_MS`. Intents leave after the commit that holds them and all before them, in order.
 *
 * Fail-stop: after a failed append, sync or full disk it posts `failed` once and hands over nothing more.
 *
 * @throws NightjarError schema.newer | data.unreadable when the journal cannot be opened
 */
export function createJournalThread(input: JournalThreadInput): JournalThread {
  const { port, clock } = input;
  const open = input.openWriter ?? ((path: string) => createJournalWriter(path, { synchronous: 'FULL' }));
  const writer = open(join(input.boot.runDir, 'journal.sqlite'));
  const execLog = openExecLogFile(join(input.boot.runDir, 'exec_log.jsonl'));
  const metrics = journalMetrics(input.metrics);

  let state: 'writing' | 'failed' | 'stopped' = 'writing';
  let gateway: { postMessage(message: ToGateway): void; close(): void } | null = null;
  let intents: IntentMessage[] = [];
  /** Orders of the group that will never be sent, by client order id. */
  let orphans: string[] = [];
  let lines: string[] = [];
  let groupRows = 0;
  let highestInputSeq = 0;
  let groupSinceMs: number | null = null;
  let cancelCommit: CancelTimer | null = null;
  let cancelQuiet: CancelTimer = () => {};

  port.post({ type: 'ready' });

  function take(message: ToJournal): void {
    switch (message.type) {
      case 'rows':
        takeRows(message.rows, message.handOver ?? true);
        return;
      case 'execLog':
        openGroup();
        lines.push(message.line);
        return;
      case 'gatewayPort': {
        // Intents of the old gateway's time must not reach the new one: settle what is here before the port changes.
        commit();
        gateway?.close();
        gateway = message.port;
        message.port.once('close', () => {
          if (gateway === message.port) gateway = null;
        });
        return;
      }
      case 'stop':
        stop();
        return;
    }
  }

  function takeRows(rows: readonly JournalRow[], givesIntents: boolean): void {
    if (rows.length === 0) return;
    openGroup();
    for (const row of writer.append(rows)) {
      if (row.table !== 'intents') continue;
      // New to the file means that no earlier journal thread committed it, so it was never handed over either.
      if (givesIntents) intents.push(gatewayMessageOf(row));
      else disown(gatewayMessageOf(row));
    }
    groupRows += rows.length;
    for (const row of rows) if (row.inputSeq > highestInputSeq) highestInputSeq = row.inputSeq;
  }

  function openGroup(): void {
    groupSinceMs ??= clock.nowMs();
  }

  function commit(): void {
    cancelCommit?.();
    cancelCommit = null;
    if (groupSinceMs === null) return;
    writer.commit();
    const commitMs = clock.nowMs() - groupSinceMs;
    handOver();
    if (groupRows > 0) port.post({ type: 'committed', inputSeq: highestInputSeq, commitMs });
    execLog.append(lines);
    metrics.committed(commitMs, groupRows);
    lines = [];
    groupRows = 0;
    groupSinceMs = null;
    if (writer.pendingFrames() >= CHECKPOINT_BOUND_FRAMES) writer.checkpoint();
  }

  function handOver(): void {
    for (const message of intents) {
      // Kept for a later gateway it would be an order decided on an old book: it is given back instead.
      if (gateway === null) disown(message);
      else gateway.postMessage(message);
    }
    if (orphans.length > 0) port.post({ type: 'undelivered', clientOrderIds: orphans });
    intents = [];
    orphans = [];
  }

  /** A cancel that nobody takes says nothing about its order: the order's fate is asked of the venue. */
  function disown(message: IntentMessage): void {
    if (message.type === 'place') orphans.push(message.intent.clientOrderId);
  }

  function arm(): void {
    if (state !== 'writing') return;
    if (intents.length > 0 || groupRows + lines.length >= GROUP_CAPACITY) commit();
    if (groupSinceMs !== null) cancelCommit ??= clock.after(GROUP_COMMIT_MS, () => guarded(commit));
    cancelQuiet();
    cancelQuiet = clock.after(QUIET_MS, () => guarded(checkpointIfWorth));
  }

  function checkpointIfWorth(): void {
    if (writer.pendingFrames() >= CHECKPOINT_FRAMES) writer.checkpoint();
  }

  function stop(): void {
    commit();
    state = 'stopped';
    release();
    port.post({ type: 'stopped' });
  }

  function release(): void {
    cancelCommit?.();
    cancelQuiet();
    gateway?.close();
    gateway = null;
    execLog.close();
    writer.close();
  }

  function guarded(work: () => void): void {
    if (state !== 'writing') return;
    try {
      work();
    } catch (error) {
      state = 'failed';
      metrics.failed();
      cancelCommit?.();
      cancelQuiet();
      gateway = null;
      port.post({ type: 'failed', error: toPlainError(error, 'journal.failed') });
    }
  }

  return {
    onMessage(message) {
      if (state === 'failed' && message.type === 'stop') {
        state = 'stopped';
        port.post({ type: 'stopped' });
        return;
      }
      guarded(() => {
        take(message);
        // A bound, so that a core that never pauses cannot postpone the commit for ever.
        for (let drained = 1; drained < GROUP_CAPACITY && state === 'writing'; drained += 1) {
          const next = groupRows + lines.length < GROUP_CAPACITY ? port.next() : undefined;
          if (next === undefined) break;
          take(next);
        }
        arm();
      });
    },
  };
}

/** Names of the catalogue; see `src/telemetry/metrics.ts`. */
function journalMetrics(sink: MetricSink) {
  const commitSeconds = sink.histogram('nightjar_journal_commit_seconds');
  const rows = sink.counter('nightjar_journal_rows_total');
  const failures = sink.counter('nightjar_journal_failures_total');
  return {
    committed(commitMs: number, count: number) {
      commitSeconds.observe(commitMs / 1000);
      rows.inc(count);
    },
    failed: () => failures.inc(),
  };
}
