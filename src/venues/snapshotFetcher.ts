import { toPlainError } from '../domain/errors.ts';
import type { CancelTimer, Clock, HttpResponse, Random, Transport } from '../domain/ports.ts';
import { backoffMs } from './backoff.ts';

const TIMEOUT_MS = 5_000;
/** A ban may last days; asking again each ten minutes costs nothing and ends the outage soon after the ban. */
const MAX_RETRY_AFTER_MS = 600_000;

export interface SnapshotHandlers {
  /** False = no use (stale, unreadable): it is asked for again after the backoff. The reason was told by the receiver. */
  onSnapshot(body: Uint8Array): boolean;
  onFailure(code: string, message: string): void;
}

/** Asks for a REST snapshot until one is taken: one request at a time, backoff between them, `Retry-After` obeyed. */
export class SnapshotFetcher {
  readonly #ports: { readonly clock: Clock; readonly transport: Transport; readonly random: Random };
  readonly #url: string;
  readonly #handlers: SnapshotHandlers;
  #attempt = 0;
  /** Rises with each cancel, so that the answer to an abandoned request is dropped. */
  #round = 0;
  #isBusy = false;
  #cancelTimer: CancelTimer = () => {};

  constructor(
    ports: { readonly clock: Clock; readonly transport: Transport; readonly random: Random },
    url: string,
    handlers: SnapshotHandlers,
  ) {
    this.#ports = ports;
    this.#url = url;
    this.#handlers = handlers;
  }

  /** Goes out at once; does nothing while a request or its backoff is under way. Callers space their wishes themselves. */
  request(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#attempt = 0;
    this.#later(0);
  }

  cancel(): void {
    this.#round += 1;
    this.#isBusy = false;
    this.#cancelTimer();
  }

  #later(delayMs: number): void {
    const round = this.#round;
    this.#cancelTimer = this.#ports.clock.after(delayMs, () => void this.#fetch(round));
  }

  async #fetch(round: number): Promise<void> {
    const answer = await this.#ports.transport
      .request({ method: 'GET', url: this.#url, timeoutMs: TIMEOUT_MS })
      .catch((error: unknown) => toPlainError(error, 'net.cut'));
    if (round !== this.#round) return;
    let retryAfterMs = 0;
    if ('code' in answer) this.#handlers.onFailure(answer.code, `snapshot failed: ${answer.message}`);
    else if (answer.status !== 200) {
      retryAfterMs = retryAfterOf(answer);
      const code = answer.status === 429 || answer.status === 418 ? 'venue.rate-limited' : 'venue.unavailable';
      this.#handlers.onFailure(code, `snapshot answered with HTTP ${answer.status}`);
    } else if (this.#handlers.onSnapshot(answer.body)) {
      this.#isBusy = false;
      return;
    }
    const delayMs = backoffMs(this.#attempt, this.#ports.random);
    this.#attempt += 1;
    this.#later(Math.max(delayMs, retryAfterMs));
  }
}

function retryAfterOf(response: HttpResponse): number {
  const seconds = Number(response.headers['retry-after'] ?? 0);
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds) * 1_000, MAX_RETRY_AFTER_MS) : 0;
}
