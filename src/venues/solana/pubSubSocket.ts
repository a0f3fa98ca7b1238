import type { Clock, SocketHandle, Transport } from '../../domain/ports.ts';

const RECONNECT_AFTER_MS = 1_000;

/** What a node says of one subscription. */
export interface Notification {
  readonly method: string;
  readonly result: unknown;
}

export interface PubSubEvents {
  /** The socket is open, and nothing is subscribed on it: subscriptions die with their socket. */
  onOpen(): void;
  onNotification(subscribed: string, notification: Notification): void;
  /** A message that is none of JSON-RPC's, or an error that the node answered to a subscription. */
  onTrouble?(reason: string): void;
}

/** One PubSub connection of a Solana node, made again after each loss until it is closed. */
export interface PubSubSocket {
  readonly isOpen: boolean;
  /** @param name  what notifications of it are told under; nothing is sent while the socket is not open */
  subscribe(name: string, method: string, params: readonly unknown[]): void;
  /** The node has ended this subscription by itself. */
  ended(name: string): void;
  /** Gives the connection up for a new one: it is open and says nothing. */
  reconnect(): void;
  close(): void;
}

export function createPubSubSocket(
  transport: Transport,
  clock: Clock,
  url: string,
  events: PubSubEvents,
): PubSubSocket {
  /** Name by the id of our request, then by that of the node's subscription. */
  const asked = new Map<number, string>();
  const subscribed = new Map<number, string>();
  let socket: SocketHandle | null = null;
  let isOpen = false;
  let closed = false;
  let lastId = 0;
  let cancelReconnect = () => {};

  const hear = (text: string) => {
    const message = parsed(text);
    if (message === null) return events.onTrouble?.(`no JSON-RPC message: ${text.slice(0, 100)}`);
    const { id, result, error, method, params } = message;
    if (typeof id === 'number') {
      const name = asked.get(id);
      asked.delete(id);
      if (typeof result === 'number' && name !== undefined) subscribed.set(result, name);
      else if (error !== undefined) events.onTrouble?.(`${name ?? 'a request'} refused: ${JSON.stringify(error)}`);
      return;
    }
    const { subscription, result: told } = params ?? {};
    const name = typeof subscription === 'number' ? subscribed.get(subscription) : undefined;
    if (name !== undefined && typeof method === 'string') events.onNotification(name, { method, result: told });
  };

  const connect = () => {
    socket = transport.openSocket(url, {
      onOpen() {
        isOpen = true;
        events.onOpen();
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
    get isOpen() {
      return isOpen;
    },
    subscribe(name, method, params) {
      if (!isOpen) return;
      lastId += 1;
      asked.set(lastId, name);
      socket?.send(JSON.stringify({ jsonrpc: '2.0', id: lastId, method, params }));
    },
    ended(name) {
      for (const [id, known] of subscribed) if (known === name) subscribed.delete(id);
    },
    reconnect: () => socket?.close(),
    close() {
      closed = true;
      cancelReconnect();
      socket?.close();
    },
  };
}

interface Message {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly method?: unknown;
  readonly params?: { readonly subscription?: unknown; readonly result?: unknown };
}

function parsed(text: string): Message | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Message) : null;
  } catch {
    return null;
  }
}
