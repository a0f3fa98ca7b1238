/**
 * What the world looks like to code that must not know which world it runs in: live threads and sockets, or the
 * simulator's virtual clock and in-memory transport. Everything that needs time, randomness or the network takes these.
 */

/** Cancels the timer; calling it twice, or after the timer fired, does nothing. */
export type CancelTimer = () => void;

export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z, with a fraction; never runs backwards within a process. */
  nowMs(): number;
  /** Runs `fn` once, `delayMs` from now (0 = next turn). A clock splits delays beyond Node's 24.8-day limit itself. */
  after(delayMs: number, fn: () => void): CancelTimer;
  /** Runs `fn` every `periodMs`, first after one period, without drift piling up. */
  every(periodMs: number, fn: () => void): CancelTimer;
}

/** Seeded generator: the only source of randomness. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform whole number in [0, bound). */
  int(bound: number): number;
  /** Standard normal. */
  normal(): number;
  /** Exponential with the given mean. */
  exponential(mean: number): number;
  /** An independent generator, derived from this one's seed and `label`, that does not disturb this one's sequence. */
  fork(label: string): Random;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** It places or cancels: on connections of its own, so that no lookup can make it wait. */
  readonly isOrder?: boolean;
  /** Of orders: it opens risk, and so comes after what closes it where a venue's request budget is short. */
  readonly isOpening?: boolean;
  /**
   * Asked on the connected socket, right before the first byte is written; a text is why it must not leave: it rejects with
   * net.refused and that text. A transport that writes in the very call that hands the request over need not ask.
   */
  readonly refusedNow?: () => string | null;
}

export interface HttpResponse {
  readonly status: number;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface SocketHandlers {
  onOpen(): void;
  /** One whole message. The bytes are only valid during the call: copy what must outlive it. */
  onMessage(data: Uint8Array, isBinary: boolean): void;
  /** A ping or pong frame of the protocol: proof of life without data. */
  onHeartbeat(): void;
  /** Exactly once, whoever closed, also when the connection never opened. No other handler is called afterwards. */
  onClose(code: number, reason: string): void;
}

export interface SocketHandle {
  /** Ignored (and answered by `false`) when the socket is not open. */
  send(text: string): boolean;
  ping(): void;
  /** Starts an orderly close, ended by force after 1 s. */
  close(): void;
}

export interface Transport {
  /**
   * Never throws synchronously; any HTTP status resolves.
   * @throws NightjarError (rejection) net.timeout | net.refused | net.cut
   */
  request(request: HttpRequest): Promise<HttpResponse>;
  openSocket(url: string, handlers: SocketHandlers): SocketHandle;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Logger {
  log(level: LogLevel, channel: string, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Base URLs, without a trailing slash. `ws` has no path; `rest` none either. */
export interface VenueEndpoints {
  readonly binance: { readonly rest: string; readonly ws: string };
  readonly okx: { readonly rest: string; readonly ws: string };
  readonly bybit: { readonly rest: string; readonly ws: string };
  readonly jupiter: { readonly rest: string };
  /** A Solana node, JSON-RPC and PubSub; absent where swaps settle without a chain. */
  readonly chain?: { readonly rest: string; readonly ws: string };
}
