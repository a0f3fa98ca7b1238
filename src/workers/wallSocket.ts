import './noNativeSockets.ts';
import { WebSocket } from 'ws';
import type { SocketHandle, SocketHandlers } from '../domain/ports.ts';

const longestMessageBytes = 8 * 1024 * 1024;
/** A peer that stopped reading: what we would still queue for it is refused. */
const longestBacklogBytes = 1024 * 1024;
const handshakeTimeoutMs = 10_000;
const closeGraceMs = 1_000;

/** `Transport.openSocket` over ws. A connection that never opens ends as `onClose(1006, reason)`. */
export function openWallSocket(url: string, handlers: SocketHandlers): SocketHandle {
  let socket: WebSocket;
  try {
    socket = new WebSocket(url, {
      // The venues' text is ASCII and our decoder refuses what is not JSON: checking UTF-8 would cost and save nothing.
      skipUTF8Validation: true,
      perMessageDeflate: false,
      maxPayload: longestMessageBytes,
      autoPong: true,
      handshakeTimeout: handshakeTimeoutMs,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    queueMicrotask(() => handlers.onClose(1006, reason));
    return { send: () => false, ping: () => {}, close: () => {} };
  }

  let closed = false;
  let failure = '';
  let force: NodeJS.Timeout | undefined;

  socket.on('open', () => {
    if (!closed) handlers.onOpen();
  });
  // No message after close(): the owner may already have let go of its book.
  socket.on('message', (data, isBinary) => {
    if (!closed) handlers.onMessage(data as Buffer, isBinary);
  });
  socket.on('ping', () => {
    if (!closed) handlers.onHeartbeat();
  });
  socket.on('pong', () => {
    if (!closed) handlers.onHeartbeat();
  });
  // 'close' always follows and is what the owner hears; without this listener Node would end the thread.
  socket.on('error', (error) => {
    failure = error.message;
  });
  socket.on('close', (code, reason) => {
    closed = true;
    clearTimeout(force);
    handlers.onClose(code, reason.length > 0 ? reason.toString('utf8') : failure);
  });

  return {
    send: (text) => {
      if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > longestBacklogBytes) return false;
      socket.send(text);
      return true;
    },
    ping: () => {
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    },
    close: () => {
      if (closed) return;
      closed = true;
      socket.close(1000);
      force = setTimeout(() => socket.terminate(), closeGraceMs);
    },
  };
}
