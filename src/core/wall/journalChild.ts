import { join } from 'node:path';
import type { PlainError } from '../../domain/errors.ts';
import type { FromJournal, JournalBoot, ToJournal } from '../../workers/journalMessages.ts';
import { JOURNAL_HEAP_MB } from '../../workers/threadHeaps.ts';
import { createPulse } from '../../workers/threadPulse.ts';
import { JOURNAL_WATCH } from '../../workers/threadWatchdog.ts';
import type { StartChild } from '../childPort.ts';
import { startThread } from '../threadChild.ts';
import { asChild, slabOf, type WallContext } from './wallContext.ts';

/** Starts the journal thread, the only writer. */
export function journalStarter(context: WallContext): StartChild {
  const { input, links, journalLink, admit } = context;
  const { boot } = input;
  // Killing it would start it again on the same full disk, and take gateway and bots along each time: it stays, gives
  // orders back unsent and lets cancels through, until the operator restarts it.
  const failStop = (error: PlainError) => {
    journalLink.fail();
    admit('journal', { type: 'journal.failed', error });
  };

  return (incarnation, events) => {
    const pulse = createPulse();
    let started = false;
    let unplug = () => {};
    const onMessage = (message: FromJournal) => {
      if (message.type === 'ready') {
        started = true;
        const cut = links.plug('journal', thread);
        unplug = () => {
          cut();
          journalLink.disconnect();
        };
        journalLink.connect(thread.post);
        events.started();
        if (message.failed !== undefined) failStop(message.failed);
      } else if (message.type === 'committed') journalLink.committed(message.inputSeq);
      else if (message.type === 'undelivered') {
        const reason = journalLink.hasFailed()
          ? 'the journal has failed: what is not recorded is not sent'
          : 'no gateway was there when the intent was committed';
        for (const clientOrderId of message.clientOrderIds)
          admit('journal', { type: 'order.refused', clientOrderId, reason });
      } else if (message.type === 'failed' && started) {
        failStop(message.error);
      } else if (message.type === 'failed') {
        context.log.log('error', 'risk', `the journal cannot be opened: ${message.error.message}`);
        events.failed(message.error);
        // Nothing runs yet: the operator decides about the disk, or the file, and starts again.
        context.endAsFailed(message.error);
      }
    };
    const thread = startThread({
      name: 'journal',
      entry: new URL('../../workers/journalEntry.ts', import.meta.url),
      workerData: {
        incarnation,
        runDir: boot.runDir,
        // A run that has begun must go on answering, whatever became of its disk: there may be something to stop.
        mustOpen: boot.incarnation === 1 && incarnation === 1,
        run: boot.run,
        statePath: join(boot.dataDir, 'state.sqlite'),
        rotateBytes: (boot.settings as { readonly journal: { readonly rotateBytes: number } }).journal.rotateBytes,
        slab: slabOf(context, 'journal').buffer,
        dimensions: context.dimensions,
        pulse,
      } satisfies JournalBoot,
      maxHeapMb: JOURNAL_HEAP_MB,
      warm: input.warm?.take('journal') ?? null,
      clock: context.clock,
      pulse,
      limits: JOURNAL_WATCH,
      onStuck: context.endAsStuck,
      onExit(reason) {
        unplug();
        events.exited(reason);
      },
      onMessage: (message) => onMessage(message as FromJournal),
    });
    return asChild(thread, () => thread.post({ type: 'stop' } satisfies ToJournal));
  };
}
