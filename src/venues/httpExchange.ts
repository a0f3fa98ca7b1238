import { NightjarError } from '../domain/errors.ts';
import type { HttpRequest, HttpResponse, Transport } from '../domain/ports.ts';

/** One request and what came of it: the evidence from which an outcome is judged. */
export interface HttpExchange {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  /** null: no whole answer. */
  readonly status: number | null;
  /** Text of the answer, '' without one. */
  readonly text: string;
  /** net.timeout | net.refused | net.cut when there was no whole answer. */
  readonly netCode: string | null;
  /** What went wrong on the network, '' otherwise. */
  readonly trouble: string;
  /** What a 429 asks for, null when it says nothing. */
  readonly retryAfterMs: number | null;
}

/** Longest raw answer that goes into an outcome, and so into the journal. */
const longestRawChars = 8_192;

/** Sends one request and reports it as evidence; never rejects. */
export async function exchangeOver(transport: Transport, request: HttpRequest): Promise<HttpExchange> {
  try {
    return exchangeOf(request, await transport.request(request));
  } catch (error) {
    return brokenExchange(request, error);
  }
}

export function exchangeOf(request: Pick<HttpRequest, 'method' | 'url'>, response: HttpResponse): HttpExchange {
  const seconds = Number(response.headers['retry-after']);
  return {
    method: request.method,
    path: pathOf(request.url),
    status: response.status,
    text: new TextDecoder().decode(response.body),
    netCode: null,
    trouble: '',
    retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : null,
  };
}

/** @param error what the transport rejected with; anything that is not a NightjarError counts as a cut, the careful reading */
export function brokenExchange(request: Pick<HttpRequest, 'method' | 'url'>, error: unknown): HttpExchange {
  return {
    method: request.method,
    path: pathOf(request.url),
    status: null,
    text: '',
    netCode: error instanceof NightjarError ? error.code : 'net.cut',
    trouble: error instanceof Error ? error.message : String(error),
    retryAfterMs: null,
  };
}

/** The answer in a form that the journal can hold: parsed where it is JSON, cut where it is long. */
export function rawOf(exchange: HttpExchange): unknown {
  const { method, path, status } = exchange;
  if (status === null) return { method, path, status, trouble: exchange.trouble };
  const json = exchange.text.length <= longestRawChars ? parseJson(exchange.text) : undefined;
  return { method, path, status, body: json === undefined ? exchange.text.slice(0, longestRawChars) : json };
}

/** undefined when the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/]*/i, '').split('?', 1)[0] || '/';
}
