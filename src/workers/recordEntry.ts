import { parentPort } from 'node:worker_threads';
import { toPlainError } from '../domain/errors.ts';
import { realDisk } from '../journal/recordingDisk.ts';
import { RecordingWriter } from '../journal/recordingWriter.ts';
import type { FromRecorder, RecordBoot, ToRecorder } from './recordMessages.ts';
import { threadData } from './threadData.ts';
import { createWallClock } from './wallClock.ts';

/**
 * Entry of the thread that writes a recording: `workerData` is a `RecordBoot`, the parent port carries `ToRecorder` and
 * `FromRecorder`. What waits in the port is bounded by the sender, which gets each buffer back only when it was read.
 */
const port = parentPort;
if (port === null) throw new Error('recordEntry.ts runs as a worker thread only');
const { plan } = await threadData<RecordBoot>();
const clock = createWallClock();
const TICK_MS = 1000;

const post = (message: FromRecorder, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

try {
  const writer = new RecordingWriter(plan, realDisk, clock);
  let isTold = false;
  const tellTrouble = () => {
    if (writer.trouble === null || isTold) return;
    isTold = true;
    post({ type: 'trouble', reason: writer.trouble.reason });
  };
  const cancelTick = clock.every(TICK_MS, () => {
    writer.tick();
    tellTrouble();
    post({ type: 'totals', totals: writer.totals() });
  });
  port.on('message', (message: ToRecorder) => {
    switch (message.type) {
      case 'open':
        writer.open(message.connection, message.of);
        break;
      case 'chunk': {
        const { connection, buffer, length, frames, firstMs, lastMs } = message;
        // Copied, so that the buffer goes back at once: the lines may wait for their zstd frame for seconds.
        writer.append(connection, { bytes: new Uint8Array(buffer, 0, length).slice(), frames, firstMs, lastMs });
        post({ type: 'free', buffer }, [buffer]);
        break;
      }
      case 'lost':
        writer.lose(message.connection, message.frames, message.bytes);
        break;
      case 'close':
        writer.close(message.connection);
        break;
      case 'end':
        cancelTick();
        post({ type: 'ended', manifest: writer.end('clean', message.reason, message.books) });
        port.close();
        break;
    }
    tellTrouble();
  });
  post({ type: 'ready' });
} catch (error) {
  post({ type: 'failed', error: toPlainError(error, 'journal.failed') });
  port.close();
}
