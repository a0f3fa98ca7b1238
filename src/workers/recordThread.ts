import { Worker } from 'node:worker_threads';
import { NightjarError } from '../domain/errors.ts';
import type { RecordedBookEnd, RecordingManifest } from '../journal/recordingManifest.ts';
import type { RecordPost } from './recordBuffer.ts';
import { RecordBuffer } from './recordBuffer.ts';
import type { FromRecorder, RecordBoot, RecordTotals } from './recordMessages.ts';

export interface RecordThread {
  readonly buffer: RecordBuffer;
  readonly post: RecordPost;
  /** What is on the disk by now. */
  totals(): RecordTotals;
  /** Resolves when the disk takes no more, or the thread is gone; never without trouble. */
  readonly trouble: Promise<string>;
  /** Stores the rest. @throws NightjarError thread.lost when the thread died before */
  end(reason: string, books: readonly RecordedBookEnd[]): Promise<RecordingManifest>;
}

/**
 * Starts the thread that writes a recording.
 * @param bufferBytes  lines on their way to it; default 32 MiB
 * @throws NightjarError what kept it from its first file
 */
export async function startRecordThread(boot: RecordBoot, bufferBytes?: number): Promise<RecordThread> {
  const url = new URL(import.meta.url.endsWith('.ts') ? './recordEntry.ts' : './recordEntry.js', import.meta.url);
  const worker = new Worker(url, { workerData: boot });
  const post: RecordPost = (message, transfer) => worker.postMessage(message, transfer);
  const buffer = new RecordBuffer(post, bufferBytes);
  const ready = Promise.withResolvers<void>();
  const trouble = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<RecordingManifest>();
  // Whoever waits for the end hears of it; that nobody does yet is no fault.
  ended.promise.catch(() => {});
  let totals: RecordTotals = { frames: 0, lostFrames: 0, bytes: 0, storedBytes: 0 };
  const lose = (error: NightjarError) => {
    ready.reject(error);
    ended.reject(error);
    trouble.resolve(error.message);
  };
  worker.on('message', (message: FromRecorder) => {
    if (message.type === 'free') buffer.giveBack(message.buffer);
    else if (message.type === 'totals') totals = message.totals;
    else if (message.type === 'trouble') trouble.resolve(message.reason);
    else if (message.type === 'ready') ready.resolve();
    else if (message.type === 'ended') ended.resolve(message.manifest);
    else lose(NightjarError.fromPlain(message.error));
  });
  worker.on('error', (error) => {
    lose(new NightjarError('thread.lost', `the thread that writes the recording died: ${String(error)}`, {}, error));
  });
  worker.on('exit', () => lose(new NightjarError('thread.lost', 'the thread that writes the recording ended')));
  await ready.promise;
  return {
    buffer,
    post,
    totals: () => totals,
    trouble: trouble.promise,
    end(reason, books) {
      buffer.flush();
      post({ type: 'end', reason, books }, []);
      return ended.promise;
    },
  };
}
