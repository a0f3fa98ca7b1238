import type { MessagePort } from 'node:worker_threads';
import type { ChildEvents, StartChild } from '../../src/core/childPort.ts';
import type { InputPayload } from '../../src/core/inputs.ts';
import { createJournalLink } from '../../src/core/journalLink.ts';
import { toPlainError } from '../../src/domain/errors.ts';
import type { JournalRow } from '../../src/journal/rows.ts';
import { silentMetrics } from '../../src/telemetry/metricSink.ts';
import type { ExecLogFile } from '../../src/workers/execLogFile.ts';
import type { ToGateway } from '../../src/workers/gatewayMessages.ts';
import type { GatewayPort } from '../../src/workers/intentOutlet.ts';
import type { FromJournal, ToJournal } from '../../src/workers/journalMessages.ts';
import { createJournalThread, type JournalThread } from '../../src/workers/journalThread.ts';
import type { ChaosDisk } from './chaosDisk.ts';
import { createProcessScope, type ProcessScope } from './processScope.ts';

/** A message between two threads takes so long. */
export const HOP_MS = 0.05;

export interface ChaosJournal {
  readonly start: StartChild;
  /** The core's end. */
  rows(rows: readonly JournalRow[]): void;
  hasFailed(): boolean;
  /** A new gateway incarnation: committed intents go to it. @returns takes the way from it */
  joinGateway(handle: (message: ToGateway) => void): () => void;
  /** The thread does nothing for so long: a slow sync. */
  stall(durationMs: number): void;
  /** The thread dies of itself, with what it had not committed. */
  crash(): void;
  /** The whole process is gone. */
  die(): void;
}

/** The journal thread's own code, its link and its outlet, on the event clock: messages take a hop, commits take time. */
export function createChaosJournal(deps: {
  readonly runDir: string;
  readonly process: ProcessScope;
  readonly disk: ChaosDisk;
  admit(source: string, payload: InputPayload): void;
}): ChaosJournal {
  const { process, disk, admit } = deps;
  const link = createJournalLink();
  let running: { post(message: ToJournal): void; crash(): void; scope: ProcessScope; events: ChildEvents } | null =
    null;

  const start: StartChild = (_incarnation, events) => {
    const scope = createProcessScope(process.clock, process.transport);
    const queue: ToJournal[] = [];
    let thread: JournalThread | null = null;
    let file: ReturnType<ChaosDisk['open']> | null = null;
    let execLog: ExecLogFile | null = null;
    let isStarted = false;
    let isOver = false;

    const end = () => {
      if (isOver) return false;
      isOver = true;
      scope.end();
      file?.crash();
      execLog?.close();
      if (running === mine) {
        running = null;
        link.disconnect();
      }
      return true;
    };
    const post = (message: ToJournal) => {
      queue.push(message);
      scope.clock.after(HOP_MS, () => {
        const next = queue.shift();
        if (next !== undefined) thread?.onMessage(next);
      });
    };
    const hear = (message: FromJournal) => {
      if (message.type === 'ready') {
        isStarted = true;
        link.connect(post);
        events.started();
      } else if (message.type === 'committed') link.committed(message.inputSeq);
      else if (message.type === 'undelivered') {
        const reason = link.hasFailed()
          ? 'the journal has failed: what is not recorded is not sent'
          : 'no gateway was there when the intent was committed';
        for (const clientOrderId of message.clientOrderIds)
          admit('journal', { type: 'order.refused', clientOrderId, reason });
      } else if (message.type === 'failed' && isStarted) {
        link.fail();
        admit('journal', { type: 'journal.failed', error: message.error });
      } else if (message.type === 'stopped' && end()) events.exited({ kind: 'shutdown' });
    };
    const mine = {
      post,
      scope,
      events,
      crash() {
        end();
      },
    };
    running = mine;
    scope.clock.after(HOP_MS, () => {
      try {
        thread = createJournalThread({
          boot: { runDir: deps.runDir },
          port: {
            post: (message) => process.clock.after(HOP_MS, () => hear(message)),
            next: () => queue.shift(),
          },
          clock: scope.clock,
          metrics: silentMetrics,
          openWriter(path) {
            file = disk.open(path);
            return file.writer;
          },
          openExecLog(path) {
            execLog = disk.openExecLog(path);
            return execLog;
          },
        });
      } catch (error) {
        if (end()) events.failed(toPlainError(error, 'journal.failed'));
      }
    });
    return {
      stop: () => post({ type: 'stop' }),
      kill() {
        if (end()) events.exited({ kind: 'killed' });
      },
    };
  };

  return {
    start,
    rows: link.send,
    hasFailed: link.hasFailed,
    joinGateway(handle) {
      const closers: (() => void)[] = [];
      let isOpen = true;
      const port: GatewayPort = {
        postMessage: (message) =>
          process.clock.after(HOP_MS, () => {
            if (isOpen) handle(message);
          }),
        close() {
          isOpen = false;
        },
        once: (_event, listener) => closers.push(listener),
      };
      running?.post({ type: 'gatewayPort', port: port as unknown as MessagePort });
      return () => {
        isOpen = false;
        for (const close of closers) process.clock.after(HOP_MS, close);
      };
    },
    stall: (durationMs) => running?.scope.pause(durationMs),
    crash() {
      const dying = running;
      if (dying === null) return;
      dying.crash();
      const error = { code: 'thread.lost', message: 'journal died by the fault plan', details: {} } as const;
      dying.events.exited({ kind: 'crash', error });
    },
    die: () => running?.crash(),
  };
}
