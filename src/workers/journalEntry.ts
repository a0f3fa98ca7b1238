import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { toPlainError } from '../domain/errors.ts';
import { silentMetrics } from '../telemetry/metricSink.ts';
import { startThreadSampler } from '../telemetry/threadSampler.ts';
import { createFailedJournal } from './failedJournal.ts';
import type { FromJournal, JournalBoot, ToJournal } from './journalMessages.ts';
import { createJournalThread, type JournalThread } from './journalThread.ts';
import { threadData } from './threadData.ts';
import { startPulse } from './threadPulse.ts';
import { JOURNAL_WATCH } from './threadWatchdog.ts';
import { createWallClock } from './wallClock.ts';

/**
 * Entry of the journal thread: `workerData` is a `JournalBoot`, the parent port carries `ToJournal` and `FromJournal`.
 * The port itself has no bound; the thread empties it at each turn, and the core bounds what it sends beyond the last
 * `committed`.
 */
const port = parentPort;
if (port === null) throw new Error('journalEntry.ts runs as a worker thread only');
const boot = await threadData<JournalBoot>();
const clock = createWallClock();
const sampler =
  boot.dimensions === undefined
    ? null
    : startThreadSampler({ kind: 'journal', thread: 'journal', buffer: boot.slab }, boot.dimensions, clock);

const end = () => {
  sampler?.[Symbol.dispose]();
  // With its port closed nothing is left to wait for, and the thread ends by itself.
  port.close();
};
const post = (message: FromJournal) => {
  port.postMessage(message);
  if (message.type === 'stopped') end();
};

try {
  const thread = openThread();
  port.on('message', (message: ToJournal) => thread.onMessage(message));
  // A beat keeps no thread alive that has nothing left to do.
  if (boot.pulse !== undefined) startPulse(boot.pulse, createWallClock({ unref: true }), JOURNAL_WATCH.beatMs);
} catch (error) {
  post({ type: 'failed', error: toPlainError(error, 'journal.failed') });
  end();
}

function openThread(): JournalThread {
  const metrics = sampler?.sink ?? silentMetrics;
  const next = () => receiveMessageOnPort(port!)?.message as ToJournal | undefined;
  try {
    return createJournalThread({ boot, port: { post, next }, clock, metrics });
  } catch (error) {
    if (boot.mustOpen ?? true) throw error;
    metrics.counter('nightjar_journal_failures_total').inc();
    return createFailedJournal({ post }, toPlainError(error, 'journal.failed'));
  }
}
