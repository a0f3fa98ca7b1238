import { NightjarError } from '../../domain/errors.ts';
import type { HttpRequest, Transport } from '../../domain/ports.ts';

const REQUEST_TIMEOUT_MS = 5_000;

/** A node's own error answer: it has read the request and says why it does not do it. */
export interface RpcRefusal {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export type RpcAnswer = { readonly result: unknown } | { readonly refusal: RpcRefusal };

export interface RpcClient {
  /** @throws NightjarError (rejection) net.* when no answer came, venue.bad-response when it is none of JSON-RPC's */
  call(
    method: string,
    params?: readonly unknown[],
    sending?: Pick<HttpRequest, 'isOrder' | 'refusedNow'>,
  ): Promise<RpcAnswer>;
  /** The same, a refusal being an error: @throws NightjarError venue.rejected */
  ask(method: string, params?: readonly unknown[]): Promise<unknown>;
}

/**
 * JSON-RPC to a Solana node over the injected transport: web3.js' own Connection has timers and a socket of its own that
 * reconnects for ever, which no clock of ours could step and nobody could close.
 */
export function createRpcClient(transport: Transport, url: string): RpcClient {
  let lastId = 0;
  const call: RpcClient['call'] = async (method, params = [], sending = {}) => {
    lastId += 1;
    const id = lastId;
    const response = await transport.request({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
      timeoutMs: REQUEST_TIMEOUT_MS,
      ...sending,
    });
    const text = new TextDecoder().decode(response.body);
    const bad = (why: string) =>
      new NightjarError(
        'venue.bad-response',
        `solana ${method}: ${why}: HTTP ${response.status} ${text.slice(0, 200)}`,
      );
    if (response.status === 429) throw new NightjarError('venue.rate-limited', `solana ${method}: 429`);
    const answer = parse(text);
    if (answer === null || answer.id !== id) throw bad('no answer to this request');
    if (isRefusal(answer.error)) return { refusal: answer.error };
    if (!Object.hasOwn(answer, 'result')) throw bad('neither result nor error');
    return { result: answer.result };
  };
  return {
    call,
    async ask(method, params) {
      const answer = await call(method, params);
      if ('result' in answer) return answer.result;
      const { code, message } = answer.refusal;
      throw new NightjarError('venue.rejected', `solana ${method}: ${code} ${message}`);
    },
  };
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function isRefusal(value: unknown): value is RpcRefusal {
  const { code, message } = (value ?? {}) as { code?: unknown; message?: unknown };
  return typeof code === 'number' && typeof message === 'string';
}
