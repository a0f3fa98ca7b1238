import { MessageChannel, type Transferable } from 'node:worker_threads';
import type { ToEdge } from '../../workers/edgeMessages.ts';
import type { ToGateway } from '../../workers/gatewayMessages.ts';
import type { ToJournal } from '../../workers/journalMessages.ts';
import type { ThreadChild } from '../threadChild.ts';

interface MessagesTo {
  readonly edge: ToEdge;
  readonly journal: ToJournal;
  readonly gateway: ToGateway;
}

/** The ways from the core's main thread to the threads that are up. A message to one that is not is dropped. */
export interface ThreadLinks {
  post<Name extends keyof MessagesTo>(name: Name, message: MessagesTo[Name], transfer?: readonly Transferable[]): void;
  /**
   * Once per incarnation, when it is ready. The answer unplugs it: a late end of one incarnation must not cut off its
   * successor, so each cuts only its own link.
   */
  plug(name: keyof MessagesTo, thread: Pick<ThreadChild, 'post'>): () => void;
}

export function createThreadLinks(): ThreadLinks {
  const plugged = new Map<keyof MessagesTo, Pick<ThreadChild, 'post'>>();
  return {
    post: (name, message, transfer) => plugged.get(name)?.post(message, transfer),
    plug(name, thread) {
      plugged.set(name, thread);
      return () => {
        if (plugged.get(name) === thread) plugged.delete(name);
      };
    },
  };
}

/**
 * The one link between two threads: committed intents go from the journal to the gateway without passing the core. Made
 * anew for each gateway incarnation; a journal that dies takes the gateway along, so no end outlives its other end.
 */
export function joinJournalToGateway(links: ThreadLinks, gateway: Pick<ThreadChild, 'post'>): void {
  const { port1: journalEnd, port2: gatewayEnd } = new MessageChannel();
  gateway.post({ type: 'journalPort', port: gatewayEnd } satisfies ToGateway, [gatewayEnd]);
  links.post('journal', { type: 'gatewayPort', port: journalEnd }, [journalEnd]);
}
