import type { PlainError } from '../domain/errors.ts';
import { createIntentOutlet } from './intentOutlet.ts';
import type { JournalPort, JournalThread } from './journalThread.ts';

/**
 * The journal thread where its files cannot be opened, on a full disk for one: in fail-stop from its first moment, so that
 * the rest of the core comes up, answers and trades nothing. Orders are given back unsent, and it stays so until it is
 * stopped; its successor tries to open again.
 */
export function createFailedJournal(port: Pick<JournalPort, 'post'>, error: PlainError): JournalThread {
  const outlet = createIntentOutlet((clientOrderIds) => port.post({ type: 'undelivered', clientOrderIds }));
  outlet.failStop();
  port.post({ type: 'ready', failed: error });
  return {
    onMessage(message) {
      if (message.type === 'stop') {
        outlet.close();
        port.post({ type: 'stopped' });
      } else if (message.type === 'gatewayPort') outlet.connect(message.port);
      // What is sent again may have left long ago: its fate is asked of the venue.
      else if (message.handOver ?? true) outlet.takeUnrecorded(message.rows);
    },
  };
}
