import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock, Logger } from '../domain/ports.ts';
import type { Caller, ControlDoor } from './controlDoor.ts';
import { parseControlRequest } from './controlRequest.ts';
import type { Refusal } from './requestGuards.ts';
import { statusDelta } from './statusDelta.ts';
import type { SystemStatus } from './systemStatus.ts';

/** Sockets at once; the next upgrade is refused. */
export const MAX_SOCKETS = 20;
const MAX_MESSAGE_BYTES = 64 * 1024;
const LOGIN_MS = 2_000;
const CLOSE_MS = 1_000;
const TICK_MS = 1_000;
/** A reader behind by this much gets no delta until it has caught up; the next one then holds all it missed. */
const CONFLATE_BYTES = 64 * 1024;
/** Ticks a reader may stay behind, or leave a ping unanswered, before it is cut. */
const MAX_LATE_TICKS = 10;
const PING_EVERY_TICKS = 5;
/** Control messages of one socket that wait for their answers; the next one is refused. */
const MAX_WAITING = 16;

/** Close codes: 4000 + the HTTP status that says the same. */
const CLOSE = { login: 4401, role: 4403, timeout: 4408, throttled: 4429, noText: 1003 } as const;

export interface LiveDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly status: () => SystemStatus | null;
  /** Judges the token of the login message; every role but the webhook's may read. */
  readonly login: (token: string | null, source: string) => Caller | Refusal;
  readonly door: ControlDoor;
}

export interface LiveSockets {
  /** The guards have passed Host and Origin. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, source: string): void;
  /** Ends every session: what its token could is over. */
  logOutAll(reason: string): void;
  close(): void;
}

interface Reader {
  readonly socket: WebSocket;
  readonly source: string;
  caller: Caller | null;
  /** What it was last sent; null before the snapshot. */
  sent: SystemStatus | null;
  seq: number;
  lateTicks: number;
  silentTicks: number;
  waiting: number;
}

/**
 * `WS /live`: login by the first message (a token in the address would stand in logs), then a snapshot and deltas of the
 * status, and the control messages of `POST /control`. No reader can make the thread wait or grow.
 */
export function createLiveSockets(deps: LiveDeps): LiveSockets {
  const { clock, log, status } = deps;
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  const readers = new Set<Reader>();
  let ticks = 0;

  /** A peer that does not answer the close frame is not waited for. */
  const end = ({ socket }: Reader, code: number, reason: string) => {
    socket.close(code, reason.slice(0, 100));
    clock.after(CLOSE_MS, () => socket.terminate());
  };
  const send = (reader: Reader, message: object) => reader.socket.send(JSON.stringify(message), () => {});

  const show = (reader: Reader) => {
    const now = status();
    if (now === null || reader.caller === null) return;
    if (reader.sent === null) send(reader, { type: 'snapshot', seq: reader.seq, status: now });
    else {
      const delta = statusDelta({ ...reader.sent }, { ...now });
      if (delta === null) return;
      reader.seq += 1;
      send(reader, { type: 'delta', seq: reader.seq, ...delta });
    }
    reader.sent = now;
  };

  const tick = () => {
    ticks += 1;
    for (const reader of readers) {
      const behind = reader.socket.bufferedAmount > CONFLATE_BYTES;
      reader.lateTicks = behind ? reader.lateTicks + 1 : 0;
      reader.silentTicks += 1;
      if (reader.lateTicks > MAX_LATE_TICKS || reader.silentTicks > MAX_LATE_TICKS + PING_EVERY_TICKS) {
        const why = behind ? 'too slow' : 'no answer to a ping';
        const { bufferedAmount: waitingBytes } = reader.socket;
        log.log('warn', 'live', `a reader from ${reader.source} was cut: ${why}`, { waitingBytes });
        reader.socket.terminate();
        continue;
      }
      if (ticks % PING_EVERY_TICKS === 0) reader.socket.ping();
      if (!behind) show(reader);
    }
  };
  const cancelTick = clock.every(TICK_MS, tick);

  const logIn = (reader: Reader, message: Readonly<Record<string, unknown>>) => {
    const token = message.type === 'login' && typeof message.token === 'string' ? message.token : null;
    const login = deps.login(token, reader.source);
    if ('status' in login) {
      const code = login.status === 429 ? CLOSE.throttled : login.status === 403 ? CLOSE.role : CLOSE.login;
      return end(reader, code, login.message);
    }
    reader.caller = login;
    send(reader, { type: 'welcome', role: login.role });
    show(reader);
  };

  const control = async (reader: Reader, caller: Caller, { type: _, ...body }: Readonly<Record<string, unknown>>) => {
    const reply = (replyStatus: number, answer: unknown) =>
      send(reader, { type: 'reply', id: body.id ?? null, status: replyStatus, body: answer });
    if (caller.role !== 'operate' && caller.role !== 'kill') {
      return reply(403, { error: 'this needs the role operate or kill' });
    }
    const request = parseControlRequest(body);
    if (typeof request === 'string') return reply(400, { error: request });
    if (reader.waiting >= MAX_WAITING) return reply(429, { error: `${MAX_WAITING} messages wait for their answers` });
    reader.waiting += 1;
    try {
      const { status: done, body: answer } = await deps.door.handle(request, caller);
      reply(done, answer);
    } finally {
      reader.waiting -= 1;
    }
  };

  const receive = (reader: Reader, data: Buffer, isBinary: boolean) => {
    reader.silentTicks = 0;
    if (isBinary) return end(reader, CLOSE.noText, 'send JSON as text');
    const message = fieldsOf(data.toString());
    if (reader.caller === null) return logIn(reader, message ?? {});
    if (message?.type !== 'control') return send(reader, { type: 'error', error: 'send {"type":"control", …}' });
    control(reader, reader.caller, message).catch((error: unknown) => {
      log.log('error', 'live', `a control message failed: ${String(error)}`);
      send(reader, { type: 'reply', id: message.id ?? null, status: 500, body: { error: String(error) } });
    });
  };

  return {
    upgrade(request, stream, head, source) {
      if (readers.size >= MAX_SOCKETS) {
        stream.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n');
        return;
      }
      server.handleUpgrade(request, stream, head, (socket) => {
        const counts = { seq: 0, lateTicks: 0, silentTicks: 0, waiting: 0 };
        const reader: Reader = { socket, source, caller: null, sent: null, ...counts };
        readers.add(reader);
        const cancelLogin = clock.after(LOGIN_MS, () => {
          if (reader.caller === null) end(reader, CLOSE.timeout, 'no login within 2 s');
        });
        // ws reports an oversized or broken frame here and closes with 1009 or 1002 itself.
        socket.on('error', () => {});
        socket.on('pong', () => {
          reader.silentTicks = 0;
        });
        socket.on('message', (data, isBinary) => receive(reader, data as Buffer, isBinary));
        socket.on('close', () => {
          cancelLogin();
          readers.delete(reader);
        });
      });
    },
    logOutAll(reason) {
      for (const reader of readers) end(reader, CLOSE.login, reason);
    },
    close() {
      cancelTick();
      for (const { socket } of readers) socket.terminate();
      server.close();
    },
  };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
