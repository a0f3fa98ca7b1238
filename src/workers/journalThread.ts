import { dirname, join } from 'node:path';
import { toPlainError } from '../domain/errors.ts';
import type { CancelTimer, Clock } from '../domain/ports.ts';
import { controlRowsAfter } from '../journal/controlRows.ts';
import { createJournalWriter, type JournalWriter, type JournalWriterOptions } from '../journal/journalWriter.ts';
import type { JournalRow } from '../journal/rows.ts';
import { openStateStore } from '../journal/stateStore.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import { type ExecLogFile, openExecLogFile } from './execLogFile.ts';
import { execLineOf, missingExecLines } from './execLogLines.ts';
import { createIntentOutlet } from './intentOutlet.ts';
import { createJournalAudit, type JournalAudit } from './journalAudit.ts';
import type { FromJournal, JournalBoot, ToJournal } from './journalMessages.ts';
import { createRotationWatch, ROTATE_BYTES } from './journalRotation.ts';

/** The core's end of the journal thread. */
export interface JournalPort {
  post(message: FromJournal): void;
  /** The next message that already waits, without blocking. */
  next(): ToJournal | undefined;
}

export interface JournalThreadInput {
  readonly boot: Pick<JournalBoot, 'runDir' | 'run' | 'statePath' | 'maxBytes' | 'rotateBytes'>;
  readonly port: JournalPort;
  readonly clock: Clock;
  readonly metrics: MetricSink;
  /** Test seam: how `journal.sqlite` is opened. */
  readonly openWriter?: (path: string) => JournalWriter;
  /** Test seam: how `exec_log.jsonl` is opened. */
  readonly openExecLog?: (path: string) => ExecLogFile;
}

export interface JournalThread {
  /** Takes one message and those that wait behind it. */
  onMessage(message: ToJournal): void;
}

/** A group waits at most this long for company, so that with the sync it is durable within 5 ms. */
export const GROUP_COMMIT_MS = 2;
/**
 * Capacity of the open group, in rows. Policy when full: commit at once, drop nothing. The core bounds what
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
 * gateway. Rows are appended as they arrive; a group with an intent or with a row that somebody waits for commits once
 * the port is drained, any other within
 * `GROUP_COMMIT_MS`. Intents leave after the commit that holds them and all before them, in order.
 *
 * Fail-stop: after a failed append, sync or full disk it posts `failed` once and writes nothing more. Orders are given
 * back unsent, and it stays so until it is stopped. Cancels never pass here: the core sends them itself.
 *
 * @throws NightjarError schema.newer | data.unreadable when the journal or the state beside the runs cannot be opened
 */
export function createJournalThread(input: JournalThreadInput): JournalThread {
  const { port, clock, boot } = input;
  const open = input.openWriter ?? ((path: string) => createJournalWriter(path, writerOptions(boot)));
  const path = join(boot.runDir, 'journal.sqlite');
  const writer = open(path);
  const audit = openAudit(boot, path, writer.lastSeq().inputs);
  const outlet = createIntentOutlet((clientOrderIds) => port.post({ type: 'undelivered', clientOrderIds }));
  const execLogPath = join(boot.runDir, 'exec_log.jsonl');
  const execLog = (input.openExecLog ?? openExecLogFile)(execLogPath);
  // What a dead thread had committed and not written there.
  execLog.append(missingExecLines(boot.runDir, execLogPath));
  const metrics = journalMetrics(input.metrics);
  const rotation = createRotationWatch(writer, clock, boot.rotateBytes ?? ROTATE_BYTES);

  let state: 'writing' | 'failed' | 'stopped' = 'writing';
  let groupAudit: JournalRow[] = [];
  /** Rows being appended: should that fail, their orders are given back too. */
  let inHand: readonly JournalRow[] = [];
  let lines: string[] = [];
  let groupRows = 0;
  let highestInputSeq = 0;
  let groupSinceMs: number | null = null;
  let isUrgent = false;
  let cancelCommit: CancelTimer | null = null;
  let cancelQuiet: CancelTimer = () => {};

  port.post({ type: 'ready' });

  function take(message: ToJournal): void {
    switch (message.type) {
      case 'rows':
        takeRows(message.rows, message.handOver ?? true);
        if (message.urgent === true) isUrgent = true;
        return;
      case 'gatewayPort':
        // Intents of the old gateway's time must not reach the new one: settle what is here before the port changes.
        commit();
        outlet.connect(message.port);
        return;
      case 'stop':
        stop();
        return;
    }
  }

  function takeRows(rows: readonly JournalRow[], givesIntents: boolean): void {
    if (rows.length === 0) return;
    openGroup();
    // New to the file means that no earlier journal thread committed it, so it was never handed over either.
    if (givesIntents) inHand = rows;
    const fresh = writer.append(rows);
    for (const row of fresh) if (row.table === 'intents') outlet.add(row, givesIntents);
    inHand = [];
    if (audit !== null) groupAudit.push(...fresh);
    lines.push(...fresh.map(execLineOf).filter((line) => line !== null));
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
    outlet.handOver();
    if (groupRows > 0) port.post({ type: 'committed', inputSeq: highestInputSeq, commitMs });
    audit?.committed(groupAudit);
    execLog.append(lines);
    metrics.committed(commitMs, groupRows);
    groupAudit = [];
    lines = [];
    groupRows = 0;
    groupSinceMs = null;
    isUrgent = false;
    if (writer.pendingFrames() >= CHECKPOINT_BOUND_FRAMES) {
      writer.checkpoint();
      rotation.look();
    }
    // Between two commits and after the hand-over: no order waits for it.
    if (rotation.isOverdue()) rotation.rotate();
  }

  function arm(): void {
    if (state !== 'writing') return;
    if (outlet.waiting > 0 || isUrgent || groupRows >= GROUP_CAPACITY) commit();
    if (groupSinceMs !== null) cancelCommit ??= clock.after(GROUP_COMMIT_MS, () => guarded(commit));
    cancelQuiet();
    cancelQuiet = clock.after(QUIET_MS, () => guarded(checkpointIfWorth));
  }

  function checkpointIfWorth(): void {
    // After a stall this timer may come before the one of a group that is due by then.
    commit();
    if (writer.pendingFrames() >= CHECKPOINT_FRAMES) writer.checkpoint();
    if (rotation.look()) rotation.rotate();
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
    outlet.close();
    execLog.close();
    audit?.close();
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
      // First the news, which closes the permits, then the orders that will not be sent.
      port.post({ type: 'failed', error: toPlainError(error, 'journal.failed') });
      outlet.failStop();
      outlet.takeUnrecorded(inHand);
    }
  }

  function takeWhenFailed(message: ToJournal): void {
    if (message.type === 'stop') {
      state = 'stopped';
      port.post({ type: 'stopped' });
    } else if (message.type === 'gatewayPort') outlet.connect(message.port);
    // What is sent again may have left long ago: its fate is asked of the venue.
    else if (message.type === 'rows' && (message.handOver ?? true)) outlet.takeUnrecorded(message.rows);
  }

  return {
    onMessage(message) {
      if (state === 'failed') return takeWhenFailed(message);
      guarded(() => {
        take(message);
        // A bound, so that a core that never pauses cannot postpone the commit for ever.
        for (let drained = 1; drained < GROUP_CAPACITY && state === 'writing'; drained += 1) {
          const next = groupRows < GROUP_CAPACITY ? port.next() : undefined;
          if (next === undefined) break;
          take(next);
        }
        arm();
      });
    },
  };
}

function writerOptions({ maxBytes, run }: JournalThreadInput['boot']): JournalWriterOptions {
  return {
    synchronous: 'FULL',
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(run === undefined ? {} : { run }),
  };
}

/** Opens the audit and writes into it what a dead journal thread had committed and not audited. */
function openAudit(boot: JournalThreadInput['boot'], path: string, lastInput: number): JournalAudit | null {
  if (boot.run === undefined || boot.statePath === undefined) return null;
  const audit = createJournalAudit(openStateStore(boot.statePath), boot.run);
  audit.catchUp(controlRowsAfter(dirname(path), audit.auditedInput()), lastInput);
  return audit;
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
