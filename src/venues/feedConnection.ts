import type { CancelTimer, Clock, Random, SocketHandle, Transport } from '../domain/ports.ts';
import { backoffMs } from './backoff.ts';
import type { ConnectPacer } from './connectPacer.ts';
import type { FeedProtocol } from './feedProtocol.ts';

/** Quiet for so long: ask the venue for a sign of life. */
const PROBE_AFTER_QUIET_MS = 2_500;
/** Quiet for so long, probes included: the connection is dead. Also the limit for opening a socket. */
const DEAD_AFTER_QUIET_MS = 10_000;
const CHECK_EVERY_MS = 500;

export interface ConnectionPorts {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly random: Random;
  /** Spaces the connections that share a venue's limit; without it each opens when it likes. */
  readonly pacer?: ConnectPacer;
}

export interface ConnectionHandlers {
  onOpen(): void;
  onFrame(bytes: Uint8Array): void;
  /** The connection is gone; another attempt is on its way. */
  onDown(reason: string): void;
  /** Twice a second while the socket is open. */
  onCheck(nowMs: number): void;
}

/** One socket to a venue, opened again for ever: keep-alive, silence, backoff. Knows nothing of books. */
export class FeedConnection {
  /** When the last frame of any channel came, heartbeats included; NaN before the first connection. */
  lastFrameMs = Number.NaN;
  /** Connections opened so far, and when the newest was. */
  opened = 0;
  openedAtMs = Number.NaN;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #random: Random;
  readonly #pacer: ConnectPacer | null;
  readonly #protocol: FeedProtocol;
  readonly #handlers: ConnectionHandlers;
  #socket: SocketHandle | null = null;
  #isOpen = false;
  #running = false;
  #attempt = 0;
  #probedAtMs = Number.NaN;
  #keptAliveAtMs = Number.NaN;
  #cancelRetry: CancelTimer = () => {};
  #cancelCheck: CancelTimer = () => {};

  constructor(ports: ConnectionPorts, protocol: FeedProtocol, handlers: ConnectionHandlers) {
    this.#clock = ports.clock;
    this.#transport = ports.transport;
    this.#random = ports.random;
    this.#pacer = ports.pacer ?? null;
    this.#protocol = protocol;
    this.#handlers = handlers;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#cancelCheck = this.#clock.every(CHECK_EVERY_MS, () => this.#check());
    this.#openInTurn();
  }

  stop(): void {
    this.#running = false;
    this.#cancelRetry();
    this.#cancelCheck();
    this.#drop();
  }

  /** The connection proved good for a while: the next failure starts the backoff afresh. */
  clearAttempts(): void {
    this.#attempt = 0;
  }

  send(texts: readonly string[]): void {
    for (const text of texts) this.#socket?.send(text);
  }

  /** Gives this connection up and opens another after the backoff. */
  reconnect(reason: string): void {
    if (!this.#running || this.#socket === null) return;
    this.#drop();
    this.#handlers.onDown(reason);
    this.#cancelRetry = this.#clock.after(backoffMs(this.#attempt, this.#random), () => this.#openInTurn());
    this.#attempt += 1;
  }

  #openInTurn(): void {
    const waitMs = this.#pacer?.reserve(this.#clock.nowMs()) ?? 0;
    if (waitMs > 0) this.#cancelRetry = this.#clock.after(waitMs, () => this.#open());
    else this.#open();
  }

  #open(): void {
    if (!this.#running) return;
    this.lastFrameMs = this.#clock.nowMs();
    this.#probedAtMs = Number.NaN;
    this.#keptAliveAtMs = this.lastFrameMs;
    // A socket that was given up may still call back: its handlers look whether they are still the current ones.
    const isCurrent = () => handlers === this.#currentHandlers;
    const handlers = {
      onOpen: () => {
        if (isCurrent()) this.#opened();
      },
      onMessage: (data: Uint8Array) => {
        if (handlers !== this.#currentHandlers) return;
        this.lastFrameMs = this.#clock.nowMs();
        this.#handlers.onFrame(data);
      },
      onHeartbeat: () => {
        if (isCurrent()) this.lastFrameMs = this.#clock.nowMs();
      },
      onClose: (code: number, reason: string) => {
        if (isCurrent()) this.reconnect(`closed with ${code}${reason === '' ? '' : `: ${reason}`}`);
      },
    };
    this.#currentHandlers = handlers;
    this.#socket = this.#transport.openSocket(this.#protocol.socketUrl, handlers);
  }

  #currentHandlers: object | null = null;

  #opened(): void {
    this.#isOpen = true;
    this.opened += 1;
    this.lastFrameMs = this.#clock.nowMs();
    this.openedAtMs = this.lastFrameMs;
    this.send(this.#protocol.subscribe);
    this.#handlers.onOpen();
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#currentHandlers = null;
    this.#isOpen = false;
    socket?.close();
  }

  #check(): void {
    if (this.#socket === null) return;
    const nowMs = this.#clock.nowMs();
    const quietMs = nowMs - this.lastFrameMs;
    if (quietMs >= DEAD_AFTER_QUIET_MS) {
      this.reconnect(
        this.#isOpen ? `silent for ${Math.round(quietMs)} ms` : `not open after ${Math.round(quietMs)} ms`,
      );
      return;
    }
    if (!this.#isOpen) return;
    this.#keepAlive(nowMs, quietMs);
    this.#handlers.onCheck(nowMs);
  }

  #keepAlive(nowMs: number, quietMs: number): void {
    const { probe, keepAliveEveryMs } = this.#protocol;
    const isDue = keepAliveEveryMs !== null && nowMs - this.#keptAliveAtMs >= keepAliveEveryMs;
    const isProbeDue = quietMs >= PROBE_AFTER_QUIET_MS && !(nowMs - this.#probedAtMs < PROBE_AFTER_QUIET_MS);
    if (!isDue && !isProbeDue) return;
    if (isDue) this.#keptAliveAtMs = nowMs;
    this.#probedAtMs = nowMs;
    if (probe === null) this.#socket?.ping();
    else this.#socket?.send(probe);
  }
}
