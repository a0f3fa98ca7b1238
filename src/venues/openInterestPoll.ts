import { toPlainError } from '../domain/errors.ts';
import type { CancelTimer, Clock, Transport } from '../domain/ports.ts';
import type { DecodedFrame } from './decodedFrame.ts';
import { FrameKind } from './decodedFrame.ts';
import type { FrameDecoder } from './frameDecoder.ts';

export const EVERY_MS = 10_000;
const TIMEOUT_MS = 5_000;
/** After a refusal for asking too often. */
const PAUSE_MS = 60_000;

export interface PollHandlers {
  onAnswer(frame: DecodedFrame): void;
  onTrouble(code: string, message: string): void;
}

/** Asks for open interest by REST, one request at a time, and leaves the venue alone for a minute when it objects. */
export class OpenInterestPoll {
  readonly #ports: { readonly clock: Clock; readonly transport: Transport };
  readonly #url: string;
  readonly #decoder: FrameDecoder;
  readonly #handlers: PollHandlers;
  #running = false;
  #cancelTimer: CancelTimer = () => {};

  constructor(
    ports: { readonly clock: Clock; readonly transport: Transport },
    url: string,
    decoder: FrameDecoder,
    handlers: PollHandlers,
  ) {
    this.#ports = ports;
    this.#url = url;
    this.#decoder = decoder;
    this.#handlers = handlers;
  }

  start(): void {
    this.#running = true;
    this.#later(0);
  }

  stop(): void {
    this.#running = false;
    this.#cancelTimer();
  }

  #later(delayMs: number): void {
    this.#cancelTimer = this.#ports.clock.after(delayMs, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    const answer = await this.#ports.transport
      .request({ method: 'GET', url: this.#url, timeoutMs: TIMEOUT_MS })
      .catch((error: unknown) => toPlainError(error, 'net.cut'));
    if (!this.#running) return;
    let pauseMs = EVERY_MS;
    if ('code' in answer) this.#handlers.onTrouble(answer.code, `open interest failed: ${answer.message}`);
    else if (answer.status !== 200) {
      if (answer.status === 429 || answer.status === 418 || answer.status === 403) pauseMs = PAUSE_MS;
      const code = pauseMs === PAUSE_MS ? 'venue.rate-limited' : 'venue.unavailable';
      this.#handlers.onTrouble(code, `open interest answered with HTTP ${answer.status}`);
    } else if (this.#decoder.decode(answer.body) === FrameKind.openInterest)
      this.#handlers.onAnswer(this.#decoder.frame);
    else this.#handlers.onTrouble('venue.bad-response', `open interest is none: ${this.#decoder.frame.message}`);
    this.#later(pauseMs);
  }
}
