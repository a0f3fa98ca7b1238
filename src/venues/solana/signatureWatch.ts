import type { Clock, SocketHandle, Transport } from '../../domain/ports.ts';

const RECONNECT_AFTER_MS = 1_000;

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
  /** Signature by the id of our request, then by that of the node's subscription. */
  const asked = new Map<number, string>();
  const subscribed = new Map<number, string>();
  let socket: SocketHandle | null = null;
  let isOpen = false;
  let closed = false;
  let lastId = 0;
  let cancelReconnect = () => {};

  const subscribe = (signature: string) => {
    lastId += 1;
    asked.set(lastId, signature);
    const params = [signature, { commitment: 'confirmed' }];
    socket?.send(JSON.stringify({ jsonrpc: '2.0', id: lastId, method: 'signatureSubscribe', params }));
  };

  const hear = (text: string) => {
    const { id, result, method, params } = readMessage(text);
    if (typeof id === 'number' && typeof result === 'number') {
      const signature = asked.get(id);
      asked.delete(id);
      if (signature !== undefined) subscribed.set(result, signature);
    } else if (method === 'signatureNotification' && params !== undefined) {
      const signature = subscribed.get(params.subscription);
      subscribed.delete(params.subscription);
      if (signature === undefined) return;
      const landed = waiting.get(signature);
      waiting.delete(signature);
      landed?.();
    }
  };

  const connect = () => {
    socket = transport.openSocket(url, {
      onOpen() {
        isOpen = true;
        // Subscriptions die with their socket.
        for (const signature of waiting.keys()) subscribe(signature);
      },
      onMessage: (data) => hear(new TextDecoder().decode(data)),
      onHeartbeat() {},
      onClose() {
        isOpen = false;
        asked.clear();
        subscribed.clear();
        if (!closed) cancelReconnect = clock.after(RECONNECT_AFTER_MS, connect);
      },
    });
  };
  connect();

  return {
    watch(signature, landed) {
      waiting.set(signature, landed);
      if (isOpen) subscribe(signature);
    },
    forget: (signature) => void waiting.delete(signature),
    close() {
      closed = true;
      cancelReconnect();
      socket?.close();
    },
  };
}

interface PubSubMessage {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly method?: unknown;
  readonly params?: { readonly subscription: number };
}

function readMessage(text: string): PubSubMessage {
  try {
    return (JSON.parse(text) ?? {}) as PubSubMessage;
  } catch {
    return {};
  }
}
