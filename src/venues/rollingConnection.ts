import type { ConnectionHandlers, ConnectionPorts } from './feedConnection.ts';
import { FeedConnection } from './feedConnection.ts';
import type { FeedProtocol } from './feedProtocol.ts';

/** Binance ends a connection after 24 h; the others do not say. The next one opens well before. */
const ROLL_AFTER_MS = 23.5 * 3_600_000;
/** The two overlap for so long at most; then the old one goes, and a missing piece is a gap like any other. */
const OVERLAP_MS = 30_000;

export interface RollingHandlers extends ConnectionHandlers {
  /**
   * A frame of the connection that is to follow: whether it takes up where the present one stands. If so the present one
   * is closed and the frame comes again by `onFrame`.
   */
  takesUp(bytes: Uint8Array): boolean;
}

/**
 * A connection that is replaced before it ends of old age, or when the venue announces its end, without a break: the next
 * one opens beside it and takes over with the first frame that fits. What both deliver is known by its id downstream.
 */
export class RollingConnection {
  /** Times that a connection was replaced without a break. */
  rolled = 0;
  readonly #ports: ConnectionPorts;
  readonly #protocol: FeedProtocol;
  readonly #handlers: RollingHandlers;
  #current: FeedConnection;
  #next: FeedConnection | null = null;
  #nextSinceMs = Number.NaN;
  /** Of connections that are gone. */
  #openedBefore = 0;

  constructor(ports: ConnectionPorts, protocol: FeedProtocol, handlers: RollingHandlers) {
    this.#ports = ports;
    this.#protocol = protocol;
    this.#handlers = handlers;
    this.#current = this.#create();
  }

  get lastFrameMs(): number {
    return this.#current.lastFrameMs;
  }

  get openedAtMs(): number {
    return this.#current.openedAtMs;
  }

  /** Connections opened that carried the stream. */
  get opened(): number {
    return this.#openedBefore + this.#current.opened;
  }

  start(): void {
    this.#current.start();
  }

  stop(): void {
    this.#dropNext();
    this.#current.stop();
  }

  clearAttempts(): void {
    this.#current.clearAttempts();
  }

  send(texts: readonly string[]): void {
    this.#current.send(texts);
  }

  reconnect(reason: string): void {
    this.#current.reconnect(reason);
  }

  /** Opens the next connection beside this one; does nothing while one is on its way. */
  roll(): void {
    if (this.#next !== null) return;
    this.#nextSinceMs = this.#ports.clock.nowMs();
    this.#next = this.#create();
    this.#next.start();
  }

  #create(): FeedConnection {
    const connection: FeedConnection = new FeedConnection(this.#ports, this.#protocol, {
      onOpen: () => {
        if (connection === this.#current) this.#handlers.onOpen();
      },
      onFrame: (bytes) => {
        if (connection === this.#current) this.#handlers.onFrame(bytes);
        else if (connection === this.#next && this.#handlers.takesUp(bytes)) {
          this.#takeOver();
          this.#handlers.onFrame(bytes);
        }
      },
      onDown: (reason) => {
        // The next one tries again by itself; with the present one gone there is nothing left to overlap with.
        if (connection !== this.#current) return;
        this.#dropNext();
        this.#handlers.onDown(reason);
      },
      onCheck: (nowMs) => {
        if (connection !== this.#current) return;
        this.#checkAge(nowMs);
        this.#handlers.onCheck(nowMs);
      },
    });
    return connection;
  }

  #checkAge(nowMs: number): void {
    if (this.#next === null) {
      if (nowMs - this.#current.openedAtMs >= ROLL_AFTER_MS) this.roll();
      return;
    }
    if (nowMs - this.#nextSinceMs < OVERLAP_MS) return;
    this.#dropNext();
    this.#current.reconnect(`the next connection did not take up the stream within ${OVERLAP_MS} ms`);
  }

  #takeOver(): void {
    const old = this.#current;
    const next = this.#next!;
    this.#openedBefore += old.opened - next.opened;
    this.#current = next;
    this.#next = null;
    this.rolled += 1;
    old.stop();
  }

  #dropNext(): void {
    this.#next?.stop();
    this.#next = null;
  }
}
