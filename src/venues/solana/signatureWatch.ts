import type { Clock, Transport } from '../../domain/ports.ts';
import { createPubSubSocket } from './pubSubSocket.ts';

/**
 * Hears of landed transactions over PubSub. It only makes haste: whoever waits asks by status as well, since a
 * notification can be lost with its socket.
 */
export interface SignatureWatch {
  /** Calls `landed` once, when the node says so. */
  watch(signature: string, landed: () => void): void;
  forget(signature: string): void;
  close(): void;
}

export function createSignatureWatch(transport: Transport, clock: Clock, url: string): SignatureWatch {
  const waiting = new Map<string, () => void>();
  const subscribe = (signature: string) =>
    socket.subscribe(signature, 'signatureSubscribe', [signature, { commitment: 'confirmed' }]);
  const socket = createPubSubSocket(transport, clock, url, {
    onOpen() {
      for (const signature of waiting.keys()) subscribe(signature);
    },
    onNotification(signature) {
      // One notification, and the node forgets the subscription.
      socket.ended(signature);
      const landed = waiting.get(signature);
      waiting.delete(signature);
      landed?.();
    },
  });

  return {
    watch(signature, landed) {
      waiting.set(signature, landed);
      subscribe(signature);
    },
    forget: (signature) => void waiting.delete(signature),
    close: () => socket.close(),
  };
}
